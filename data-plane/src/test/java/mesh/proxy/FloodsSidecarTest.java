package mesh.proxy;

import static mesh.proxy.RawHttp2.COMPRESSION_ERROR;
import static mesh.proxy.RawHttp2.CONTINUATION;
import static mesh.proxy.RawHttp2.DATA;
import static mesh.proxy.RawHttp2.ENHANCE_YOUR_CALM;
import static mesh.proxy.RawHttp2.FLOW_CONTROL_ERROR;
import static mesh.proxy.RawHttp2.HEADERS;
import static mesh.proxy.RawHttp2.PING;
import static mesh.proxy.RawHttp2.PRIORITY;
import static mesh.proxy.RawHttp2.PROTOCOL_ERROR;
import static mesh.proxy.RawHttp2.RST_STREAM;
import static mesh.proxy.RawHttp2.SETTINGS;
import static mesh.proxy.RawHttp2.WINDOW_UPDATE;
import static mesh.proxy.RawHttp2.field;
import static mesh.proxy.RawHttp2.frame;
import static mesh.proxy.RawHttp2.get;
import static mesh.proxy.RawHttp2.head;
import static mesh.proxy.RawHttp2.hello;
import static mesh.proxy.RawHttp2.join;
import static mesh.proxy.RawHttp2.number;
import static mesh.proxy.RawHttp2.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.util.internal.PlatformDependent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocket;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.DownstreamTls;
import mesh.model.HeaderChange;
import mesh.model.HeaderChanges;
import mesh.model.HttpLimits;
import mesh.model.ListenerLimits;
import mesh.model.Route;
import mesh.model.Timeouts;
import mesh.pki.TestPki;
import mesh.proxy.exchange.StoppedClients;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.proxy.tls.LogLines;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Hostile clients of a sidecar with one event loop, which they share with two that behave: an HTTP/1.1 and an HTTP/2 connection that were there
 * before. Each is stopped, counted by its reason, and costs the others and the memory nothing.
 */
class FloodsSidecarTest {

    private static final Duration BRIEF = Duration.ofMillis(150);
    private static final int MIB = 1 << 20;

    private final TestPki pki = TestPki.create(Env.system().clock());
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final TestUpstream upstream = new TestUpstream("done");
    private RawClient http1;
    private RawClient http2;
    private int nextStream = 1;
    private long memoryBefore;

    @AfterEach
    void close() throws IOException {
        if (http1 != null) http1.close();
        if (http2 != null) http2.close();
        sidecar.close();
        upstream.close();
    }

