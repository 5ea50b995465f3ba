package mesh.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import mesh.model.BanList;
import mesh.model.SpiffeId;
import mesh.model.Trust;
import mesh.model.TrustBundle;
import mesh.model.TrustDomain;
import mesh.pki.TestCertificate.Signed;
import mesh.pki.Verdict.Accepted;
import mesh.pki.Verdict.Reason;
import mesh.pki.Verdict.Refused;
import mesh.pki.Verdict.Shown;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SvidVerifierTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final String WEB = "spiffe://mesh.local/web";
    private static final SpiffeId WEB_ID = SpiffeId.parse(WEB);
    private static final TrustDomain MESH = new TrustDomain("mesh.local");
    private static final Signed ROOT = certificate().ca().uri("spiffe://mesh.local").subject("CN=root").selfSigned();
    private static final TrustBundle BUNDLE = bundle(ROOT);

    private static TestCertificate certificate() {
        return TestCertificate.at(NOW);
    }

    private static TrustBundle bundle(Signed... authorities) {
        return new TrustBundle(new TrustDomain("mesh.local"), Stream.of(authorities).map(Signed::certificate).toList());
    }

    private static Verdict check(Signed... chain) {
        return SvidVerifier.check(Stream.of(chain).map(Signed::certificate).toList(), BUNDLE, NOW);
    }

    @Test
    void acceptsALeafOfAnAuthorityAndSaysUntilWhen() {
        assertThat(check(certificate().uri(WEB).signedBy(ROOT)))
            .isEqualTo(new Accepted(WEB_ID, NOW.minus(Duration.ofMinutes(1)), NOW.plus(Duration.ofDays(1))));
    }

    static Stream<Arguments> leavesThatAreGood() {
        return Stream.of(
            Arguments.of("with a DNS name beside the URI", certificate().uri(WEB).dns("web.example")),
            Arguments.of("without extended key usage", certificate().uri(WEB).purposes()),
            Arguments.of("with more key usages that do not sign certificates",
                certificate().uri(WEB).usage(KeyUsage.digitalSignature | KeyUsage.keyAgreement)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("leavesThatAreGood")
    void acceptsALeaf(String what, TestCertificate leaf) {
        assertThat(check(leaf.signedBy(ROOT))).isInstanceOf(Accepted.class);
    }

    static Stream<Arguments> leavesThatBreakARule() {
        Duration day = Duration.ofDays(1);
        return Stream.of(
            Arguments.of("no URI", certificate().dns("web"), Reason.SAN_MISMATCH, "URI names []"),
            Arguments.of("two URIs", certificate().uri(WEB, "spiffe://mesh.local/pay"), Reason.SAN_MISMATCH, "exactly one"),
            Arguments.of("another scheme", certificate().uri("https://mesh.local/web"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("no path", certificate().uri("spiffe://mesh.local"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("empty path", certificate().uri("spiffe://mesh.local/"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("a port", certificate().uri("spiffe://mesh.local:80/web"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("a user", certificate().uri("spiffe://me@mesh.local/web"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("a query", certificate().uri(WEB + "?a=b"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("a fragment", certificate().uri(WEB + "#a"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("an escape", certificate().uri("spiffe://mesh.local/%77eb"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("dot segments", certificate().uri("spiffe://mesh.local/a/../web"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("an empty segment", certificate().uri("spiffe://mesh.local//web"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("upper case", certificate().uri("spiffe://Mesh.local/web"), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("over 2048 bytes", certificate().uri("spiffe://mesh.local/" + "a".repeat(2048)), Reason.SAN_MISMATCH, "a SPIFFE id"),
            Arguments.of("a critical extension that nobody knows", certificate().uri(WEB).critical("1.2.3.4"), Reason.BAD_CHAIN, "critical extension"),
            Arguments.of("a CA", certificate().uri(WEB).caThatAuthenticates(), Reason.BAD_CHAIN, "a CA certificate"),
            Arguments.of("no key usage", certificate().uri(WEB).usage(0), Reason.BAD_CHAIN, "digitalSignature"),
            Arguments.of("key usage without digitalSignature", certificate().uri(WEB).usage(KeyUsage.keyAgreement), Reason.BAD_CHAIN,
                "digitalSignature"),
            Arguments.of("key usage that signs certificates", certificate().uri(WEB).usage(KeyUsage.digitalSignature | KeyUsage.keyCertSign),
                Reason.BAD_CHAIN, "keyCertSign"),
            Arguments.of("key usage that signs lists", certificate().uri(WEB).usage(KeyUsage.digitalSignature | KeyUsage.cRLSign),
                Reason.BAD_CHAIN, "cRLSign"),
            Arguments.of("key usage that is not critical", certificate().uri(WEB).usageNotCritical(), Reason.BAD_CHAIN, "critical"),
            Arguments.of("only a server", certificate().uri(WEB).purposes(KeyPurposeId.id_kp_serverAuth), Reason.BAD_CHAIN, "extended key usage"),
            Arguments.of("only a client", certificate().uri(WEB).purposes(KeyPurposeId.id_kp_clientAuth), Reason.BAD_CHAIN, "extended key usage"),
            Arguments.of("another trust domain", certificate().uri("spiffe://other.local/web"), Reason.UNKNOWN_CA, "(expected: mesh.local)"),
            Arguments.of("a trust domain that begins like ours", certificate().uri("spiffe://mesh.local.evil/web"), Reason.UNKNOWN_CA,
                "(expected: mesh.local)"),
            Arguments.of("not yet", certificate().uri(WEB).good(Duration.ofSeconds(1), day), Reason.NOT_YET_VALID, "not good before"),
            Arguments.of("at its last moment", certificate().uri(WEB).good(day.negated(), Duration.ZERO), Reason.EXPIRED, "expired at " + NOW));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("leavesThatBreakARule")
    void refusesALeaf(String what, TestCertificate leaf, Reason reason, String words) {
        assertThat(check(leaf.signedBy(ROOT))).isInstanceOfSatisfying(Refused.class, refused -> {
            assertThat(refused.reason()).isEqualTo(reason);
            assertThat(refused.detail()).contains(words);
        });
    }

    @Test
    void refusesNoCertificateAtAll() {
        assertRefused(check(), Reason.NO_CERTIFICATE, "no certificate (expected: one of spiffe://mesh.local)");
    }

    @Test
    void refusesALeafOfAnotherAuthorityOfTheSameName() {
        Signed other = certificate().ca().uri("spiffe://mesh.local").subject("CN=root").selfSigned();
        assertThat(reason(check(certificate().uri(WEB).signedBy(other)))).isEqualTo(Reason.UNKNOWN_CA);
        assertThat(reason(check(certificate().uri(WEB).signedBy(other), other))).isEqualTo(Reason.UNKNOWN_CA);
    }

    @Test
    void refusesALeafThatSignedItself() {
        assertThat(reason(check(certificate().uri(WEB).selfSigned()))).isEqualTo(Reason.UNKNOWN_CA);
    }

    @Test
    void refusesALeafThatALeafHasSigned() {
        Signed web = certificate().uri(WEB).subject("CN=web").signedBy(ROOT);
        Signed payments = certificate().uri("spiffe://mesh.local/payments").signedBy(web);
        assertThat(reason(check(payments, web))).isEqualTo(Reason.BAD_CHAIN);
    }

    @Test
    void acceptsAChainWithAnIntermediateAndItsRootWhileTheEarliestIsGood() {
        Signed intermediate = certificate().ca().subject("CN=middle").good(Duration.ofHours(-1), Duration.ofHours(1)).signedBy(ROOT);
        Signed leaf = certificate().uri(WEB).signedBy(intermediate);
        Accepted until = new Accepted(WEB_ID, NOW.minus(Duration.ofMinutes(1)), NOW.plus(Duration.ofHours(1)));
        assertThat(check(leaf, intermediate)).isEqualTo(until);
        assertThat(check(leaf, intermediate, ROOT)).isEqualTo(until);
    }

    @Test
    void refusesAChainWhoseIntermediateHasExpiredOrIsMissing() {
        Signed intermediate = certificate().ca().subject("CN=middle").good(Duration.ofHours(-2), Duration.ofHours(-1)).signedBy(ROOT);
        Signed leaf = certificate().uri(WEB).signedBy(intermediate);
        assertThat(reason(check(leaf, intermediate))).isEqualTo(Reason.EXPIRED);
        assertThat(reason(check(leaf))).isEqualTo(Reason.UNKNOWN_CA);
    }

    @Test
    void refusesAnIntermediateThatIsAWorkloadOrOfAnotherTrustDomain() {
        for (String uri : List.of(WEB, "spiffe://other.local")) {
            Signed intermediate = certificate().ca().uri(uri).subject("CN=middle").signedBy(ROOT);
            assertRefused(check(certificate().uri(WEB).signedBy(intermediate), intermediate), Reason.BAD_CHAIN,
                WEB + ": signed by \"CN=middle\": has names [" + uri + "] (expected: spiffe://mesh.local)");
        }
    }

    @Test
    void refusesAChainWithoutEnd() {
        Signed[] chain = new Signed[9];
        Signed signer = ROOT;
        for (int i = chain.length - 1; i > 0; i--) {
            signer = certificate().ca().subject("CN=" + i).signedBy(signer);
            chain[i] = signer;
        }
        chain[0] = certificate().uri(WEB).signedBy(signer);
        assertRefused(check(chain), Reason.BAD_CHAIN, WEB + ": a chain of 9 certificates (expected: at most 8)");
    }

    @Test
    void anyAuthorityOfTheBundleVouches() {
        Signed next = certificate().ca().subject("CN=next").selfSigned();
        X509Certificate leaf = certificate().uri(WEB).signedBy(next).certificate();
        assertThat(SvidVerifier.check(List.of(leaf), bundle(ROOT, next), NOW)).isInstanceOf(Accepted.class);
        assertThat(SvidVerifier.check(List.of(leaf), bundle(ROOT), NOW)).isInstanceOf(Refused.class);
    }

    @Test
    void anIdentityThatIsNotExpectedIsRefused() {
        Verdict web = check(certificate().uri(WEB).signedBy(ROOT));
        SpiffeId payments = SpiffeId.parse("spiffe://mesh.local/payments");
        SpiffeId cart = SpiffeId.parse("spiffe://mesh.local/cart");
        assertThat(web.among(Set.of(), MESH)).isEqualTo(web);
        assertThat(web.among(Set.of(WEB_ID, payments), MESH)).isEqualTo(web);
        assertRefused(web.among(Set.of(payments), MESH), Reason.SAN_MISMATCH, WEB + " (expected: " + payments + ")");
        assertRefused(web.among(Set.of(payments, cart), MESH), Reason.SAN_MISMATCH, WEB + " (expected: one of [" + cart + ", " + payments + "])");
    }

    @Test
    void whatIsAcceptedNowIsRefusedOutsideItsTime() {
        Verdict web = check(certificate().uri(WEB).signedBy(ROOT));
        Instant end = NOW.plus(Duration.ofDays(1));
        assertThat(web.at(end.minusNanos(1))).isEqualTo(web);
        assertThat(reason(web.at(end))).isEqualTo(Reason.EXPIRED);
        assertThat(web.at(NOW.minus(Duration.ofMinutes(1)))).isEqualTo(web);
        assertThat(reason(web.at(NOW.minus(Duration.ofMinutes(1)).minusNanos(1)))).isEqualTo(Reason.NOT_YET_VALID);
    }

    @Test
    void thePlainFormSaysWhy() {
        assertThat(SvidVerifier.verify(List.of(certificate().uri(WEB).signedBy(ROOT).certificate()), BUNDLE, NOW)).isEqualTo(WEB_ID);
        assertThatThrownBy(() -> SvidVerifier.verify(List.of(), BUNDLE, NOW)).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("no certificate (expected: one of spiffe://mesh.local)");
    }

    @Test
    void eachTrustDomainIsVouchedForByItsOwnBundleAndNoOther() {
        Signed partner = certificate().ca().subject("CN=partner").selfSigned();
        Trust trust = new Trust(BUNDLE, List.of(new TrustBundle(new TrustDomain("partner.org"), List.of(partner.certificate()))));
        String shop = "spiffe://partner.org/shop";
        Verdict accepted = SvidVerifier.check(List.of(certificate().uri(shop).signedBy(partner).certificate()), trust, NOW);
        assertThat(accepted).isInstanceOfSatisfying(Accepted.class, each -> assertThat(each.id()).hasToString(shop));
        assertThat(reason(SvidVerifier.check(List.of(certificate().uri(shop).signedBy(ROOT).certificate()), trust, NOW))).isEqualTo(Reason.UNKNOWN_CA);
        assertThat(reason(SvidVerifier.check(List.of(certificate().uri(WEB).signedBy(partner).certificate()), trust, NOW))).isEqualTo(Reason.UNKNOWN_CA);
        // Known is not allowed: another domain's identities get in where they are named.
        assertRefused(accepted.among(Set.of(), MESH), Reason.SAN_MISMATCH, shop + " (expected: any of mesh.local)");
        assertThat(accepted.among(Set.of(SpiffeId.parse(shop)), MESH)).isEqualTo(accepted);
    }

    @Test
    void whoIsBannedIsRefusedThoughAnAuthorityVouches() {
        Signed web = certificate().uri(WEB).signedBy(ROOT);
        BanList identity = new BanList(Set.of(WEB_ID), Set.of());
        BanList serial = new BanList(Set.of(), Set.of(web.certificate().getSerialNumber()));
        for (BanList bans : List.of(identity, serial)) {
            assertThat(reason(SvidVerifier.check(List.of(web.certificate()), BUNDLE.with(bans), NOW))).isEqualTo(Reason.BANNED);
        }
        // Who only claims to be somebody who is banned is a stranger.
        Signed stranger = certificate().uri(WEB).forged(ROOT);
        assertThat(reason(SvidVerifier.check(List.of(stranger.certificate()), BUNDLE.with(identity), NOW))).isEqualTo(Reason.UNKNOWN_CA);
    }

    @Test
    void aRefusalTellsWhatTheCertificateClaims() {
        Verdict verdict = check(certificate().uri(WEB, "spiffe://mesh.local/pay").signedBy(ROOT));
        assertThat(((Refused) verdict).shown()).contains(
            new Shown(WEB + " spiffe://mesh.local/pay", NOW.minus(Duration.ofMinutes(1)), NOW.plus(Duration.ofDays(1))));
    }

    /** Each is a good chain with some bytes changed; whatever can still be read must get a verdict, and never a good one. */
    @Test
    void noChainWithChangedBytesIsAcceptedOrThrows() throws Exception {
        Random random = new Random(20261128);
        Signed intermediate = certificate().ca(0).subject("CN=middle").signedBy(ROOT);
        List<X509Certificate> good = List.of(certificate().uri(WEB).signedBy(intermediate).certificate(), intermediate.certificate());
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        int read = 0;
        for (int i = 0; i < 4000; i++) {
            List<X509Certificate> chain = new ArrayList<>(good);
            int which = random.nextInt(chain.size());
            byte[] der = chain.get(which).getEncoded();
            for (int n = random.nextInt(3); n >= 0; n--) der[random.nextInt(der.length)] ^= (byte) (1 + random.nextInt(255));
            try {
                chain.set(which, (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
            } catch (CertificateException e) {
                continue;
            }
            read++;
            Verdict verdict = SvidVerifier.check(chain, BUNDLE, NOW);
            // There is more than one encoding of a signature, and bits of it that are not used.
            boolean saysTheSame = Arrays.equals(chain.get(which).getTBSCertificate(), good.get(which).getTBSCertificate());
            if (!saysTheSame) assertThat(verdict).as("round " + i).isInstanceOf(Refused.class);
        }
        assertThat(read).isGreaterThan(1000);
    }

    private static void assertRefused(Verdict verdict, Reason reason, String detail) {
        assertThat(verdict).isInstanceOfSatisfying(Refused.class, refused -> {
            assertThat(refused.detail()).isEqualTo(detail);
            assertThat(refused.reason()).isEqualTo(reason);
        });
    }

    private static Reason reason(Verdict verdict) {
        return ((Refused) verdict).reason();
    }
}
