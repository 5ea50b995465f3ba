package mesh.proxy.workload;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.digest.Sha256;
import mesh.model.Trust;
import mesh.model.TrustBundle;
import mesh.pki.PemFiles;
import mesh.pki.Svid;
import mesh.proxy.workload.IdentityFeed.Identity;
import mesh.xds.ValidationContexts;

/** An identity as SDS knows it, under the names that Istio's and SPIRE's users give in their Envoys. */
final class Secrets {

    static final String TYPE_URL = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

    /** The certificate; by its SPIFFE id as well. */
    private static final String OWN = "default";
    /** Who vouches for one's own trust domain; by {@code spiffe://} and its name as well, and so are others. */
    private static final String ROOTS = "ROOTCA";
    /** Who vouches for one's own trust domain, and who for each of the others. */
    private static final String ALL = "ALL";

    private static final int VERSION_DIGITS = 12;

    /** @param version the same for the same; made of what is public in it */
    record Versioned(String name, String version, Any body) {}

    private Secrets() {}

    /** Empty where there is none of that name. */
    static Optional<Versioned> find(String name, Identity identity) {
        Trust trust = identity.trust();
        if (name.equals(OWN) || name.equals(identity.svid().id().toString())) {
            return Optional.of(certificate(name, identity.svid()));
        }
        if (name.equals(ROOTS)) {
            return Optional.of(validation(name, List.of(trust.own())));
        }
        if (name.equals(ALL)) {
            return Optional.of(validation(name, trust.all()));
        }
        return trust.all().stream().filter(bundle -> bundle.trustDomain().uri().equals(name)).findFirst()
            .map(bundle -> validation(name, List.of(bundle)));
    }

    /** Of all that there are, for messages. */
    static List<String> names(Identity identity) {
        List<String> names = new ArrayList<>(List.of(OWN, identity.svid().id().toString(), ROOTS, ALL));
        identity.trust().all().forEach(bundle -> names.add(bundle.trustDomain().uri()));
        return names;
    }

    private static Versioned certificate(String name, Svid svid) {
        Secret told = Secret.newBuilder()
            .setName(name)
            .setTlsCertificate(TlsCertificate.newBuilder().setCertificateChain(inline(PemFiles.encode(svid.chain()))))
            .build();
        Secret.Builder whole = told.toBuilder();
        whole.getTlsCertificateBuilder().setPrivateKey(inline(PemFiles.encode(svid.key())));
        return new Versioned(name, version(told), Any.pack(whole.build()));
    }

    private static Versioned validation(String name, List<TrustBundle> bundles) {
        Secret secret = ValidationContexts.secret(name, bundles);
        return new Versioned(name, version(secret), Any.pack(secret));
    }

    private static DataSource inline(String text) {
        return DataSource.newBuilder().setInlineBytes(ByteString.copyFromUtf8(text)).build();
    }

    private static String version(Secret secret) {
        return Sha256.hex(secret.toByteArray()).substring(0, VERSION_DIGITS);
    }
}