    /** What only a bad client of HTTP/2 sends, behind a good beginning, and how that ends. */
    private static Stream<Arguments> floods() {
        byte[] one = {0};
        byte[] eight = new byte[8];
        return Stream.of(
            flood("streams that are opened and reset (CVE-2023-44487)", "resets", 600, i -> join(get(odd(i), "/"), number(RST_STREAM, odd(i), 8))),
            flood("streams that we are made to reset, by windows of nothing (CVE-2025-8671)", "resets", 600,
                i -> join(post(odd(i), "/"), number(WINDOW_UPDATE, odd(i), 0))),
            flood("streams that we are made to reset, by priorities that are none", "control_frames", 700,
                i -> join(post(odd(i), "/"), frame(PRIORITY, 0, odd(i), one))),
            flood("streams that we are made to reset, by a head that is none", "resets", 600,
                i -> frame(HEADERS, 5, odd(i), join(head(0x82, "/"), field("Upper", "case")))),
            flood("streams over the limit", "resets", 700, i -> post(odd(i), "/")),
            flood("requests that are answered with 431", "resets", 600,
                i -> frame(HEADERS, 5, odd(i), join(head(0x82, "/"), repeat(101, field("a", "b"))))),
            flood("a header block in many frames (CVE-2024-27316)", "header_block", 12,
                i -> i == 0 ? frame(HEADERS, 0, 1, head(0x82, "/")) : frame(CONTINUATION, 0, 1, field("a", "b"))),
            flood("a header block in many empty frames", "header_block", 12,
                i -> i == 0 ? frame(HEADERS, 0, 1, head(0x82, "/")) : frame(CONTINUATION, 0, 1)),
            flood("a header block of many bytes", "header_block", 6,
                i -> frame(i == 0 ? HEADERS : CONTINUATION, 0, 1, repeat(120, field("a", "b".repeat(120))))),
            flood("pings (CVE-2019-9512)", "control_frames", 700, i -> frame(PING, 0, 0, eight)),
            flood("settings (CVE-2019-9515)", "control_frames", 700, i -> frame(SETTINGS, 0, 0)),
            flood("many settings in a frame (CVE-2020-11080)", "control_frames", 1, i -> frame(SETTINGS, 0, 0, new byte[33 * 6])),
            flood("priorities (CVE-2019-9513)", "control_frames", 700, i -> frame(PRIORITY, 0, 3, new byte[] {0, 0, 0, 1, 1})),
            flood("frames that nobody knows", "control_frames", 700, i -> frame(0xbb, 0, 0)),
            flood("DATA without data (CVE-2019-9518)", "control_frames", 700, i -> i == 0 ? post(1, "/") : frame(DATA, 0, 1)),
            flood("DATA of padding alone", "control_frames", 700, i -> i == 0 ? post(1, "/") : frame(DATA, 8, 1, one)),
            flood("a window that is too large", "flow_control", 1, i -> number(WINDOW_UPDATE, 0, Integer.MAX_VALUE), FLOW_CONTROL_ERROR),
            flood("a window of nothing for the connection", "protocol", 1, i -> number(WINDOW_UPDATE, 0, 0), PROTOCOL_ERROR),
            flood("a header block that cannot be unpacked", "compression", 1, i -> frame(HEADERS, 5, 1, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff),
                COMPRESSION_ERROR));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("floods")
    void isStopped(String what, String reason, byte[] bytes, int code) throws Exception {
        // Its upstream does not take a body, nor answer while others do.
        upstream.behave(exchange -> {
            if (exchange.getRequestMethod().equals("GET")) TestUpstream.text(exchange, 200, "done");
            else hold();
        });
        begin(Snapshots.http());
        try (RawClient hostile = client()) {
            hostile.send(hello());
            try {
                hostile.send(bytes);
            } catch (SocketException e) {
                // Closed before it had said all.
            }
            assertThatOthersNoticeNothing();
            assertThat(awayCode(hostile)).as(what).isEqualTo(code);
        }
        assertThat(stopped(reason)).as(what).isEqualTo(1);
        assertThatNothingIsLeft();
    }

    /** RFC 7541 section 7.3: 16,000 bytes that stand for 64 MB. */
    @Test
    void aBombInAHeaderBlockIsNotUnpacked() throws Exception {
        begin(Snapshots.http());
        byte[] bomb = new byte[16_000];
        Arrays.fill(bomb, (byte) 0xbe);
        byte[] large = RawHttp2.remembered("bomb", "x".repeat(4000));
        try (RawClient hostile = client()) {
            hostile.send(join(hello(), frame(HEADERS, 5, 1, join(head(0x82, "/"), large)), frame(HEADERS, 5, 3, join(head(0x82, "/"), bomb))));
            assertThat(RawHttp2.await(in(hostile), HEADERS, 3).status()).isEqualTo(431);
            assertThatOthersNoticeNothing();
        }
        assertThat(stopped("head_too_large")).isEqualTo(1);
        assertThatNothingIsLeft();
    }

    /** A hundred answers of 1 MiB, and no window for any of them. */
    @Test
    void answersThatAreNotTakenWaitAtTheirUpstream() throws Exception {
        upstream.behave(exchange -> {
            if (!exchange.getRequestURI().getPath().equals("/large")) {
                TestUpstream.text(exchange, 200, "done");
                return;
            }
            exchange.sendResponseHeaders(200, MIB);
            exchange.getResponseBody().write(new byte[MIB]);
        });
        begin(Snapshots.http());
        try (RawClient hostile = client()) {
            hostile.send(hello(4, 0));
            for (int i = 0; i < 100; i++) hostile.send(get(odd(i), "/large"));
            for (int heads = 0; heads < 100; ) heads += RawHttp2.read(in(hostile)).type() == HEADERS ? 1 : 0;
            assertThatOthersNoticeNothing();
            assertThat(PlatformDependent.usedDirectMemory() - memoryBefore).isLessThan(24 * MIB);
        }
        assertThatNothingIsLeft();
    }

    /** Answers without bodies, which no window holds back, to a client that reads none of them. */
    @Test
    void answersThatAreNotReadEndTheConnection() throws Exception {
        HeaderChange large = new HeaderChange("x-large", "x".repeat(4000), HeaderChange.Action.SET);
        begin(Snapshots.http().action(new Route.DirectReply(204, "")).headers(HeaderChanges.NONE, new HeaderChanges(List.of(), List.of(large))));
        Socket deaf = new Socket();
        deaf.setReceiveBufferSize(4096);
        deaf.connect(new InetSocketAddress("127.0.0.1", sidecar.bound().get("web").port()));
        try (RawClient hostile = new RawClient(deaf)) {
            hostile.send(hello());
            try {
                for (int i = 0; i < 20_000 && stopped("unread") == 0; i++) hostile.send(get(odd(i), "/"));
            } catch (SocketException e) {
                // Closed by then.
            }
            await().until(() -> stopped("unread") == 1);
            assertThat(PlatformDependent.usedDirectMemory() - memoryBefore).isLessThan(8 * MIB);
        }
    }

    @Test
    void aHeadThatTakesTooLongIsA408() throws Exception {
        begin(Snapshots.http().limits(brief()));
        try (RawClient hostile = client()) {
            assertThat(hostile.send("GET / HTTP/1.1\r\nhost: a\r\nx-slow").readHead()).startsWith("HTTP/1.1 408 ");
            assertThatOthersNoticeNothing();
        }
        assertThat(stopped("slow_head")).isEqualTo(1);
        assertThatNothingIsLeft();
    }

    @Test
    void aBodyThatFallsSilentIsA408() throws Exception {
        begin(Snapshots.http().timeouts(new Timeouts(Duration.ZERO, BRIEF)));
        try (RawClient hostile = client(); RawClient other = client()) {
            assertThat(hostile.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc").readHead()).startsWith("HTTP/1.1 408 ");
            other.send(join(hello(), post(1, "/"), frame(DATA, 0, 1, (byte) 'a')));
            assertThat(RawHttp2.await(in(other), HEADERS, 1).status()).isEqualTo(408);
            assertThatOthersNoticeNothing();
        }
        assertThat(stopped("slow_body")).isEqualTo(2);
        assertThatNothingIsLeft();
    }

    @Test
    void aPrefaceThatTakesTooLongIsCut() throws Exception {
        begin(Snapshots.http().limits(brief()));
        try (RawClient half = client(); RawClient alone = client()) {
            half.send("PRI * HTTP");
            assertThat(half.readAll()).isEmpty();
            // The preface is complete, and no SETTINGS come.
            alone.send(Arrays.copyOf(hello(), 24));
            assertThat(awayCode(alone)).as("SETTINGS_TIMEOUT").isEqualTo(4);
            assertThatOthersNoticeNothing();
        }
        assertThat(stopped("slow_preface")).isEqualTo(2);
        assertThatNothingIsLeft();
    }

    @Test
    void aHeaderBlockOrFrameThatIsNeverCompleteIsCut() throws Exception {
        begin(Snapshots.http().limits(brief()));
        byte[] request = get(1, "/");
        try (RawClient block = client(); RawClient inFrame = client()) {
            block.send(join(hello(), frame(HEADERS, 0, 1, head(0x82, "/"))));
            assertThat(awayCode(block)).isEqualTo(ENHANCE_YOUR_CALM);
            inFrame.send(join(hello(), Arrays.copyOf(request, request.length - 1)));
            assertThat(awayCode(inFrame)).isEqualTo(ENHANCE_YOUR_CALM);
            assertThatOthersNoticeNothing();
        }
        assertThat(stopped("slow_head")).isEqualTo(2);
        assertThatNothingIsLeft();
    }

    @Test
    void whatIsTooLongIsRefusedAndSaysOfWhich() throws Exception {
        begin(Snapshots.http().limits(new ListenerLimits(Optional.empty(), 0, 0, 10, HttpLimits.DEFAULT)));
        assertThat(answerTo("GET /" + "a".repeat(9000) + " HTTP/1.1\r\nhost: a\r\n\r\n")).startsWith("HTTP/1.1 414 ");
        assertThat(answerTo("GET / HTTP/1.1\r\nhost: a\r\na: " + "b".repeat(65_536) + "\r\n\r\n")).startsWith("HTTP/1.1 431 ");
        assertThat(answerTo("GET / HTTP/1.1\r\nhost: a\r\n" + "a: b\r\n".repeat(100) + "\r\n")).startsWith("HTTP/1.1 431 ");
        assertThat(answerTo("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n")).startsWith("HTTP/1.1 413 ");
        assertThat(answerTo("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nb\r\n12345678901\r\n")).startsWith("HTTP/1.1 413 ");
        assertThat(answerTo("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1;" + "x".repeat(2000) + "\r\n")).startsWith("HTTP/1.1 400 ");
        try (RawClient hostile = client()) {
            hostile.send(join(hello(), post(1, "/"), frame(DATA, 1, 1, new byte[11])));
            assertThat(RawHttp2.await(in(hostile), HEADERS, 1).status()).isEqualTo(413);
        }
        assertThat(List.of(stopped("uri_too_long"), stopped("head_too_large"), stopped("body_too_large"), stopped("protocol")))
            .containsExactly(1.0, 2.0, 3.0, 1.0);
        assertThatOthersNoticeNothing();
        assertThatNothingIsLeft();
    }

    /** Some say nothing, some begin a record and leave it at that. A client that behaves gets in all the while. */
    @Test
    void handshakesThatAreNotCompletedEndInTime() throws Exception {
        sidecar.rotate(pki.svid("payments"), pki.bundle());
        apply(Snapshots.http().downstreamTls(new DownstreamTls(Set.of())));
        List<RawClient> hostile = new ArrayList<>();
        try {
            for (int i = 0; i < 100; i++) {
                RawClient each = client();
                hostile.add(each);
                if (i % 2 == 0) each.send(new byte[] {22, 3, 1, 2, 0, 1, 0});
            }
            try (SSLSocket good = PeerSocket.connect(pki.svid("web"), pki.bundle(), sidecar.bound().get("web"), "http/1.1")) {
                good.getOutputStream().write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                assertThat(new String(good.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)).endsWith("done");
            }
            for (RawClient each : hostile) each.readAll();
        } finally {
            for (RawClient each : hostile) each.close();
        }
        assertThat(metric("mesh_tls_handshakes_total", "server", "failed", "timeout")).isEqualTo(100);
        await().until(() -> sidecar.connections() == 0);
    }

    @Test
    void theLogSaysWhoItWasOnceASecond() throws Exception {
        begin(Snapshots.http());
        try (LogLines log = new LogLines(StoppedClients.class)) {
            for (int i = 0; i < 20; i++) assertThat(answerTo("GET /" + "a".repeat(9000) + " HTTP/1.1\r\nhost: a\r\n\r\n")).startsWith("HTTP/1.1 414 ");
            assertThat(log.lines()).hasSizeBetween(1, 10);
            assertThat(log.lines().get(0)).matches("client stopped: reason=uri_too_long listener=web peer=127\\.0\\.0\\.1:\\d+ id=none: "
                + "request line over the limit \\(RFC 9112 section 3\\)");
        }
    }

    // Those who behave.

    private void begin(Snapshots snapshots) throws IOException {
        apply(snapshots);
        http1 = client();
        http2 = client().send(hello());
        assertThatOthersNoticeNothing();
        memoryBefore = PlatformDependent.usedDirectMemory();
    }

    private void assertThatOthersNoticeNothing() throws IOException {
        assertThat(http1.send("GET /good HTTP/1.1\r\nhost: a\r\n\r\n").readHead()).matches("(?s)HTTP/1.1 20[04] .*");
        if (upstream.requests() > 0) http1.readTo("done");
        http2.send(get(nextStream, "/good"));
        assertThat(RawHttp2.await(in(http2), HEADERS, nextStream).status()).isIn(200, 204);
        nextStream += 2;
    }

    private void assertThatNothingIsLeft() {
        await().until(() -> sidecar.connections() == 2);
        await().until(() -> sidecar.tables().clusters().get("payments").load().requests() == 0);
        assertThat(PlatformDependent.usedDirectMemory() - memoryBefore).as("memory stays flat").isLessThan(24 * MIB);
    }

    // Those who do not.

    /** The code of the GOAWAY that its connection ends with. */
    private static int awayCode(RawClient client) throws IOException {
        RawHttp2.Frame frame = RawHttp2.read(in(client));
        while (frame.type() != RawHttp2.GOAWAY) frame = RawHttp2.read(in(client));
        try {
            client.finish().readAll();
        } catch (SocketException e) {
            // What it had still sent was not read: a reset.
        }
        return frame.code();
    }

    private String answerTo(String request) throws IOException {
        try (RawClient client = client()) {
            return client.send(request).readHead();
        }
    }

    private static void hold() throws IOException {
        try {
            Thread.sleep(Duration.ofMinutes(1).toMillis());
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static Arguments flood(String what, String reason, int times, IntFunction<byte[]> part) {
        return flood(what, reason, times, part, ENHANCE_YOUR_CALM);
    }

    private static Arguments flood(String what, String reason, int times, IntFunction<byte[]> part, int code) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < times; i++) all.writeBytes(part.apply(i));
        return Arguments.of(what, reason, all.toByteArray(), code);
    }

    private static int odd(int i) {
        return 2 * i + 1;
    }

    private static byte[] repeat(int times, byte[] part) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < times; i++) all.writeBytes(part);
        return all.toByteArray();
    }

    private static ListenerLimits brief() {
        return new ListenerLimits(Optional.empty(), 0, 0, 0, new HttpLimits(64, 100, 100, BRIEF, Duration.ofHours(1)));
    }

    private static InputStream in(RawClient client) throws IOException {
        return client.socket().getInputStream();
    }

    private RawClient client() {
        Address address = sidecar.bound().get("web");
        return new RawClient(address);
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.to(upstream.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private double stopped(String reason) {
        return Math.max(0, metric("mesh_clients_stopped_total", "web", reason));
    }

    private double metric(String name, String... labels) {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals(name) && sample.labelValues.equals(List.of(labels)))
            .mapToDouble(sample -> sample.value).findFirst().orElse(-1);
    }
}
