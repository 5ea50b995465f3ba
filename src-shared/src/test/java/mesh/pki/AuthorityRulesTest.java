package mesh.pki;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.TestCertificate.Signed;
import mesh.pki.Verdict.Accepted;
import mesh.pki.Verdict.Reason;
import mesh.pki.Verdict.Refused;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** RFC 5280 section 6.1 for a root, an intermediate and a leaf, of which one is wrong in one way. */
class AuthorityRulesTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final String WEB = "spiffe://mesh.local/web";

    private static TestCertificate certificate() {
        return TestCertificate.at(NOW);
    }

    private static TestCertificate root() {
        return certificate().ca().uri("spiffe://mesh.local").subject("CN=root");
    }

    private static TestCertificate middle() {
        return certificate().ca().uri("spiffe://mesh.local").subject("CN=middle");
    }

    static Stream<Arguments> whatIsGood() {
        return Stream.of(
            Arguments.of("nothing special", root(), middle()),
            Arguments.of("a root without names", certificate().ca().subject("CN=root"), certificate().ca().subject("CN=middle")),
            Arguments.of("a root with room for one below", root().ca(1), middle().ca(0)),
            Arguments.of("a root for this trust domain only", root().permitted("mesh.local"), middle()),
            Arguments.of("a root for others but one", root().excluded("other.local"), middle()),
            Arguments.of("an intermediate for this trust domain only", root(), middle().permitted("mesh.local")),
            Arguments.of("signers for both purposes", root().purposes(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth),
                middle().purposes(KeyPurposeId.anyExtendedKeyUsage)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("whatIsGood")
    void accepts(String what, TestCertificate root, TestCertificate middle) {
        assertThat(check(root, middle)).isInstanceOf(Accepted.class);
    }

    static Stream<Arguments> whatIsWrong() {
        Duration day = Duration.ofDays(1);
        return Stream.of(
            Arguments.of("a root that has expired", root().good(day.negated(), Duration.ZERO), middle(), Reason.EXPIRED, "authority \"CN=root\" of mesh.local: expired"),
            Arguments.of("a root that begins later", root().good(Duration.ofSeconds(1), day), middle(), Reason.NOT_YET_VALID, "not good before"),
            Arguments.of("a root that may not sign", root().usage(KeyUsage.cRLSign), middle(), Reason.BAD_CHAIN, "keyCertSign"),
            Arguments.of("a root without key usage", root().usage(0), middle(), Reason.BAD_CHAIN, "keyCertSign"),
            Arguments.of("a root that is a leaf", certificate().uri("spiffe://mesh.local").subject("CN=root"), middle(), Reason.BAD_CHAIN, "a leaf"),
            Arguments.of("a root with no room below", root().ca(0), middle(), Reason.BAD_CHAIN, "1 signers below it (expected: at most 0)"),
            Arguments.of("a root for another trust domain only", root().permitted("other.local"), middle(), Reason.BAD_CHAIN, "name constraints"),
            Arguments.of("a root for what lies below the trust domain only", root().permitted(".mesh.local"), middle(), Reason.BAD_CHAIN, "name constraints"),
            Arguments.of("a root for all but this trust domain", root().excluded("mesh.local"), middle(), Reason.BAD_CHAIN, "name constraints"),
            Arguments.of("a root with an unknown critical extension", root().critical("1.2.3.4"), middle(), Reason.BAD_CHAIN, "critical extensions [1.2.3.4]"),
            Arguments.of("a root for clients only", root().purposes(KeyPurposeId.id_kp_clientAuth), middle(), Reason.BAD_CHAIN, "extended key usage"),
            Arguments.of("a root of another trust domain", certificate().ca().uri("spiffe://other.local").subject("CN=root"), middle(), Reason.BAD_CHAIN, "has names"),
            Arguments.of("a root with a workload's name", certificate().ca().uri(WEB).subject("CN=root"), middle(), Reason.BAD_CHAIN, "has names"),
            Arguments.of("an intermediate that has expired", root(), middle().good(day.negated(), Duration.ZERO), Reason.EXPIRED, "signed by \"CN=middle\": expired"),
            Arguments.of("an intermediate that begins later", root(), middle().good(Duration.ofSeconds(1), day), Reason.NOT_YET_VALID, "signed by \"CN=middle\": not good"),
            Arguments.of("an intermediate that may not sign", root(), middle().usage(KeyUsage.cRLSign), Reason.BAD_CHAIN, "keyCertSign"),
            Arguments.of("an intermediate without key usage", root(), middle().usage(0), Reason.BAD_CHAIN, "keyCertSign"),
            Arguments.of("an intermediate that is a leaf", root(), certificate().uri("spiffe://mesh.local").subject("CN=middle"), Reason.BAD_CHAIN, "a leaf"),
            Arguments.of("an intermediate for another trust domain only", root(), middle().permitted("other.local"), Reason.BAD_CHAIN, "not vouched for"),
            Arguments.of("an intermediate for all but this trust domain", root(), middle().excluded("mesh.local"), Reason.BAD_CHAIN, "not vouched for"),
            Arguments.of("an intermediate with an unknown critical extension", root(), middle().critical("1.2.3.4"), Reason.BAD_CHAIN, "critical"),
            Arguments.of("an intermediate for servers only", root(), middle().purposes(KeyPurposeId.id_kp_serverAuth), Reason.BAD_CHAIN, "extended key usage"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("whatIsWrong")
    void refuses(String what, TestCertificate root, TestCertificate middle, Reason reason, String words) {
        assertThat(check(root, middle)).isInstanceOfSatisfying(Refused.class, refused -> {
            assertThat(refused.detail()).contains(words);
            assertThat(refused.reason()).isEqualTo(reason);
        });
    }

    @Test
    void refusesAnIntermediateBelowOneThatHasNoRoom() {
        Signed root = root().selfSigned();
        Signed first = middle().ca(0).signedBy(root);
        Signed second = certificate().ca().subject("CN=second").signedBy(first);
        assertReason(Reason.BAD_CHAIN, root, certificate().uri(WEB).signedBy(second), second, first);
    }

    @Test
    void refusesSignaturesThatAreNotTheSigners() {
        Signed root = root().selfSigned();
        Signed middle = middle().signedBy(root);
        assertReason(Reason.BAD_CHAIN, root, certificate().uri(WEB).forged(middle), middle);
        Signed forged = middle().forged(root);
        assertReason(Reason.UNKNOWN_CA, root, certificate().uri(WEB).signedBy(forged), forged);
        assertReason(Reason.UNKNOWN_CA, root, certificate().uri(WEB).forged(root));
    }

    /** A root that is issued anew with its key has the same name twice in a bundle. */
    @Test
    void takesWhicheverAuthorityOfANameIsGood() {
        Signed old = root().good(Duration.ofDays(-2), Duration.ofDays(-1)).selfSigned();
        Signed current = root().selfSigned();
        Signed leaf = certificate().uri(WEB).signedBy(current);
        TrustBundle both = new TrustBundle(new TrustDomain("mesh.local"), List.of(old.certificate(), current.certificate()));
        assertThat(SvidVerifier.check(List.of(leaf.certificate()), both, NOW)).isInstanceOf(Accepted.class);
        Signed ofOld = certificate().uri(WEB).signedBy(old);
        assertThat(SvidVerifier.check(List.of(ofOld.certificate()), both, NOW))
            .isInstanceOfSatisfying(Refused.class, refused -> assertThat(refused.reason()).isEqualTo(Reason.EXPIRED));
    }

    /** A bundle need not hold roots: whoever is in it is where the path ends. */
    @Test
    void anAuthorityNeedNotHaveSignedItself() {
        Signed root = root().selfSigned();
        Signed authority = middle().ca(0).signedBy(root);
        TrustBundle bundle = new TrustBundle(new TrustDomain("mesh.local"), List.of(authority.certificate()));
        Signed leaf = certificate().uri(WEB).signedBy(authority);
        assertThat(SvidVerifier.check(List.of(leaf.certificate()), bundle, NOW)).isInstanceOf(Accepted.class);
        assertThat(SvidVerifier.check(List.of(leaf.certificate(), authority.certificate(), root.certificate()), bundle, NOW)).isInstanceOf(Accepted.class);
        Signed beside = certificate().uri(WEB).signedBy(root);
        assertThat(SvidVerifier.check(List.of(beside.certificate()), bundle, NOW)).isInstanceOf(Refused.class);
    }

    private static Verdict check(TestCertificate root, TestCertificate middle) {
        Signed anchor = root.selfSigned();
        Signed signer = middle.signedBy(anchor);
        return check(anchor, certificate().uri(WEB).signedBy(signer), signer);
    }

    private static Verdict check(Signed anchor, Signed... chain) {
        TrustBundle bundle = new TrustBundle(new TrustDomain("mesh.local"), List.of(anchor.certificate()));
        return SvidVerifier.check(Stream.of(chain).map(Signed::certificate).toList(), bundle, NOW);
    }

    private static void assertReason(Reason reason, Signed anchor, Signed... chain) {
        assertThat(check(anchor, chain)).isInstanceOfSatisfying(Refused.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
    }
}
