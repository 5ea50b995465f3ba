package mesh.pki;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXCertPathValidatorResult;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.Verdict.Accepted;
import mesh.pki.Verdict.Reason;
import mesh.pki.Verdict.Refused;

/**
 * The rules of an X.509-SVID (SPIFFE X509-SVID sections 2 to 5). The path from the leaf to an authority of the bundle is the JDK's to
 * check (RFC 5280), without revocation: certificates are short-lived instead. Any thread.
 */
public final class SvidVerifier {

    private static final String SCHEME = "spiffe://";
    private static final int URI = 6;
    private static final int DIGITAL_SIGNATURE = 0;
    private static final int KEY_CERT_SIGN = 5;
    private static final int CRL_SIGN = 6;
    private static final String KEY_USAGE = "2.5.29.15";
    private static final Set<String> BOTH_SIDES = Set.of("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
    private static final int LONGEST_CHAIN = 8;

    private SvidVerifier() {}

    /**
     * Whose chain it is.
     *
     * @param chain leaf first, each signed by the next; the root may stand at the end
     */
    public static Verdict check(List<X509Certificate> chain, TrustBundle bundle, Instant now) {
        if (chain.isEmpty()) {
            return new Refused(Reason.NO_CERTIFICATE, "no certificate (expected: one of " + bundle.trustDomain().uri() + ")");
        }
        try {
            SpiffeId id = identity(chain.get(0));
            require(id.trustDomain().equals(bundle.trustDomain()), Reason.TRUST_DOMAIN,
                id + ": of another trust domain (expected: " + bundle.trustDomain() + ")");
            Accepted leaf = new Accepted(id, chain.get(0).getNotBefore().toInstant(), chain.get(0).getNotAfter().toInstant());
            return leaf.at(now) instanceof Refused refused ? refused : path(id, chain, bundle, now).at(now);
        } catch (Broken rule) {
            return rule.refused;
        }
    }

    /**
     * As {@link #check}, for those who have no use for the reason but its text.
     *
     * @throws IllegalArgumentException with the reason, when the chain proves nothing
     */
    public static SpiffeId verify(List<X509Certificate> chain, TrustBundle bundle, Instant now) {
        Verdict verdict = check(chain, bundle, now);
        if (verdict instanceof Refused refused) {
            throw new IllegalArgumentException(refused.detail());
        }
        return ((Accepted) verdict).id();
    }

    /**
     * The identity in a leaf, by the rules that a leaf alone can break.
     *
     * @throws IllegalArgumentException naming the rule
     */
    public static SpiffeId identityOf(X509Certificate leaf) {
        try {
            return identity(leaf);
        } catch (Broken rule) {
            throw new IllegalArgumentException(rule.refused.detail());
        }
    }

    private static SpiffeId identity(X509Certificate leaf) throws Broken {
        SpiffeId id;
        try {
            id = SpiffeId.parse(uri(leaf));
        } catch (IllegalArgumentException e) {
            throw new Broken(Reason.NOT_AN_SVID, e.getMessage());
        }
        svid(leaf.getBasicConstraints() < 0, id, "a CA certificate (expected: a leaf)");
        boolean[] usage = leaf.getKeyUsage();
        svid(usage != null && usage[DIGITAL_SIGNATURE], id, "no key usage digitalSignature (expected: it)");
        svid(!usage[KEY_CERT_SIGN] && !usage[CRL_SIGN], id, "key usage keyCertSign or cRLSign (expected: neither)");
        svid(leaf.getCriticalExtensionOIDs().contains(KEY_USAGE), id, "key usage is not critical (expected: critical)");
        svid(hasBothPurposes(leaf), id, "extended key usage of one side (expected: server and client, or none)");
        return id;
    }

    private static boolean hasBothPurposes(X509Certificate leaf) {
        try {
            List<String> purposes = leaf.getExtendedKeyUsage();
            return purposes == null || purposes.containsAll(BOTH_SIDES);
        } catch (CertificateParsingException e) {
            return false;
        }
    }

    /**
     * Whose authority a CA certificate is.
     *
     * @throws IllegalArgumentException when its one URI name is no trust domain
     */
    public static TrustDomain trustDomainOf(X509Certificate authority) {
        String uri = uri(authority);
        if (!uri.startsWith(SCHEME)) {
            throw new IllegalArgumentException("CA certificate of \"" + uri + "\" (expected: a trust domain such as spiffe://mesh.local)");
        }
        return new TrustDomain(uri.substring(SCHEME.length()));
    }

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

    private static Accepted path(SpiffeId id, List<X509Certificate> chain, TrustBundle bundle, Instant now) throws Broken {
        require(chain.size() <= LONGEST_CHAIN, Reason.UNTRUSTED,
            id + ": a chain of " + chain.size() + " certificates (expected: at most " + LONGEST_CHAIN + ")");
        List<X509Certificate> withoutRoot = chain.stream().filter(certificate -> !bundle.authorities().contains(certificate)).toList();
        for (X509Certificate signer : withoutRoot.subList(1, withoutRoot.size())) {
            checkSigner(id, signer, bundle);
        }
        // An anchor's own dates are not looked at by PKIX.
        Set<TrustAnchor> anchors = bundle.authorities().stream().filter(authority -> isGood(authority, now))
            .map(authority -> new TrustAnchor(authority, null)).collect(Collectors.toSet());
        require(!anchors.isEmpty(), Reason.UNTRUSTED, id + ": every authority of " + bundle.trustDomain() + " has expired");
        try {
            PKIXParameters parameters = new PKIXParameters(anchors);
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            PKIXCertPathValidatorResult result = (PKIXCertPathValidatorResult) CertPathValidator.getInstance("PKIX")
                .validate(CertificateFactory.getInstance("X.509").generateCertPath(withoutRoot), parameters);
            return common(id, withoutRoot, result.getTrustAnchor().getTrustedCert());
        } catch (CertPathValidatorException e) {
            Reason reason = e.getReason() == BasicReason.EXPIRED ? Reason.EXPIRED
                : e.getReason() == BasicReason.NOT_YET_VALID ? Reason.NOT_YET_VALID : Reason.UNTRUSTED;
            throw new Broken(reason, id + ": not vouched for by an authority of " + bundle.trustDomain() + ": " + e.getMessage());
        } catch (GeneralSecurityException e) {
            throw new Broken(Reason.UNTRUSTED, id + ": a chain that cannot be checked: " + e.getMessage());
        }
    }

    /** That it may sign at all, PKIX looks at; an identity of a signer is the trust domain's own (X509-SVID section 4.2). */
    private static void checkSigner(SpiffeId id, X509Certificate signer, TrustBundle bundle) throws Broken {
        List<String> uris = uris(signer);
        require(uris.isEmpty() || uris.equals(List.of(bundle.trustDomain().uri())), Reason.UNTRUSTED,
            id + ": signed by " + uris + " (expected: " + bundle.trustDomain().uri() + ")");
    }

    private static boolean isGood(X509Certificate authority, Instant now) {
        return !now.isBefore(authority.getNotBefore().toInstant()) && now.isBefore(authority.getNotAfter().toInstant());
    }

    private static Accepted common(SpiffeId id, List<X509Certificate> chain, X509Certificate anchor) {
        Instant notBefore = anchor.getNotBefore().toInstant();
        Instant notAfter = anchor.getNotAfter().toInstant();
        for (X509Certificate certificate : chain) {
            Instant from = certificate.getNotBefore().toInstant();
            Instant until = certificate.getNotAfter().toInstant();
            notBefore = from.isAfter(notBefore) ? from : notBefore;
            notAfter = until.isBefore(notAfter) ? until : notAfter;
        }
        return new Accepted(id, notBefore, notAfter);
    }

    private static void svid(boolean holds, SpiffeId id, String otherwise) throws Broken {
        require(holds, Reason.NOT_AN_SVID, id + ": " + otherwise);
    }

    private static void require(boolean holds, Reason reason, String otherwise) throws Broken {
        if (!holds) {
            throw new Broken(reason, otherwise);
        }
    }

    /** Leaves the list of rules at the first that does not hold. */
    private static final class Broken extends Exception {

        private static final long serialVersionUID = 1;
        private final transient Refused refused;

        Broken(Reason reason, String detail) {
            super(detail, null, false, false);
            this.refused = new Refused(reason, detail);
        }
    }
}
