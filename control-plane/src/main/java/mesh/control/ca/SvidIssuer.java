package mesh.control.ca;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mesh.control.ca.IssueRefusedException.Reason;
import mesh.control.ca.LiveLeaves.Leaf;
import mesh.control.ports.Peer;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.pki.CertificateAuthority;
import mesh.pki.SigningRequest;
import mesh.time.Ticker;
import org.jboss.logging.Logger;

/**
 * Who may ask for which identity: whoever shows a certificate for the same identity, and whoever has a join token for another one. What the
 * CSR says of names is ignored. Each certificate is in the audit log before it is handed out. Any thread; blocks on the disk.
 */
public final class SvidIssuer {

    /** A CSR with a P-256 key has some 300 bytes, one with RSA 4096 some 1700. */
    static final int LONGEST_CSR = 64 << 10;

    private static final Logger LOG = Logger.getLogger(SvidIssuer.class);
    private static final Duration LONGEST_LIFE = Duration.ofHours(24);

    /**
     * A certificate that was issued.
     *
     * @param chain leaf first
     * @param trust whom to believe; never newer than the chain, so that a rotation in between is heard of by its holder
     */
    public record Issued(SpiffeId id, List<X509Certificate> chain, TrustBundle trust) {

        public Instant notAfter() {
            return chain.get(0).getNotAfter().toInstant();
        }
    }

    private final Issuing ca;
    private final JoinTokens tokens;
    private final TokenReviewer platform;
    private final AuditLog audit;
    private final LiveLeaves leaves;
    private final IssueLimit limit;
    private final Duration longestLife;

    /** @param longestLife of an issued certificate; 24 h at most are given in any case */
    public SvidIssuer(Issuing ca, JoinTokens tokens, TokenReviewer platform, AuditLog audit, LiveLeaves leaves, Duration longestLife, Ticker ticker) {
        this.ca = ca;
        this.tokens = tokens;
        this.platform = platform;
        this.audit = audit;
        this.leaves = leaves;
        this.limit = new IssueLimit(ticker);
        this.longestLife = longestLife.compareTo(LONGEST_LIFE) < 0 ? longestLife : LONGEST_LIFE;
    }

    /** The control plane's own identity, which nobody else is given: sidecars tell their tokens to whoever has it. */
    public SpiffeId reserved() {
        return new SpiffeId(ca.bundle().trustDomain(), "/control-plane");
    }

    /** {@code sha256:…} of the root by which the control plane is known. */
    public String caPin() {
        return ca.serving().pin();
    }

    /**
     * Signs.
     *
     * @param csr   PKCS#10, DER
     * @param token "" for none
     * @param peer  the caller, if it showed a certificate; a token comes first
     * @param asked the life it wants; zero for the longest there is
     * @throws IssueRefusedException with the reason
     */
    public Issued issue(byte[] csr, String token, Peer peer, Duration asked) {
        checkRequest(csr, asked);
        // Strangers cost a look-up and no cryptography; and a request that cannot be signed does not cost the token.
        Optional<SpiffeId> caller = token.isEmpty() ? peer.id() : tokens.holder(token);
        SpiffeId id = caller.orElseThrow(SvidIssuer::unproven);
        checkProof(csr);
        return token.isEmpty() ? issue(csr, id, asked, id.toString(), peer.serial(), "")
            : issue(csr, id, asked, "join token", Optional.empty(), token);
    }

    /**
     * Signs for whom the platform says that a token is.
     *
     * @param csr   PKCS#10, DER
     * @param token of a service account
     * @param asked the life it wants; zero for the longest there is
     * @throws IssueRefusedException with the reason
     */
    public Issued issueToServiceAccount(byte[] csr, String token, Duration asked) {
        checkRequest(csr, asked);
        // Before the platform is asked, which has others to serve.
        checkProof(csr);
        try {
            SpiffeId id = platform.review(token).orElseThrow(SvidIssuer::unproven);
            return issue(csr, id, asked, "service account", Optional.empty(), "");
        } catch (IOException e) {
            LOG.errorf("service-account token not reviewed: %s", e.getMessage());
            throw new IssueRefusedException(Reason.UNAVAILABLE, "the platform could not be asked whose the token is, see the control plane's log");
        }
    }

