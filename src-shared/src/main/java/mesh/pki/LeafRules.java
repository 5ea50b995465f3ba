package mesh.pki;

import static mesh.pki.BrokenRuleException.require;

import java.security.cert.X509Certificate;
import java.util.Set;
import mesh.model.SpiffeId;
import mesh.pki.Verdict.Reason;

/** What a certificate that authenticates a workload must be by itself (SPIFFE X509-SVID sections 2 to 4). */
final class LeafRules {

    private static final int DIGITAL_SIGNATURE = 0;
    private static final int CRL_SIGN = 6;

    private LeafRules() {}

    /** Who it says it is. */
    static SpiffeId identity(X509Certificate leaf) throws BrokenRuleException {
        SpiffeId id;
        try {
            id = SpiffeId.parse(Extensions.uri(leaf));
        } catch (IllegalArgumentException e) {
            throw BrokenRuleException.of(Reason.SAN_MISMATCH, e.getMessage());
        }
        boolean[] usage = leaf.getKeyUsage();
        Set<String> critical = leaf.getCriticalExtensionOIDs();
        rule(leaf.getBasicConstraints() < 0, id, "a CA certificate (expected: a leaf)");
        rule(usage != null && usage[DIGITAL_SIGNATURE], id, "no key usage digitalSignature (expected: it)");
        rule(!usage[Extensions.KEY_CERT_SIGN] && !usage[CRL_SIGN], id, "key usage keyCertSign or cRLSign (expected: neither)");
        rule(critical.contains(Extensions.KEY_USAGE), id, "key usage is not critical (expected: critical)");
        rule(Extensions.isForBothSides(leaf), id, "extended key usage of one side (expected: server and client, or none)");
        return id;
    }

    private static void rule(boolean holds, SpiffeId id, String otherwise) throws BrokenRuleException {
        require(holds, Reason.BAD_CHAIN, id + ": " + otherwise);
    }
}
