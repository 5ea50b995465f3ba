package mesh.pki;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** What certificates say in their extensions (RFC 5280 section 4.2), as the rules ask for it. */
final class Extensions {

    static final String KEY_USAGE = "2.5.29.15";
    static final String NAME_CONSTRAINTS = "2.5.29.30";
    static final int KEY_CERT_SIGN = 5;

    private static final int URI = 6;
    private static final String ANY_PURPOSE = "2.5.29.37.0";
    private static final Set<String> BOTH_SIDES = Set.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

    private Extensions() {}

    /** The one URI among the names of a certificate. */
    static String uri(X509Certificate certificate) {
        List<String> uris = uris(certificate);
        if (uris.size() != 1) {
            throw new IllegalArgumentException("certificate with URI names " + uris + " (expected: exactly one)");
        }
        return uris.get(0);
    }

    /** Every URI among the names of a certificate. */
    static List<String> uris(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null ? List.of()
                : names.stream().filter(name -> name.get(0).equals(URI)).map(name -> (String) name.get(1)).toList();
        } catch (CertificateParsingException e) {
            throw new IllegalArgumentException("certificate with names that cannot be read (expected: exactly one URI)", e);
        }
    }

    /** Whether it may authenticate servers and clients, as far as the extended key usage goes. */
    static boolean isForBothSides(X509Certificate certificate) {
        List<String> purposes = purposes(certificate);
        return purposes == null || purposes.containsAll(BOTH_SIDES);
    }

    /** Whether who it signs may, as every implementation but RFC 5280 has it: a signer's extended key usage narrows those below. */
    static boolean maySignForBothSides(X509Certificate certificate) {
        List<String> purposes = purposes(certificate);
        return purposes == null || purposes.contains(ANY_PURPOSE) || purposes.containsAll(BOTH_SIDES);
    }

    private static List<String> purposes(X509Certificate certificate) {
        try {
            return certificate.getExtendedKeyUsage();
        } catch (CertificateParsingException e) {
            return List.of();
        }
    }

    static boolean maySign(X509Certificate certificate) {
        boolean[] usage = certificate.getKeyUsage();
        return usage != null && usage[KEY_CERT_SIGN];
    }

    static boolean isSelfIssued(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
    }
}
