package mesh.pki;

import static mesh.pki.BrokenRuleException.require;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.SpiffeId;
import mesh.model.Trust;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.Verdict.Accepted;
import mesh.pki.Verdict.Reason;
import mesh.pki.Verdict.Refused;
import mesh.pki.Verdict.Shown;

/**
 * The rules of an X.509-SVID. A leaf names its trust domain, and only that domain's bundle may vouch for it. The path from the leaf to an
 * authority is the JDK's to check (RFC 5280), without revocation: certificates are short-lived instead. What the JDK leaves out is in
 * {@link AuthorityRules}. Any thread.
 */
public final class SvidVerifier {

    private static final String SCHEME = "spiffe://";
    private static final int LONGEST_CHAIN = 8;

    private SvidVerifier() {}

    /** As {@link #check(List, Trust, Instant)}, where there is one trust domain only. */
    public static Verdict check(List<X509Certificate> chain, TrustBundle bundle, Instant now) {
        return check(chain, Trust.of(bundle), now);
    }

    /**
     * Whose chain it is. Never throws, whatever the certificates are.
     *
     * @param chain leaf first, each signed by the next; the root may stand at the end
     */
    public static Verdict check(List<X509Certificate> chain, Trust trust, Instant now) {
        if (chain.isEmpty()) {
            return new Refused(Reason.NO_CERTIFICATE, "no certificate (expected: one of " + trust.own().trustDomain().uri() + ")", Optional.empty());
        }
        try {
            return proven(chain, trust, now);
        } catch (BrokenRuleException rule) {
            return new Refused(rule.reason(), rule.getMessage(), shown(chain.get(0)));
        } catch (RuntimeException e) {
            // Netty's certificates are parsed when they are asked, and a parser's bug must not let anybody in.
            return new Refused(Reason.BAD_CHAIN, "a certificate that cannot be read: " + e, Optional.empty());
        }
    }

    private static Verdict proven(List<X509Certificate> chain, Trust trust, Instant now) throws BrokenRuleException {
        X509Certificate leaf = chain.get(0);
        SpiffeId id = LeafRules.identity(leaf);
        Optional<TrustBundle> bundle = trust.of(id.trustDomain());
        require(bundle.isPresent(), Reason.UNKNOWN_CA, id + ": of another trust domain (expected: " + trust.own().trustDomain() + ")");
        Verdict itself = new Accepted(id, leaf.getNotBefore().toInstant(), leaf.getNotAfter().toInstant()).at(now);
        if (itself instanceof Refused) {
            return itself;
        }
        Accepted accepted = path(id, chain, bundle.get(), now);
        // Last, so that nobody is called banned who only claims to be somebody.
        require(!bundle.get().bans().bans(id, leaf.getSerialNumber()), Reason.BANNED,
            id + ": banned, certificate " + leaf.getSerialNumber().toString(16));
        return accepted.at(now);
    }

    /** For the log: what it claims, as far as it can be read. */
    private static Optional<Shown> shown(X509Certificate leaf) {
        try {
            String names = String.join(" ", Extensions.uris(leaf));
            return Optional.of(new Shown(names, leaf.getNotBefore().toInstant(), leaf.getNotAfter().toInstant()));
        } catch (RuntimeException e) {
            return Optional.empty();
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
            return LeafRules.identity(leaf);
        } catch (BrokenRuleException rule) {
            throw new IllegalArgumentException(rule.getMessage());
        }
    }

    /**
     * Whose authority a CA certificate is.
     *
     * @throws IllegalArgumentException when its one URI name is no trust domain
     */
    public static TrustDomain trustDomainOf(X509Certificate authority) {
        String uri = Extensions.uri(authority);
        if (!uri.startsWith(SCHEME)) {
            throw new IllegalArgumentException("CA certificate of \"" + uri + "\" (expected: a trust domain such as spiffe://mesh.local)");
        }
        return new TrustDomain(uri.substring(SCHEME.length()));
    }

    private static Accepted path(SpiffeId id, List<X509Certificate> chain, TrustBundle bundle, Instant now) throws BrokenRuleException {
        require(chain.size() <= LONGEST_CHAIN, Reason.BAD_CHAIN,
            id + ": a chain of " + chain.size() + " certificates (expected: at most " + LONGEST_CHAIN + ")");
        int end = 1;
        while (end < chain.size() && !bundle.authorities().contains(chain.get(end))) end++;
        List<X509Certificate> path = chain.subList(0, end);
        for (X509Certificate signer : path.subList(1, end)) {
            AuthorityRules.signer(signer, id + ": signed by \"" + signer.getSubjectX500Principal() + "\"", bundle.trustDomain(), now);
        }
        BrokenRuleException nearest = BrokenRuleException.of(Reason.UNKNOWN_CA,
            id + ": signed by \"" + path.get(end - 1).getIssuerX500Principal() + "\" (expected: an authority of " + bundle.trustDomain() + ")");
        // Several may have one name, and one key, while a root is rotated: any of them will do.
        for (X509Certificate authority : bundle.authorities()) {
            if (!authority.getSubjectX500Principal().equals(path.get(end - 1).getIssuerX500Principal())) continue;
            try {
                signatures(id, path, authority, bundle.trustDomain(), now);
                AuthorityRules.check(authority, path, bundle.trustDomain(), now);
                return common(id, path, authority);
            } catch (BrokenRuleException rule) {
                if (nearest.reason() == Reason.UNKNOWN_CA) nearest = rule;
            }
        }
        throw nearest;
    }

    private static void signatures(SpiffeId id, List<X509Certificate> path, X509Certificate authority, TrustDomain domain, Instant now)
        throws BrokenRuleException {
        try {
            PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority, null)));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            CertPathValidator.getInstance("PKIX").validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
        } catch (CertPathValidatorException e) {
            throw BrokenRuleException.of(reason(e, path.size()), id + ": not vouched for by an authority of " + domain + ": " + e.getMessage());
        } catch (GeneralSecurityException e) {
            throw BrokenRuleException.of(Reason.BAD_CHAIN, id + ": a chain that cannot be checked: " + e.getMessage());
        }
    }

    private static Reason reason(CertPathValidatorException e, int length) {
        if (e.getReason() == BasicReason.EXPIRED) return Reason.EXPIRED;
        if (e.getReason() == BasicReason.NOT_YET_VALID) return Reason.NOT_YET_VALID;
        // The topmost certificate was signed with another key: another authority has this one's name.
        boolean foreign = e.getReason() == PKIXReason.NO_TRUST_ANCHOR || e.getReason() == BasicReason.INVALID_SIGNATURE && e.getIndex() == length - 1;
        return foreign ? Reason.UNKNOWN_CA : Reason.BAD_CHAIN;
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
}
