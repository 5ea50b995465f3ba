package mesh.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.internal.tcnative.SSL;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import mesh.model.Trust;
import mesh.pki.Svid;
import mesh.pki.TestPki;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Native contexts: who holds them, when they go, and what is resumed with them. */
class TlsIdentityTest {

    private static final Acceptance SERVER = new Acceptance(false, MeshTls.Traffic.HTTP2, Set.of());

    private final FakeClock clock = new FakeClock();
    private final TestPki pki = TestPki.create(clock);
    private final List<String> handshakes = new CopyOnWriteArrayList<>();

    private TlsIdentity identity(String workload) {
        return new TlsIdentity(pki.svid(workload), Trust.of(pki.bundle()), clock, SslProvider.OPENSSL_REFCNT);
    }

    private MeshTls tls(String workload) {
        MeshTls tls = new MeshTls(clock, (side, result, reason) -> handshakes.add(side + " " + result + " " + reason), TlsPair.CLOSING);
        tls.rotate(pki.svid(workload), pki.bundle());
        return tls;
    }

    @Test
    void aContextGoesWithItsLastConnection() throws Exception {
        TlsIdentity payments = identity("payments");
        SslContext context = payments.context(SERVER);
        assertThat(ReferenceCountUtil.refCnt(context)).isEqualTo(1);
        try (TlsPair pair = new TlsPair(channel -> payments.tryHandler(channel.alloc(), SERVER, null)); MeshTls web = tls("web")) {
            TlsPair.Client one = pair.connect(web, Set.of());
            TlsPair.Client two = pair.connect(web, Set.of());
            assertThat(one.echo("1") + two.echo("2")).isEqualTo("12");
            assertThat(ReferenceCountUtil.refCnt(context)).isEqualTo(3);
            payments.release();
            assertThat(ReferenceCountUtil.refCnt(context)).isEqualTo(2);
            one.close();
            await().until(() -> ReferenceCountUtil.refCnt(context) == 1);
            assertThat(two.echo("still")).isEqualTo("still");
            two.close();
            await().until(() -> ReferenceCountUtil.refCnt(context) == 0);
        }
    }

    @Test
    void aHandshakeThatFailsHoldsNothing() throws Exception {
        TlsIdentity payments = identity("payments");
        SslContext context = payments.context(SERVER);
        try (TlsPair pair = new TlsPair(channel -> payments.tryHandler(channel.alloc(), SERVER, null)); MeshTls web = tls("web")) {
            for (int i = 0; i < 10; i++) {
                assertThat(pair.connect(web, Set.of(pki.id("cart"))).handshake()).isNotNull();
            }
            await().until(() -> ReferenceCountUtil.refCnt(context) == 1);
        }
        payments.release();
        assertThat(ReferenceCountUtil.refCnt(context)).isZero();
    }

    @Test
    void whatWasReleasedGivesNoHandlersAndMakesNoContexts() {
        TlsIdentity payments = identity("payments");
        payments.release();
        assertThat(payments.tryHandler(ByteBufAllocator.DEFAULT, SERVER, null)).isNull();
        assertThat(payments.tryHandler(ByteBufAllocator.DEFAULT, new Acceptance(true, MeshTls.Traffic.HTTP2, Set.of()), null)).isNull();
    }

