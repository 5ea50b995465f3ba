package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mesh.model.ApplyResult;
import mesh.model.DownstreamTls;
import mesh.model.TrustBundle;
import mesh.pki.TestPki;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of open connections when a configuration or a bundle no longer lets their peer in. */
class DismissalSidecarTest {

    private static final String GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    private static final int DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, GOAWAY = 7;
    private static final int REFUSED_STREAM = 7;

    private final TestPki pki = TestPki.create(Env.system().clock());
    private final TestPki other = TestPki.create(Env.system().clock());
    private final Sidecar payments = new Sidecar(Env.system(), 1);
    private final CountDownLatch answer = new CountDownLatch(1);
    private final TestUpstream app = new TestUpstream(exchange -> {
        if (exchange.getRequestURI().getPath().equals("/slow")) awaitAnswer();
        TestUpstream.text(exchange, 200, "answered");
    });

    private void awaitAnswer() throws IOException {
        try {
            answer.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @BeforeEach
    void identify() {
        payments.rotate(pki.svid("payments"), pki.bundle());
        allow("web");
    }

    @AfterEach
    void close() {
        answer.countDown();
        payments.close();
        app.close();
    }

    @Test
    void whoIsAllowedNoMoreEndsTheRequestItHasAndBeginsNoOther() throws Exception {
        try (RawClient busy = connect("web"); RawClient idle = connect("web")) {
            idle.send(GET).readTo("answered");
            busy.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n" + GET);
            await().until(() -> app.requests() == 2);

            allow("cart");
            assertThat(idle.readAll()).as("an idle connection").isEmpty();
            awaitDismissed(2);
            answer.countDown();
            assertThat(busy.readAll()).containsIgnoringCase("connection: close").containsOnlyOnce("HTTP/1.1 200").endsWith("answered");
        }
        assertThat(app.requests()).as("the request behind it is not begun").isEqualTo(2);
    }

    /** Its head is out already, and could not say that it is the last. */
    @Test
    void anAnswerThatHasBegunIsTheLast() throws Exception {
        app.behave(exchange -> {
            exchange.sendResponseHeaders(200, 8);
            exchange.getResponseBody().write("half".getBytes(StandardCharsets.US_ASCII));
            exchange.getResponseBody().flush();
            awaitAnswer();
            exchange.getResponseBody().write("done".getBytes(StandardCharsets.US_ASCII));
        });
        try (RawClient web = connect("web")) {
            web.send(GET).readTo("half");
            allow("cart");
            awaitDismissed(1);
            answer.countDown();
            web.send(GET);
            assertThat(web.readAll()).isEqualTo("done");
        }
        assertThat(app.requests()).isEqualTo(1);
    }

    @Test
    void http2IsToldToGoAndItsStreamsEnd() throws Exception {
        try (RawClient web = connect("web", "h2")) {
            web.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").send(frame(SETTINGS, 0, 0, "")).send(request(1));
            await().until(() -> app.requests() == 1);

            allow("cart");
            assertThat(frameOf(web, GOAWAY, 0)).as("last stream 1, no error").isEqualTo("0000000100000000");
            web.send(request(3));
            assertThat(frameOf(web, RST_STREAM, 3)).isEqualTo("%08x".formatted(REFUSED_STREAM));
            answer.countDown();
            assertThat(frameOf(web, DATA, 1)).isEqualTo(hex("answered"));
            await().until(() -> payments.connections() == 0);
        }
        assertThat(app.requests()).isEqualTo(1);
    }

    @Test
    void whoIsStillAllowedNoticesNothing() throws Exception {
        try (RawClient web = connect("web")) {
            web.send(GET).readTo("answered");
            allow("cart", "web");
            assertThat(web.send(GET).readTo("answered")).doesNotContainIgnoringCase("connection: close");
            allow();
            assertThat(web.send(GET).readTo("answered")).doesNotContainIgnoringCase("connection: close");
        }
    }

    @Test
    void aHandshakeThatBeganBeforeIsJudgedByWhatHoldsAtItsEnd() throws Exception {
        try (Socket connected = new Socket("127.0.0.1", payments.bound().get("web").port())) {
            await().until(() -> payments.connections() == 1);
            allow("cart");
            try (RawClient web = new RawClient(PeerSocket.over(connected, pki.svid("web"), pki.bundle(), "http/1.1"))) {
                assertThatThrownBy(() -> web.send(GET).readTo("answered")).isInstanceOf(IOException.class);
            }
        }
        assertThat(app.requests()).isZero();
    }

    @Test
    void whoSpeaksNoTlsGoesWhenItIsNotPermittedAnyMore() throws Exception {
        apply(new DownstreamTls(DownstreamTls.Mode.PERMISSIVE, Set.of()));
        try (RawClient plain = new RawClient(payments.bound().get("web")); RawClient web = connect("web")) {
            plain.send(GET).readTo("answered");
            web.send(GET).readTo("answered");
            apply(new DownstreamTls(DownstreamTls.Mode.STRICT, Set.of()));
            assertThat(plain.readAll()).isEmpty();
            assertThat(web.send(GET).readTo("answered")).doesNotContainIgnoringCase("connection: close");
        }
    }

    @Test
    void tcpIsCutAndTheApplicationSeesNoEnd() throws Exception {
        Sidecar tcp = new Sidecar(Env.system(), 1);
        try (RawServer server = new RawServer()) {
            tcp.rotate(pki.svid("payments"), pki.bundle());
            assertThat(tcp.apply(Snapshots.tcp().downstreamTls(tls("web")).to(server.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
            try (RawClient web = new RawClient(PeerSocket.connect(pki.svid("web"), pki.bundle(), tcp.bound().get("web"), "http/1.1"))) {
                web.send("half a ");
                try (RawClient behind = server.accept()) {
                    assertThat(behind.read(7)).isEqualTo("half a ");
                    tcp.apply(Snapshots.tcp().downstreamTls(tls("cart")).to(server.address(), 1).build());
                    assertThatThrownBy(web::readAll).isInstanceOf(IOException.class);
                    assertThatThrownBy(behind::readAll).isInstanceOf(IOException.class);
                }
            }
        } finally {
            tcp.close();
        }
    }

    @Test
    void whomNobodyVouchesForAnyMoreGoesAfterTheRequestItHas() throws Exception {
        TrustBundle both = new TrustBundle(pki.bundle().trustDomain(),
            Stream.of(pki, other).flatMap(each -> each.bundle().authorities().stream()).collect(Collectors.toList()));
        payments.rotate(pki.svid("payments"), both);
        try (RawClient before = connect("web");
            RawClient web = new RawClient(PeerSocket.connect(other.svid("web"), both, payments.bound().get("web"), "http/1.1"))) {
            before.send(GET).readTo("answered");
            web.send("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n");
            await().until(() -> app.requests() == 2);

            payments.rotate(pki.svid("payments"), pki.bundle());
            awaitDismissed(1);
            answer.countDown();
            assertThat(web.readAll()).containsIgnoringCase("connection: close").endsWith("answered");
            assertThat(before.send(GET).readTo("answered")).as("of the root that stays").doesNotContainIgnoringCase("connection: close");
        }
    }

    private void awaitDismissed(int connections) {
        await().until(() -> new MetricsCollector(payments.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals("mesh_connections_dismissed_total")).mapToDouble(sample -> sample.value).sum() == connections);
    }

    private void allow(String... workloads) {
        apply(tls(workloads));
    }

    private DownstreamTls tls(String... workloads) {
        return new DownstreamTls(Stream.of(workloads).map(pki::id).collect(Collectors.toSet()));
    }

    private void apply(DownstreamTls tls) {
        assertThat(payments.apply(Snapshots.http().downstreamTls(tls).to(app.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private RawClient connect(String workload) throws Exception {
        return connect(workload, "http/1.1");
    }

    private RawClient connect(String workload, String protocol) throws Exception {
        return new RawClient(PeerSocket.connect(pki.svid(workload), pki.bundle(), payments.bound().get("web"), protocol));
    }

    /** {@code GET http://a/slow}, all of it from the static table but the path and the host. */
    private static byte[] request(int stream) {
        return frame(HEADERS, 0x5, stream, "\u0082\u0086\u0004\u0005/slow\u0041\u0001a");
    }

    private static byte[] frame(int type, int flags, int stream, String payload) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        int length = payload.length();
        frame.writeBytes(new byte[] {(byte) (length >> 16), (byte) (length >> 8), (byte) length, (byte) type, (byte) flags});
        frame.writeBytes(new byte[] {(byte) (stream >> 24), (byte) (stream >> 16), (byte) (stream >> 8), (byte) stream});
        frame.writeBytes(payload.getBytes(StandardCharsets.ISO_8859_1));
        return frame.toByteArray();
    }

    /** Passes over others. @return its payload in hexadecimal */
    private static String frameOf(RawClient client, int type, int stream) throws IOException {
        DataInputStream in = new DataInputStream(client.socket().getInputStream());
        while (true) {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int itsType = in.readUnsignedByte();
            in.readByte();
            int itsStream = in.readInt();
            byte[] payload = in.readNBytes(length);
            if (itsType == type && itsStream == stream) return hex(new String(payload, StandardCharsets.ISO_8859_1));
        }
    }

    private static String hex(String text) {
        return text.chars().mapToObj("%02x"::formatted).collect(Collectors.joining());
    }
}
