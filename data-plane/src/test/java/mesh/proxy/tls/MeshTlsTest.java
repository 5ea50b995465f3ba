package mesh.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.ReferenceCountUtil;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import mesh.model.BanList;
import mesh.model.Trust;
import mesh.model.TrustBundle;
import mesh.pki.Svid;
import mesh.pki.TestCertificate;
import mesh.pki.TestCertificate.Signed;
import mesh.pki.TestPki;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Handshakes on real sockets, with certificates whose time is moved by hand. */
class MeshTlsTest {

    private final FakeClock clock = new FakeClock();
    private final TestPki pki = TestPki.create(clock);
    private final List<String> handshakes = new CopyOnWriteArrayList<>();
    private final MeshTls web = new MeshTls(clock, (side, result, reason) -> handshakes.add(side + " " + result + " " + reason), TlsPair.CLOSING);
    private final MeshTls payments =
        new MeshTls(clock, (side, result, reason) -> handshakes.add(side + " " + result + " " + reason), TlsPair.CLOSING);

    @BeforeEach
    void identities() {
        web.rotate(pki.svid("web"), pki.bundle());
        payments.rotate(pki.svid("payments"), pki.bundle());
    }

    @AfterEach
    void release() {
        web.close();
        payments.close();
    }

    @Test
    void bothSidesLearnWhoTheOtherIs() throws Exception {
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            TlsPair.Client client = pair.connect(web, Set.of(pki.id("payments")));
            assertThat(client.handshake()).isNull();
            assertThat(client.echo("hello")).isEqualTo("hello");
            Channel server = pair.nextAccepted();
            assertThat(MeshTls.peerOf(client.channel).id()).isEqualTo(pki.id("payments"));
            assertThat(MeshTls.peerOf(client.channel).local()).isEqualTo(pki.id("web"));
            assertThat(MeshTls.peerOf(server).id()).isEqualTo(pki.id("web"));
            assertThat(MeshTls.peerOf(server).local()).isEqualTo(pki.id("payments"));
            assertThat(client.tls.engine().getSession().getProtocol()).isEqualTo("TLSv1.3");
            assertThat(client.tls.applicationProtocol()).isEqualTo("h2");
            assertHandshakes("client ok ", "server ok ");
        }
    }

    @Test
    void aConnectionIsGoodUntilTheEarlierEndOfBothCertificates() throws Exception {
        web.rotate(pki.svid("web", Duration.ofMinutes(10)), pki.bundle());
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            TlsPair.Client client = pair.connect(web, Set.of());
            assertThat(client.handshake()).isNull();
            client.echo("x");
            long expected = clock.instant().plus(Duration.ofMinutes(10)).getEpochSecond();
            assertThat(MeshTls.peerOf(client.channel).retireAtEpochSecond()).isEqualTo(expected);
            assertThat(MeshTls.peerOf(pair.nextAccepted()).retireAtEpochSecond()).isEqualTo(expected);
        }
    }

    @Test
    void aServerThatIsSomebodyElseIsRefusedBeforeAByteIsSent() throws Exception {
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            HandshakeFailure failure = HandshakeFailure.of(pair.connect(web, Set.of(pki.id("cart"))).handshake());
            assertThat(failure.reason()).isEqualTo(HandshakeFailure.Reason.SAN_MISMATCH);
            assertThat(failure.detail()).isEqualTo("spiffe://mesh.local/payments (expected: spiffe://mesh.local/cart)");
            assertHandshakes("client failed san_mismatch", "server failed refused_by_peer");
        }
    }

    @Test
    void aClientThatIsNotAllowedIsCutOff() throws Exception {
        try (TlsPair pair = new TlsPair(payments, Set.of(pki.id("cart")))) {
            assertCutOff(pair, pair.connect(web, Set.of()), "server failed san_mismatch", "BAD_CERTIFICATE");
        }
    }

    @Test
    void aClientOfAnotherAuthorityIsCutOff() throws Exception {
        TestPki stranger = TestPki.create(clock);
        web.rotate(stranger.svid("web"), pki.bundle());
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            assertCutOff(pair, pair.connect(web, Set.of()), "server failed unknown_ca", "BAD_CERTIFICATE");
        }
    }

    @Test
    void aClientOfAnotherTrustDomainIsCutOff() throws Exception {
        web.rotate(TestPki.create("other.local", clock).svid("web"), pki.bundle());
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            assertCutOff(pair, pair.connect(web, Set.of()), "server failed unknown_ca", "BAD_CERTIFICATE");
        }
    }

    @Test
    void aServerOfAnotherAuthorityIsRefused() throws Exception {
        payments.rotate(TestPki.create(clock).svid("payments"), pki.bundle());
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            Throwable cause = pair.connect(web, Set.of()).handshake();
            assertThat(HandshakeFailure.of(cause).reason()).isEqualTo(HandshakeFailure.Reason.UNKNOWN_CA);
        }
    }

    @Test
    void aCertificateIsRefusedFromItsEndOn() throws Exception {
        payments.rotate(pki.svid("payments", Duration.ofMinutes(1)), pki.bundle());
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            clock.advance(Duration.ofMinutes(1).minusNanos(1));
            assertThat(pair.connect(web, Set.of()).handshake()).isNull();
            clock.advance(Duration.ofNanos(1));
            HandshakeFailure failure = HandshakeFailure.of(pair.connect(web, Set.of()).handshake());
            assertThat(failure.reason()).isEqualTo(HandshakeFailure.Reason.EXPIRED);
            assertThat(failure.detail()).contains("spiffe://mesh.local/payments: expired at");
        }
    }

    @Test
    void aClientWithoutACertificateIsCutOff() throws Exception {
        assertStrangerIsCutOff(builder -> builder, "server failed no_client_cert", "CERTIFICATE_REQUIRED");
    }

    @Test
    void anOlderTlsIsRefused() throws Exception {
        assertStrangerIsCutOff(builder -> builder.protocols("TLSv1.2"), "server failed protocol", "PROTOCOL_VERSION");
    }

    @Test
    void aClientWithoutAlpnIsCutOffThoughItsCertificateIsGood() throws Exception {
        Svid svid = pki.svid("web");
        assertStrangerIsCutOff(builder -> builder.keyManager(svid.key(), chain(svid)).applicationProtocolConfig(null), "server failed protocol",
            "HANDSHAKE_FAILURE");
    }

    @Test
    void aClientThatSpeaksOnlyAnotherProtocolIsCutOff() throws Exception {
        Svid svid = pki.svid("web");
        assertStrangerIsCutOff(builder -> builder.keyManager(svid.key(), chain(svid)).applicationProtocolConfig(alpn("smtp")),
            "server failed protocol", "HANDSHAKE_FAILURE");
    }

    static Stream<Arguments> strangers() {
        Instant now = new FakeClock().instant();
        Signed root = TestCertificate.at(now).ca().uri("spiffe://mesh.local").subject("CN=root").selfSigned();
        Signed other = TestCertificate.at(now).ca().uri("spiffe://mesh.local").subject("CN=other").selfSigned();
        Duration day = Duration.ofDays(1);
        String web = "spiffe://mesh.local/web";
        return Stream.of(
            Arguments.of("expired", root, TestCertificate.at(now).uri(web).good(day.negated(), Duration.ZERO).signedBy(root)),
            Arguments.of("not_yet_valid", root, TestCertificate.at(now).uri(web).good(Duration.ofSeconds(1), day).signedBy(root)),
            Arguments.of("unknown_ca", root, TestCertificate.at(now).uri(web).signedBy(other)),
            Arguments.of("unknown_ca", root, TestCertificate.at(now).uri("spiffe://other.local/web").signedBy(root)),
            Arguments.of("san_mismatch", root, TestCertificate.at(now).uri(web, "spiffe://mesh.local/pay").signedBy(root)),
            Arguments.of("san_mismatch", root, TestCertificate.at(now).uri("spiffe://mesh.local/cart").signedBy(root)),
            Arguments.of("san_mismatch", root, TestCertificate.at(now).dns("web").signedBy(root)),
            Arguments.of("bad_chain", root, TestCertificate.at(now).uri(web).caThatAuthenticates().signedBy(root)),
            Arguments.of("bad_chain", root, TestCertificate.at(now).uri(web).critical("1.2.3.4").signedBy(root)));
    }

    /** What is wrong is known here, and only here. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("strangers")
    void aStrangerIsRefusedForItsOwnReasonAndToldTheSameAsAnyOther(String reason, Signed root, Signed stranger) throws Exception {
        payments.rotate(pki.svid("payments"), new TrustBundle(pki.bundle().trustDomain(), List.of(root.certificate())));
        SslContext context = SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).protocols("TLSv1.3")
            .applicationProtocolConfig(alpn("http/1.1")).keyManager(stranger.key(), stranger.certificate()).build();
        try (TlsPair pair = new TlsPair(payments, Set.of(pki.id("web")))) {
            assertCutOff(pair, pair.connect(channel -> context.newHandler(channel.alloc())), "server failed " + reason, "BAD_CERTIFICATE");
        } finally {
            ReferenceCountUtil.release(context);
        }
    }

    @Test
    void whoIsBannedIsCutOffAndNotLetInAgain() throws Exception {
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            TlsPair.Client banned = pair.connect(web, Set.of());
            assertThat(banned.echo("hello")).isEqualTo("hello");
            Svid cart = pki.svid("cart");
            web.rotate(cart, pki.bundle());
            TlsPair.Client other = pair.connect(web, Set.of());
            assertThat(other.echo("hello")).isEqualTo("hello");

            payments.rotate(pki.svid("payments"), pki.bundle().with(new BanList(Set.of(pki.id("web")), Set.of())));
            assertThat(banned.next()).isEqualTo("closed");
            assertThat(other.echo("still here")).isEqualTo("still here");
            pair.accepted.clear();
            handshakes.clear();
            web.rotate(pki.svid("web"), pki.bundle());
            assertCutOff(pair, pair.connect(web, Set.of()), "server failed banned", "BAD_CERTIFICATE");

            // One certificate, whoever has its key; another of the same identity is none of it.
            payments.rotate(pki.svid("payments"), pki.bundle().with(new BanList(Set.of(), Set.of(cart.leaf().getSerialNumber()))));
            assertThat(other.next()).isEqualTo("closed");
            web.rotate(pki.svid("cart"), pki.bundle());
            assertThat(pair.connect(web, Set.of()).echo("hello")).isEqualTo("hello");
        }
    }

    @Test
    void aPeerOfAnotherTrustDomainGetsInWhereItIsNamed() throws Exception {
        TestPki partner = TestPki.create("partner.org", clock);
        payments.rotate(pki.svid("payments"), new Trust(pki.bundle(), List.of(partner.bundle())));
        web.rotate(partner.svid("shop"), new Trust(partner.bundle(), List.of(pki.bundle())));
        try (TlsPair pair = new TlsPair(payments, Set.of(partner.id("shop")))) {
            TlsPair.Client client = pair.connect(web, Set.of(pki.id("payments")));
            assertThat(client.echo("hello")).isEqualTo("hello");
            assertThat(MeshTls.peerOf(pair.nextAccepted()).id()).isEqualTo(partner.id("shop"));
        }
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            handshakes.clear();
            assertCutOff(pair, pair.connect(web, Set.of(pki.id("payments"))), "server failed san_mismatch", "BAD_CERTIFICATE");
        }
    }

    @Test
    void oneLineSaysWhatIsNeededToFindOutWhoseFaultItIs() throws Exception {
        web.rotate(pki.svid("web", Duration.ofMinutes(1)), pki.bundle());
        Instant end = clock.instant().plus(Duration.ofMinutes(1));
        clock.advance(Duration.ofSeconds(90));
        try (LogLines log = new LogLines(MeshTls.class); TlsPair pair = new TlsPair(payments, Set.of(pki.id("web"), pki.id("cart")))) {
            pair.connect(web, Set.of()).handshake();
            await().untilAsserted(() -> assertThat(log.lines()).singleElement().asString()
                .startsWith("client refused: reason=expired peer=/127.0.0.1:")
                .contains(" expected=\"one of [spiffe://mesh.local/cart, spiffe://mesh.local/web]\" actual=\"spiffe://mesh.local/web\" not_before=")
                .contains(" not_after=" + end + " now=" + clock.instant() + " skew=PT30S bundle=mesh.local@" + pki.bundle().version() + ": ")
                .endsWith("spiffe://mesh.local/web: expired at " + end));
        }
    }

    @Test
    void bytesThatAreNotTlsAreRefused() throws Exception {
        try (TlsPair pair = new TlsPair(payments, Set.of());
            var socket = new java.net.Socket("127.0.0.1", pair.address().port())) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            assertHandshakes("server failed plaintext");
        }
    }

    @Test
    void aPeerThatGoesAwayInTheMiddleIsCounted() throws Exception {
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            new java.net.Socket("127.0.0.1", pair.address().port()).close();
            assertHandshakes("server failed closed");
        }
    }

    @Test
    void aRotationIsSeenByTheNextHandshakeAndTouchesNoConnection() throws Exception {
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            TlsPair.Client before = pair.connect(web, Set.of());
            assertThat(before.echo("hello")).isEqualTo("hello");
            String first = MeshTls.peerOf(before.channel).certificateHash();
            for (int i = 0; i < 5; i++) {
                payments.rotate(pki.svid("payments"), pki.bundle());
                web.rotate(pki.svid("web"), pki.bundle());
            }
            assertThat(before.echo("still here")).isEqualTo("still here");
            TlsPair.Client after = pair.connect(web, Set.of());
            assertThat(after.echo("hello")).isEqualTo("hello");
            assertThat(MeshTls.peerOf(after.channel).certificateHash()).isNotEqualTo(first).hasSize(64);
            assertThat(before.echo("and on")).isEqualTo("and on");
        }
    }

    @Test
    void anAuthorityThatIsNoLongerTrustedIsRefusedFromTheNextHandshakeOn() throws Exception {
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            assertThat(pair.connect(web, Set.of()).echo("x")).isEqualTo("x");
            payments.rotate(pki.svid("payments"), TestPki.create(clock).bundle());
            await().until(() -> handshakes.remove("server ok "));
            pair.accepted.clear();
            assertCutOff(pair, pair.connect(web, Set.of()), "server failed unknown_ca", "BAD_CERTIFICATE");
        }
    }

    /** The server refuses, for a reason that it counts, with an alert that tells the client; it hears nothing of what the client sends. */
    private void assertCutOff(TlsPair pair, TlsPair.Client client, String handshake, String alert) throws Exception {
        client.handshake();
        assertThat(client.echo("let me in")).isEqualTo("closed");
        assertThat(client.ending).hasStackTraceContaining(alert);
        assertThat(MeshTls.peerOf(pair.nextAccepted())).isNull();
        await().untilAsserted(() -> assertThat(handshakes).contains(handshake));
        assertThat(handshakes).doesNotContain("server ok ");
    }

    /** They are counted on event loops, a moment after the test sees their effect. */
    private void assertHandshakes(String... expected) {
        await().untilAsserted(() -> assertThat(handshakes).containsExactlyInAnyOrder(expected));
    }

    /** A client that is not a sidecar, offering what one would but for what is changed. */
    private void assertStrangerIsCutOff(UnaryOperator<SslContextBuilder> change, String handshake, String alert) throws Exception {
        SslContextBuilder builder = SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE)
            .protocols("TLSv1.3").applicationProtocolConfig(alpn("http/1.1"));
        SslContext context = change.apply(builder).build();
        try (TlsPair pair = new TlsPair(payments, Set.of())) {
            assertCutOff(pair, pair.connect(channel -> context.newHandler(channel.alloc())), handshake, alert);
        } finally {
            ReferenceCountUtil.release(context);
        }
    }

    private static ApplicationProtocolConfig alpn(String protocol) {
        return new ApplicationProtocolConfig(ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE, ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT, protocol);
    }

    private static X509Certificate[] chain(Svid svid) {
        return svid.chain().toArray(X509Certificate[]::new);
    }
}