    @Test
    void connectionsBegunDuringRotationsAllSucceed() throws Exception {
        try (MeshTls web = tls("web"); MeshTls payments = tls("payments"); TlsPair pair = new TlsPair(payments, Set.of())) {
            Svid webAgain = pki.svid("web");
            Svid paymentsAgain = pki.svid("payments");
            AtomicBoolean done = new AtomicBoolean();
            Thread rotating = new Thread(() -> {
                while (!done.get()) {
                    web.rotate(webAgain, pki.bundle());
                    payments.rotate(paymentsAgain, pki.bundle());
                }
            });
            rotating.start();
            List<String> answers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                TlsPair.Client client = pair.connect(web, Set.of(pki.id("payments")));
                answers.add(client.echo("x"));
                client.close();
            }
            done.set(true);
            rotating.join();
            assertThat(answers).containsOnly("x");
        }
    }

    @Test
    void aSessionIsResumedWithTheSameTermsAndKeepsThePeersIdentity() throws Exception {
        try (MeshTls web = tls("web"); MeshTls payments = tls("payments"); TlsPair pair = new TlsPair(payments, Set.of())) {
            assertThat(resumed(pair, web)).isFalse();
            assertThat(resumed(pair, web)).isTrue();
            assertThat(MeshTls.peerOf(pair.accepted.take()).id()).isEqualTo(pki.id("web"));
            assertThat(MeshTls.peerOf(pair.accepted.take()).id()).isEqualTo(pki.id("web"));
        }
    }

    @Test
    void noSessionPassesARotationOfTheServer() throws Exception {
        try (MeshTls web = tls("web"); MeshTls payments = tls("payments"); TlsPair pair = new TlsPair(payments, Set.of())) {
            resumed(pair, web);
            payments.rotate(pki.svid("payments"), pki.bundle());
            assertThat(resumed(pair, web)).isFalse();
        }
    }

    @Test
    void noSessionPassesARotationOfTheClient() throws Exception {
        try (MeshTls web = tls("web"); MeshTls payments = tls("payments"); TlsPair pair = new TlsPair(payments, Set.of())) {
            resumed(pair, web);
            web.rotate(pki.svid("web"), pki.bundle());
            assertThat(resumed(pair, web)).isFalse();
        }
    }

    @Test
    void aRotationToWhatIsCurrentAlreadyChangesNothing() throws Exception {
        Svid svid = pki.svid("payments");
        try (MeshTls web = tls("web"); MeshTls payments = tls("payments"); TlsPair pair = new TlsPair(payments, Set.of())) {
            payments.rotate(svid, pki.bundle());
            resumed(pair, web);
            payments.rotate(new Svid(svid.id(), svid.chain(), svid.key()), pki.bundle());
            assertThat(resumed(pair, web)).isTrue();
        }
    }

    @Test
    void noSessionIsUsedWhereAnotherIdentityIsExpected() throws Exception {
        try (MeshTls web = tls("web"); MeshTls payments = tls("payments"); TlsPair pair = new TlsPair(payments, Set.of())) {
            resumed(pair, web);
            assertThat(HandshakeFailure.of(pair.connect(web, Set.of(pki.id("cart"))).handshake()).reason())
                .isEqualTo(HandshakeFailure.Reason.SAN_MISMATCH);
        }
    }

    @Test
    void noSessionOutlivesTheCertificateItWasBegunWith() throws Exception {
        try (MeshTls web = tls("web"); MeshTls payments = tls("payments"); TlsPair pair = new TlsPair(payments, Set.of())) {
            web.rotate(pki.svid("web", Duration.ofMinutes(1)), pki.bundle());
            resumed(pair, web);
            assertThat(resumed(pair, web)).isTrue();
            handshakes.clear();
            pair.accepted.clear();
            clock.advance(Duration.ofMinutes(1));
            TlsPair.Client late = pair.connect(web, Set.of(pki.id("payments")));
            late.handshake();
            assertThat(late.echo("x")).isEqualTo("closed");
            await().until(() -> handshakes.contains("server failed expired"));
            assertThat(MeshTls.peerOf(pair.nextAccepted())).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"OPENSSL_REFCNT", "JDK"})
    void everyProviderKeepsTheRules(SslProvider provider) throws Exception {
        MeshTls.Meter meter = (side, result, reason) -> handshakes.add(side + " " + result + " " + reason);
        try (MeshTls web = new MeshTls(clock, meter, TlsPair.CLOSING, provider);
            MeshTls payments = new MeshTls(clock, meter, TlsPair.CLOSING, provider);
            TlsPair pair = new TlsPair(payments, Set.of(pki.id("web")))) {
            web.rotate(pki.svid("web"), pki.bundle());
            payments.rotate(pki.svid("payments"), pki.bundle());
            TlsPair.Client good = pair.connect(web, Set.of(pki.id("payments")));
            assertThat(good.echo("x")).isEqualTo("x");
            assertThat(pair.connect(web, Set.of(pki.id("payments"))).echo("again")).isEqualTo("again");
            assertThat(MeshTls.peerOf(good.channel).id()).isEqualTo(pki.id("payments"));
            assertThat(HandshakeFailure.of(pair.connect(web, Set.of(pki.id("cart"))).handshake()).reason())
                .isEqualTo(HandshakeFailure.Reason.SAN_MISMATCH);
            web.rotate(pki.svid("cart"), pki.bundle());
            assertThat(pair.connect(web, Set.of()).echo("x")).isEqualTo("closed");
            await().until(() -> handshakes.contains("server failed san_mismatch"));
        }
    }

    private boolean resumed(TlsPair pair, MeshTls client) throws Exception {
        TlsPair.Client connection = pair.connect(client, Set.of(pki.id("payments")));
        assertThat(connection.echo("x")).isEqualTo("x");
        SslHandler handler = connection.tls;
        boolean resumed = SSL.isSessionReused(((ReferenceCountedOpenSslEngine) handler.engine()).sslPointer());
        connection.close();
        return resumed;
    }
}
