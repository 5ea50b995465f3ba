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
import java.util.Collection;
import java.util.List;
import java.util.Set;
import mesh.model.MeshSnapshot;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;

/** The trust bundle as an SDS validation context. */
final class TrustBundleCodec implements ResourceCodec<TrustBundle, Secret> {

    @Override
    public Class<Secret> wireType() {
        return Secret.class;
    }

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        return snapshot.trust().isPresent() ? Set.of(ResourceType.TRUST_NAME) : Set.of();
    }

    @Override
    public TrustBundle find(MeshSnapshot snapshot, String name) {
        return name.equals(ResourceType.TRUST_NAME) ? snapshot.trust().orElse(null) : null;
    }

    @Override
    public String name(Secret message) {
        return message.getName();
    }

    @Override
    public Secret encode(TrustBundle bundle, MeshSnapshot snapshot) {
        return ValidationContexts.secret(ResourceType.TRUST_NAME, List.of(bundle));
    }

    @Override
    public TrustBundle decode(Secret message, Reading reading) {
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
        if (validator.getTrustDomainsCount() != 1) {
            config.at("trust_domains").problem("has " + validator.getTrustDomainsCount() + " trust domains (expected: one)");
            return null;
        }
        SPIFFECertValidatorConfig.TrustDomain domain = validator.getTrustDomains(0);
        List<X509Certificate> authorities = certificates(domain.getTrustBundle(), config.at("trust_domains", 0).at("trust_bundle"));
        return authorities == null ? null : reading.check(() -> new TrustBundle(new TrustDomain(domain.getName()), authorities));
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
