package mesh.xds;

import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import mesh.model.TrustBundle;

/**
 * Whom to trust, as an SDS secret. It uses Envoy's SPIFFE validator because a bare {@code trusted_ca} cannot say for which trust domain the
 * certificates vouch: a CA that signs for another domain would be believed.
 */
public final class ValidationContexts {

    static final String VALIDATOR = "envoy.tls.cert_validator.spiffe";

    private static final Base64.Encoder PEM = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private ValidationContexts() {}

    /** @param bundles each of its own trust domain; bans are not told, as an Envoy has no place for them */
    public static Secret secret(String name, List<TrustBundle> bundles) {
        SPIFFECertValidatorConfig.Builder validator = SPIFFECertValidatorConfig.newBuilder();
        for (TrustBundle bundle : bundles) {
            validator.addTrustDomains(SPIFFECertValidatorConfig.TrustDomain.newBuilder()
                .setName(bundle.trustDomain().name())
                .setTrustBundle(DataSource.newBuilder().setInlineString(pem(bundle.authorities()))));
        }
        return Secret.newBuilder()
            .setName(name)
            .setValidationContext(CertificateValidationContext.newBuilder().setCustomValidatorConfig(
                TypedExtensionConfig.newBuilder().setName(VALIDATOR).setTypedConfig(Wire.pack(validator.build()))))
            .build();
    }

    private static String pem(List<X509Certificate> certificates) {
        StringBuilder text = new StringBuilder();
        for (X509Certificate certificate : certificates) {
            try {
                text.append("-----BEGIN CERTIFICATE-----\n").append(PEM.encodeToString(certificate.getEncoded()))
                    .append("\n-----END CERTIFICATE-----\n");
            } catch (CertificateEncodingException e) {
                throw new IllegalStateException("a parsed certificate has its bytes", e);
            }
        }
        return text.toString();
    }
}