    private static void checkRequest(byte[] csr, Duration asked) {
        if (csr.length == 0 || csr.length > LONGEST_CSR) {
            throw new IssueRefusedException(Reason.INVALID, "csr: " + csr.length + " bytes (expected: a PKCS#10 request of at most 64 KiB)");
        }
        if (asked.isNegative()) {
            throw new IssueRefusedException(Reason.INVALID, "ttl: " + asked.toSeconds() + "s (expected: more than 0)");
        }
    }

    private Issued issue(byte[] csr, SpiffeId id, Duration asked, String by, Optional<BigInteger> replaces, String token) {
        if (id.equals(reserved())) {
            throw new IssueRefusedException(Reason.FORBIDDEN, id + " is the control plane's own (expected: a workload's identity)");
        }
        refuseBanned(id);
        if (!limit.tryAcquire(id)) {
            throw new IssueRefusedException(Reason.TOO_MANY, "more than " + IssueLimit.BURST + " certificates at once for " + id
                + " (expected: at most " + IssueLimit.PER_SECOND + " a second)");
        }
        if (!token.isEmpty()) {
            useUp(token);
        }
        Duration life = asked.isZero() || asked.compareTo(longestLife) > 0 ? longestLife : asked;
        TrustBundle trust = ca.bundle();
        CertificateAuthority issuer = ca.issuer();
        List<X509Certificate> chain = issuer.sign(csr, id, life);
        X509Certificate signed = chain.get(0);
        Leaf leaf = new Leaf(signed.getSerialNumber(), id, signed.getNotAfter().toInstant(), issuer.pin(), replaces);
        audited(by, IssuedLines.WHAT,
            id + ", serial " + leaf.serial().toString(16) + ", until " + leaf.notAfter(), IssuedLines.facts(leaf));
        leaves.issued(leaf);
        return new Issued(id, chain, trust);
    }

    private void refuseBanned(SpiffeId id) {
        if (ca.bundle().bans().identities().contains(id)) {
            throw new IssueRefusedException(Reason.FORBIDDEN, id + " is banned (expected: an identity that is not, see mesh ca status)");
        }
    }

    private void checkProof(byte[] csr) {
        try {
            SigningRequest.verifiedKey(csr);
        } catch (IllegalArgumentException e) {
            throw new IssueRefusedException(Reason.INVALID, "csr: " + e.getMessage());
        }
    }

    private void useUp(String token) {
        try {
            // Whoever else came with the same token at the same moment finds it used here.
            tokens.redeem(token).orElseThrow(SvidIssuer::unproven);
        } catch (IOException e) {
            throw unavailable(e);
        }
    }

    /** The same for all: who guesses learns nothing. The log has the reason. */
    private static IssueRefusedException unproven() {
        return new IssueRefusedException(Reason.UNPROVEN,
            "no client certificate and no good token (expected: one of them; a join token is good once, for 10 minutes)");
    }

    /**
     * Makes a token with which a workload asks for its first certificate.
     *
     * @param author who asked for it
     * @throws IssueRefusedException with the reason
     */
    public JoinTokens.JoinToken createToken(SpiffeId id, String author) {
        if (!id.trustDomain().equals(ca.bundle().trustDomain())) {
            throw new IssueRefusedException(Reason.INVALID, "spiffe_id: \"" + id + "\" (expected: one of trust domain "
                + ca.bundle().trustDomain() + ")");
        }
        if (id.equals(reserved())) {
            throw new IssueRefusedException(Reason.INVALID, "spiffe_id: \"" + id
                + "\" is the control plane's own (expected: a workload's identity)");
        }
        refuseBanned(id);
        try {
            JoinTokens.JoinToken token = tokens.create(id);
            audited(author, "join token made", id + ", until " + token.expiresAt(), new JsonObject());
            return token;
        } catch (IOException e) {
            throw unavailable(e);
        }
    }

    private void audited(String who, String what, String detail, JsonObject facts) {
        try {
            audit.add(who, what, detail, facts);
            LOG.infof("%s: %s, by %s", what, detail, who);
        } catch (IOException e) {
            throw unavailable(e);
        }
    }

    private static IssueRefusedException unavailable(IOException e) {
        LOG.errorf("identity request refused: %s", e.getMessage());
        return new IssueRefusedException(Reason.UNAVAILABLE, "the control plane cannot write to its disk: " + e.getMessage());
    }
}
