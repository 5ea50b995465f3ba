package mesh.pki;

import java.security.GeneralSecurityException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;

/** The rules of an X.509-SVID (SPIFFE X509-SVID sections 2 to 5), for a leaf that an authority of the bundle signed itself. */
public final class SvidVerifier {

    private static final int URI = 6;
    private static final int DIGITAL_SIGNATURE = 0;
    private static final int KEY_CERT_SIGN = 5;
    private static final int CRL_SIGN = 6;
    private static final Set<String> BOTH_SIDES = Set.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");

    private SvidVerifier() {}

    /**
     * Whose chain it is.
     *
     * @param chain leaf first
     * @throws IllegalArgumentException with the reason, when it proves nothing
     */
    public static SpiffeId verify(List<X509Certificate> chain, TrustBundle bundle, Instant now) {
        X509Certificate leaf = chain.get(0);
        SpiffeId id = SpiffeId.parse(uri(leaf));
        require(id.trustDomain().equals(bundle.trustDomain()), id, "of another trust domain (expected: " + bundle.trustDomain() + ")");
        require(leaf.getBasicConstraints() < 0, id, "a CA certificate (expected: a leaf)");
        boolean[] usage = leaf.getKeyUsage();
        require(usage != null && usage[DIGITAL_SIGNATURE] && !usage[KEY_CERT_SIGN] && !usage[CRL_SIGN], id,
            "key usage (expected: digitalSignature and no signing of certificates)");
        require(leaf.getCriticalExtensionOIDs().contains("2.5.29.15"), id, "key usage is not critical (expected: critical)");
        require(hasBothPurposes(leaf), id, "extended key usage (expected: server and client)");
        require(!leaf.getNotBefore().after(Date.from(now)), id, "not good before " + leaf.getNotBefore().toInstant());
        require(leaf.getNotAfter().after(Date.from(now)), id, "expired at " + leaf.getNotAfter().toInstant());
        require(bundle.authorities().stream().anyMatch(authority -> signed(authority, leaf, now)), id,
            "not signed by the authority of " + bundle.trustDomain());
        return id;
    }

    private static void require(boolean holds, SpiffeId id, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(id + ": " + otherwise);
        }
    }

    private static boolean hasBothPurposes(X509Certificate leaf) {
        try {
            List<String> purposes = leaf.getExtendedKeyUsage();
            return purposes == null || purposes.containsAll(BOTH_SIDES);
        } catch (CertificateParsingException e) {
            return false;
        }
    }

    private static boolean signed(X509Certificate authority, X509Certificate leaf, Instant now) {
        try {
            authority.checkValidity(Date.from(now));
            leaf.verify(authority.getPublicKey());
            return authority.getBasicConstraints() >= 0 && authority.getSubjectX500Principal().equals(leaf.getIssuerX500Principal());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    /** The one URI SAN, which must be the only one. */
    static String uri(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            List<String> uris = names == null ? List.of()
                : names.stream().filter(name -> name.get(0).equals(URI)).map(name -> (String) name.get(1)).toList();
            if (uris.size() == 1) {
                return uris.get(0);
            }
            throw new IllegalArgumentException("certificate with URI names " + uris + " (expected: exactly one)");
        } catch (CertificateParsingException e) {
            throw new IllegalArgumentException("certificate with names that cannot be read", e);
        }
    }
}
