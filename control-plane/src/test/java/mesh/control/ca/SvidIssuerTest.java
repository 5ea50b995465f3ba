package mesh.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mesh.control.ca.IssueRefusedException.Reason;
import mesh.control.journal.CrashingFiles;
import mesh.control.ports.Peer;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.SvidVerifier;
import mesh.time.FakeClock;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class SvidIssuerTest {

    private static final SpiffeId WEB = SpiffeId.parse("spiffe://mesh.local/web");
    private static final Duration ANY = Duration.ZERO;
    private static final Peer NOBODY = new Peer(Optional.empty(), Optional.empty(), false, false);

    private final FakeClock clock = new FakeClock();
    private final CrashingFiles files = new CrashingFiles(new Random(1));
    private final CertificateAuthority ca = CertificateAuthority.create(new TrustDomain("mesh.local"), clock);
    private final SvidIssuer issuer = issuer(Duration.ofHours(2));
    private final byte[] csr = new Workload().csr();

    @Test
    void givesTheIdentityOfTheTokenWhateverTheRequestClaims() {
        SvidIssuer.Issued issued = issuer.issue(csr, token(), NOBODY, ANY);

        assertThat(SvidVerifier.verify(issued.chain(), ca.bundle(), clock.instant())).isEqualTo(WEB);
        assertThat(issued.chain().get(0).getSubjectX500Principal().getName()).doesNotContain("control-plane");
    }

    @Test
    void renewsForTheIdentityOfTheCertificate() {
        SvidIssuer.Issued issued = issuer.issue(csr, "", peer(WEB), ANY);

        assertThat(SvidVerifier.verify(issued.chain(), ca.bundle(), clock.instant())).isEqualTo(WEB);
    }

    @Test
    void refusesWhoProvesNothing() {
        assertRefused(Reason.UNPROVEN, () -> issuer.issue(csr, "", NOBODY, ANY));
        assertRefused(Reason.UNPROVEN, () -> issuer.issue(csr, "guess", NOBODY, ANY));
    }

    /** Whoever brings a token that is no good asks for something else than renewal. */
    @Test
    void refusesABadTokenAlsoOfWhoHasACertificate() {
        assertRefused(Reason.UNPROVEN, () -> issuer.issue(csr, "guess", peer(WEB), ANY));
    }

    @Test
    void takesATokenOnce() {
        String token = token();
        issuer.issue(csr, token, NOBODY, ANY);

        assertRefused(Reason.UNPROVEN, () -> issuer.issue(csr, token, NOBODY, ANY));
    }

    @Test
    void takesATokenOnceWhenManyBringItAtTheSameMoment() throws Exception {
        String token = token();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            Callable<Boolean> attempt = () -> {
                try {
                    issuer.issue(csr, token, NOBODY, ANY);
                    return true;
                } catch (IssueRefusedException e) {
                    return false;
                }
            };
            int issued = 0;
            for (Future<Boolean> result : threads.invokeAll(new ArrayList<>(java.util.Collections.nCopies(16, attempt)))) {
                issued += result.get() ? 1 : 0;
            }
            assertThat(issued).isEqualTo(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void leavesTheTokenToARequestThatCouldNotBeSigned() {
        String token = token();
        assertRefused(Reason.INVALID, () -> issuer.issue(new Workload().forgedCsr(), token, NOBODY, ANY));
        assertRefused(Reason.INVALID, () -> issuer.issue(new byte[] {1, 2, 3}, token, NOBODY, ANY));
        assertRefused(Reason.INVALID, () -> issuer.issue(new byte[SvidIssuer.LONGEST_CSR + 1], token, NOBODY, ANY));

        assertThat(issuer.issue(csr, token, NOBODY, ANY).id()).isEqualTo(WEB);
    }

    @Test
    void neverGivesAwayTheControlPlanesOwnIdentity() {
        assertRefused(Reason.INVALID, () -> issuer.createToken(issuer.reserved(), "test"));
        assertRefused(Reason.FORBIDDEN, () -> issuer.issue(csr, "", peer(issuer.reserved()), ANY));
    }

    @Test
    void makesNoTokensForOtherTrustDomains() {
        assertRefused(Reason.INVALID, () -> issuer.createToken(SpiffeId.parse("spiffe://elsewhere/web"), "test"));
    }

    @Test
    void whoIsBannedGetsNeitherCertificateNorToken() throws IOException {
        String token = token();
        Bans bans = Bans.open(files);
        Issuing trust = new Issuing() {
            @Override
            public CertificateAuthority issuer() {
                return ca;
            }

            @Override
            public CertificateAuthority serving() {
                return ca;
            }

            @Override
            public TrustBundle bundle() {
                return ca.bundle().with(bans.current());
            }
        };
        SvidIssuer banning = new SvidIssuer(trust, JoinTokens.open(files, clock, new Random(3)), TokenReviewer.NONE, AuditLog.open(files, clock),
            new LiveLeaves(clock), Duration.ofHours(2), clock);
        Bans.Whom web = new Bans.Whom(Optional.of(WEB), Optional.empty());
        bans.add(new Bans.Ban(web, "stolen", "test", clock.instant()));

        assertRefused(Reason.FORBIDDEN, () -> banning.issue(csr, "", peer(WEB), ANY));
        assertRefused(Reason.FORBIDDEN, () -> banning.issue(csr, token, NOBODY, ANY));
        assertRefused(Reason.FORBIDDEN, () -> banning.createToken(WEB, "test"));
        bans.remove(web);
        assertThat(banning.issue(csr, token, NOBODY, ANY).id()).as("the token was not used up").isEqualTo(WEB);
    }

    @Test
    void givesTheLifeThatIsAskedForUpToItsLongest() {
        assertThat(life(issuer, Duration.ofMinutes(5))).isEqualTo(Duration.ofMinutes(5));
        assertThat(life(issuer, Duration.ofHours(3))).isEqualTo(Duration.ofHours(2));
        assertThat(life(issuer, ANY)).isEqualTo(Duration.ofHours(2));
        assertThat(life(issuer(Duration.ofDays(30)), ANY)).isEqualTo(Duration.ofHours(24));
        assertRefused(Reason.INVALID, () -> life(issuer, Duration.ofSeconds(-1)));
    }

    private Duration life(SvidIssuer from, Duration asked) {
        return Duration.between(clock.instant(), from.issue(csr, "", peer(WEB), asked).notAfter());
    }

    @Test
    void handsOutNothingThatIsNotInTheAuditLog() throws IOException {
        files.spaceLeft(10);
        assertRefused(Reason.UNAVAILABLE, () -> issuer.issue(csr, "", peer(WEB), ANY));
        files.spaceLeft(Long.MAX_VALUE);
        issuer.issue(csr, "", peer(WEB), ANY);

        assertThat(new String(files.content("audit.journal"), java.nio.charset.StandardCharsets.ISO_8859_1))
            .containsOnlyOnce("certificate issued").contains(WEB.toString());
    }

    @Test
    void limitsOneIdentityAndNoOther() {
        String token = token();
        for (int i = 0; i < IssueLimit.BURST; i++) {
            issuer.issue(csr, "", peer(WEB), ANY);
        }
        assertRefused(Reason.TOO_MANY, () -> issuer.issue(csr, token, NOBODY, ANY));
        issuer.issue(csr, "", peer(SpiffeId.parse("spiffe://mesh.local/payments")), ANY);

        Duration one = Duration.ofSeconds(1).dividedBy(IssueLimit.PER_SECOND);
        clock.advance(one.minusNanos(1));
        assertRefused(Reason.TOO_MANY, () -> issuer.issue(csr, token, NOBODY, ANY));
        clock.advance(Duration.ofNanos(1));
        assertThat(issuer.issue(csr, token, NOBODY, ANY).id()).as("the token was not used up").isEqualTo(WEB);
    }

    private static Peer peer(SpiffeId id) {
        return new Peer(Optional.of(id), Optional.of(BigInteger.ONE), false, false);
    }

    @Test
    void givesAServiceAccountTheIdentityThatThePlatformSays() throws IOException {
        SpiffeId account = SpiffeId.parse("spiffe://mesh.local/ns/shop/sa/payments");
        TokenReviewer platform = token -> {
            if (token.equals("down")) {
                throw new IOException("connection refused");
            }
            return token.equals("good") ? Optional.of(account) : Optional.empty();
        };
        SvidIssuer asking = new SvidIssuer(new OneAuthority(ca), JoinTokens.open(files, clock, new Random(3)), platform, AuditLog.open(files, clock),
            new LiveLeaves(clock), Duration.ofHours(2), clock);
        assertThat(asking.issueToServiceAccount(csr, "good", ANY).id()).isEqualTo(account);
        assertRefused(Reason.UNPROVEN, () -> asking.issueToServiceAccount(csr, "bad", ANY));
        assertRefused(Reason.UNAVAILABLE, () -> asking.issueToServiceAccount(csr, "down", ANY));
        assertRefused(Reason.INVALID, () -> asking.issueToServiceAccount(new byte[] {1}, "good", ANY));
        assertRefused(Reason.UNPROVEN, () -> issuer.issueToServiceAccount(csr, "good", ANY));
    }

    private String token() {
        return issuer.createToken(WEB, "test").text();
    }

    private SvidIssuer issuer(Duration longestLife) {
        try {
            return new SvidIssuer(new OneAuthority(ca), JoinTokens.open(files, clock, new Random(2)), TokenReviewer.NONE, AuditLog.open(files, clock),
            new LiveLeaves(clock), longestLife, clock);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void assertRefused(Reason reason, ThrowingCallable request) {
        assertThatThrownBy(request).isInstanceOfSatisfying(IssueRefusedException.class,
            refused -> assertThat(refused.reason()).as(refused.getMessage()).isEqualTo(reason));
    }
}
