package mesh.xds;

import com.google.protobuf.ByteString;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import mesh.model.MeshSnapshot;
import mesh.model.Trust;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;

/** Whom to trust as SDS validation contexts: one of the mesh's own trust domain, and one with the others behind it. */
final class TrustBundleCodec implements ResourceCodec<Trust, Secret> {

    @Override
    public Class<Secret> wireType() {
        return Secret.class;
    }

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        if (snapshot.trust().isEmpty()) {
            return Set.of();
        }
        return snapshot.federation().isEmpty() ? Set.of(ResourceType.TRUST_NAME) : Set.of(ResourceType.TRUST_NAME, ResourceType.FEDERATED_TRUST_NAME);
    }

    @Override
    public Trust find(MeshSnapshot snapshot, String name) {
        if (!names(snapshot).contains(name)) {
            return null;
        }
        TrustBundle own = snapshot.trust().orElseThrow();
        return name.equals(ResourceType.TRUST_NAME) ? Trust.of(own) : new Trust(own, List.copyOf(snapshot.federation().values()));
    }

    @Override
    public String name(Secret message) {
        return message.getName();
    }

    @Override
    public Secret encode(Trust trust, MeshSnapshot snapshot) {
        boolean alone = trust.federated().isEmpty();
        return ValidationContexts.secret(alone ? ResourceType.TRUST_NAME : ResourceType.FEDERATED_TRUST_NAME, trust.all());
    }

    @Override
    public Trust decode(Secret message, Reading reading) {
        reading.only(message, Set.of("name", "validation_context"));
        CertificateValidationContext context = message.getValidationContext();
        Reading at = reading.at("validation_context");
        at.only(context, Set.of("custom_validator_config"));
        Reading config = at.at("custom_validator_config");
        SPIFFECertValidatorConfig validator =
            config.unpack(context.getCustomValidatorConfig().getTypedConfig(), SPIFFECertValidatorConfig.class);
        if (validator == null) {
            return null;
        }
        boolean alone = !message.getName().equals(ResourceType.FEDERATED_TRUST_NAME);
        if (validator.getTrustDomainsCount() == 0 || alone && validator.getTrustDomainsCount() != 1) {
            config.at("trust_domains").problem("has " + validator.getTrustDomainsCount() + " trust domains (expected: "
                + (alone ? "one)" : "one's own, then others)"));
            return null;
        }
        List<TrustBundle> bundles = new ArrayList<>();
        for (int i = 0; i < validator.getTrustDomainsCount(); i++) {
            SPIFFECertValidatorConfig.TrustDomain domain = validator.getTrustDomains(i);
            List<X509Certificate> authorities = certificates(domain.getTrustBundle(), config.at("trust_domains", i).at("trust_bundle"));
            if (authorities == null) {
                return null;
            }
            bundles.add(reading.check(() -> new TrustBundle(new TrustDomain(domain.getName()), authorities)));
        }
        return bundles.contains(null) ? null : reading.check(() -> new Trust(bundles.get(0), bundles.subList(1, bundles.size())));
    }

    private static List<X509Certificate> certificates(DataSource source, Reading reading) {
        ByteString bytes = switch (source.getSpecifierCase()) {
            case INLINE_STRING -> source.getInlineStringBytes();
            case INLINE_BYTES -> source.getInlineBytes();
            default -> {
                reading.problem("is not inline (expected: the certificates themselves, as PEM)");
                yield null;
            }
        };
        if (bytes == null) {
            return null;
        }
        try {
            Collection<? extends Certificate> read = CertificateFactory.getInstance("X.509")
                .generateCertificates(bytes.newInput());
            return read.stream().map(X509Certificate.class::cast).toList();
        } catch (CertificateException e) {
            reading.problem("is not readable (expected: certificates as PEM)");
            return null;
        }
    }
}
