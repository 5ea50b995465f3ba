package mesh.proxy;

import static mesh.proxy.RawHttp2.RST_STREAM;
import static mesh.proxy.RawHttp2.get;
import static mesh.proxy.RawHttp2.hello;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import mesh.model.ApplyResult;
import mesh.model.HttpLimits;
import mesh.model.ListenerLimits;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A sidecar that may hold 16 MiB, and clients that begin heads of 60 KiB and do not complete them. */
class OverloadSidecarTest {

    private static final String GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    private static final int REFUSED = -1;
    private static final String HEAD = "GET / HTTP/1.1\r\nhost: a\r\nx: " + "y".repeat(60_000);
    private static final HttpLimits PATIENT = new HttpLimits(64, 100, 100, Duration.ofMinutes(5), Duration.ofHours(1));
    private static final long BUDGET = 16 << 20;

    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final TestUpstream upstream = new TestUpstream("done");
    private final List<RawClient> hoarders = new ArrayList<>();
    private int nextStream = 1;
    private RawClient http1;
    private RawClient http2;

    @BeforeEach
    void connect() throws IOException {
        sidecar.budget(OptionalLong.of(BUDGET));
        ListenerLimits limits = new ListenerLimits(Optional.empty(), 0, 0, 0, PATIENT);
        assertThat(sidecar.apply(Snapshots.http().limits(limits).to(upstream.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
        http1 = client();
        assertThat(http1.send(GET).readTo("done")).startsWith("HTTP/1.1 200 ");
        http2 = client().send(hello());
        assertThat(ask(nextStream)).isEqualTo(200);
    }

    @AfterEach
    void close() throws IOException {
        release();
        http1.close();
        http2.close();
        await().untilAsserted(() -> assertThat(metric("mesh_memory_held_bytes")).as("nothing is forgotten").isZero());
        sidecar.close();
        upstream.close();
    }

    @Test
    void refusesStreamsFirst() throws IOException {
        fill(92);
        await().until(() -> ask(nextStream) == REFUSED);
        assertThat(http1.send(GET).readTo("done")).as("HTTP/1.1 goes on").startsWith("HTTP/1.1 200 ");
        assertThat(shed("stream_refused")).isPositive();
        assertThat(shed("request_refused")).isZero();
        release();
        assertThat(ask(nextStream)).isEqualTo(200);
    }

    @Test
    void answersWith503ThenAndSaysWhenToComeAgain() throws IOException {
        fill(96.5);
        awaitRefusal();
        int before = upstream.requests();
        double refused = shed("request_refused");
        assertThat(http1.send(GET).readHead()).startsWith("HTTP/1.1 503 ").contains("x-envoy-local-overloaded: true", "retry-after: 1");
        http1.readTo("\n");
        assertThat(shed("request_refused")).isEqualTo(refused + 1);
        assertThat(upstream.requests()).isEqualTo(before);
        release();
        assertThat(http1.send(GET).readTo("done")).startsWith("HTTP/1.1 200 ");
    }

    /** Those who come then wait where they cost nothing. */
    @Test
    void acceptsNobodyInTheEndAndGoesOnByItself() throws IOException {
        while (shed("accepting_stopped") == 0) hoard();
        int open = sidecar.connections();
        try (RawClient waiting = client()) {
            waiting.send(GET);
            awaitRefusal();
            assertThat(sidecar.connections()).isEqualTo(open);
            release();
            assertThat(waiting.readTo("done")).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void theLimitMayChangeWhileItRuns() throws IOException {
        fill(96.5);
        awaitRefusal();
        sidecar.budget(OptionalLong.of(2 * BUDGET));
        await().until(() -> isServed());
        assertThat(metric("mesh_memory_budget_bytes")).isEqualTo(2 * BUDGET);
    }

    /** Until about so much of the budget is held: a buffer that is just being enlarged counts twice. */
    private void fill(double percent) throws IOException {
        while (metric("mesh_memory_held_bytes") < BUDGET * percent / 100) hoard();
    }

    /** One more, which holds half a percent. */
    private void hoard() throws IOException {
        double before = metric("mesh_bytes_total", "web", "in");
        RawClient hoarder = client();
        hoarders.add(hoarder);
        hoarder.send(HEAD);
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1))
            .until(() -> metric("mesh_bytes_total", "web", "in") == before + HEAD.length());
    }

    private void release() throws IOException {
        for (RawClient each : hoarders) each.close();
        hoarders.clear();
        await().until(() -> metric("mesh_memory_held_bytes") < BUDGET / 4);
    }

    /** What is held is looked at every ten milliseconds. */
    private void awaitRefusal() {
        await().until(() -> !isServed());
    }

    private boolean isServed() throws IOException {
        boolean served = http1.send(GET).readHead().startsWith("HTTP/1.1 200 ");
        http1.readTo(served ? "done" : "\n");
        return served;
    }

    /** A request over HTTP/2. @return its status, or {@link #REFUSED} */
    private int ask(int stream) throws IOException {
        nextStream += 2;
        http2.send(get(stream, "/"));
        RawHttp2.Frame frame = RawHttp2.read(in(http2));
        while (frame.stream() != stream) frame = RawHttp2.read(in(http2));
        if (frame.type() != RST_STREAM) return frame.status();
        assertThat(frame.code()).isEqualTo(RawHttp2.REFUSED_STREAM);
        return REFUSED;
    }

    private static InputStream in(RawClient client) throws IOException {
        return client.socket().getInputStream();
    }

    private RawClient client() {
        return new RawClient(sidecar.bound().get("web"));
    }

    private double shed(String action) {
        return Math.max(0, metric("mesh_overload_total", action));
    }

    private double metric(String name, String... labels) {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals(name) && sample.labelValues.equals(List.of(labels)))
            .mapToDouble(sample -> sample.value).findFirst().orElse(-1);
    }
}
