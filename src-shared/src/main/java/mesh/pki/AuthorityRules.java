package mesh.pki;

import static mesh.pki.BrokenRuleException.require;

import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import mesh.model.TrustDomain;
import mesh.pki.Verdict.Reason;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.NameConstraintValidatorException;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.PKIXNameConstraintValidator;

/**
 * What an authority's own certificate allows. The JDK takes a trust anchor for a name and a key and asks nothing more of it (RFC 5280
 * section 6.1 leaves that open), so an authority that has expired, may not sign, or may sign for one name only, would be believed for everything.
 */
final class AuthorityRules {

    /** Critical extensions that are looked at here, and certificate policies, which limit nothing as long as none are asked for. */
    private static final Set<String> UNDERSTOOD =
        Set.of("2.5.29.14", Extensions.KEY_USAGE, "2.5.29.17", "2.5.29.19", Extensions.NAME_CONSTRAINTS, "2.5.29.32", "2.5.29.35", "2.5.29.37");

    private AuthorityRules() {}

    /**
     * Whether an authority may stand above a path.
     *
     * @param path leaf first, the last one signed by the authority
     */
    static void check(X509Certificate authority, List<X509Certificate> path, TrustDomain domain, Instant now) throws BrokenRuleException {
        String who = "authority \"" + authority.getSubjectX500Principal() + "\" of " + domain;
        signer(authority, who, domain, now);
        Set<String> critical = new TreeSet<>(authority.getCriticalExtensionOIDs() == null ? Set.of() : authority.getCriticalExtensionOIDs());
        critical.removeAll(UNDERSTOOD);
        require(critical.isEmpty(), Reason.BAD_CHAIN, who + ": critical extensions " + critical + " (expected: none that are unknown)");
        long below = path.stream().skip(1).filter(each -> !Extensions.isSelfIssued(each)).count();
        require(below <= authority.getBasicConstraints(), Reason.BAD_CHAIN,
            who + ": " + below + " signers below it (expected: at most " + authority.getBasicConstraints() + ")");
        if (authority.getExtensionValue(Extensions.NAME_CONSTRAINTS) != null) {
            names(authority, path, who);
        }
    }

    /** What every certificate that signs must be, whether it is an authority or stands between one and a leaf (X509-SVID section 4). */
    static void signer(X509Certificate signer, String who, TrustDomain domain, Instant now) throws BrokenRuleException {
        Instant from = signer.getNotBefore().toInstant();
        Instant until = signer.getNotAfter().toInstant();
        require(!now.isBefore(from), Reason.NOT_YET_VALID, who + ": not good before " + from);
        require(now.isBefore(until), Reason.EXPIRED, who + ": expired at " + until);
        require(signer.getBasicConstraints() >= 0, Reason.BAD_CHAIN, who + ": a leaf (expected: a CA certificate)");
        require(Extensions.maySign(signer), Reason.BAD_CHAIN, who + ": no key usage keyCertSign (expected: it)");
        require(Extensions.maySignForBothSides(signer), Reason.BAD_CHAIN,
            who + ": extended key usage of other purposes (expected: server and client, or none)");
        List<String> uris;
        try {
            uris = Extensions.uris(signer);
        } catch (IllegalArgumentException e) {
            throw BrokenRuleException.of(Reason.BAD_CHAIN, who + ": " + e.getMessage());
        }
        // An identity of a signer is the trust domain's own, and has no path.
        require(uris.isEmpty() || uris.equals(List.of(domain.uri())), Reason.BAD_CHAIN, who + ": has names " + uris + " (expected: " + domain.uri() + ")");
    }

    private static void names(X509Certificate authority, List<X509Certificate> path, String who) throws BrokenRuleException {
        try {
            PKIXNameConstraintValidator allowed = constraints(authority);
            for (int i = 0; i < path.size(); i++) {
                // RFC 5280 section 4.2.1.10: but for the last one, what is self-issued need not keep to them.
                if (i > 0 && Extensions.isSelfIssued(path.get(i))) continue;
                Certificate each = Certificate.getInstance(path.get(i).getEncoded());
                X500Name subject = each.getSubject();
                if (subject.getRDNs().length > 0) {
                    allowed.checkPermittedDN(subject);
                    allowed.checkExcludedDN(subject);
                }
                Extension alternative = each.getTBSCertificate().getExtensions().getExtension(Extension.subjectAlternativeName);
                if (alternative == null) continue;
                for (GeneralName name : GeneralNames.getInstance(alternative.getParsedValue()).getNames()) {
                    allowed.checkPermitted(name);
                    allowed.checkExcluded(name);
                }
            }
        } catch (NameConstraintValidatorException e) {
            throw BrokenRuleException.of(Reason.BAD_CHAIN, who + ": its name constraints do not allow this: " + e.getMessage());
        } catch (CertificateEncodingException | IOException | RuntimeException e) {
            throw BrokenRuleException.of(Reason.BAD_CHAIN, who + ": name constraints that cannot be applied: " + e.getMessage());
        }
    }

    private static PKIXNameConstraintValidator constraints(X509Certificate authority) throws IOException {
        byte[] extension = authority.getExtensionValue(Extensions.NAME_CONSTRAINTS);
        NameConstraints constraints = NameConstraints.getInstance(ASN1OctetString.getInstance(extension).getOctets());
        PKIXNameConstraintValidator allowed = new PKIXNameConstraintValidator();
        if (constraints.getPermittedSubtrees() != null) {
            allowed.intersectPermittedSubtree(constraints.getPermittedSubtrees());
        }
        if (constraints.getExcludedSubtrees() != null) {
            for (GeneralSubtree subtree : constraints.getExcludedSubtrees()) allowed.addExcludedSubtree(subtree);
        }
        return allowed;
    }
}
