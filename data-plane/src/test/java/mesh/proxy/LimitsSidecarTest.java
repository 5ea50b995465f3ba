package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.model.ApplyResult;
import mesh.model.HttpLimits;
import mesh.model.ListenerLimits;
import mesh.model.MeshSnapshot;
import mesh.model.RouteLimits;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What strangers may cost a listener of a sidecar in this process. */
class LimitsSidecarTest {

    private final Sidecar sidecar = new Sidecar(Env.system(), 2);
    private final TestUpstream upstream = new TestUpstream("done");

    @AfterEach
    void close() {
        sidecar.close();
        upstream.close();
    }

    @Test
    void aBodyThatSaysItIsTooLongNeverReachesTheUpstream() throws Exception {
        apply(Snapshots.http().limits(body(10)).to(upstream.address(), 1));
        try (RawClient client = client()) {
            assertThat(client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\n12345678901").readHead()).startsWith("HTTP/1.1 413 ");
        }
        assertThat(upstream.requests()).isZero();
    }

    @Test
    void aBodyThatTurnsOutTooLongIsCutOff() throws Exception {
        apply(Snapshots.http().limits(body(10)).to(upstream.address(), 1));
        try (RawClient client = client()) {
            client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\na\r\n1234567890\r\n");
            assertThat(client.send("1\r\n1\r\n").readHead()).startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void aBodyOfAsMuchAsMayBeGoesThrough() throws Exception {
        apply(Snapshots.http().limits(body(10)).to(upstream.address(), 1));
        try (RawClient client = client()) {
            assertThat(client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n1234567890").readHead()).startsWith("HTTP/1.1 200 ");
            client.readTo("done");
            client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\na\r\n1234567890\r\n0\r\n\r\n");
            assertThat(client.readHead()).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void aRoutesOwnLimitTakesThePlaceOfTheListeners() throws Exception {
        apply(Snapshots.http().limits(body(10)).routeLimits(new RouteLimits(Optional.empty(), 20)).to(upstream.address(), 1));
        try (RawClient client = client()) {
            String request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%s";
            assertThat(client.send(request.formatted(20, "x".repeat(20))).readHead()).startsWith("HTTP/1.1 200 ");
            client.readTo("done");
            assertThat(client.send(request.formatted(21, "x".repeat(21))).readHead()).startsWith("HTTP/1.1 413 ");
        }
    }

    @Test
    void oneConnectionMoreThanMayBeIsClosedAndOneThatEndsMakesRoom() throws Exception {
        apply(Snapshots.http().limits(new ListenerLimits(Optional.empty(), 0, 2, 0, HttpLimits.DEFAULT)).to(upstream.address(), 1));
        String request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        try (RawClient first = client(); RawClient second = client()) {
            assertThat(first.send(request).readTo("done")).startsWith("HTTP/1.1 200 ");
            assertThat(second.send(request).readTo("done")).startsWith("HTTP/1.1 200 ");
            try (RawClient third = client()) {
                assertThat(third.readAll()).isEmpty();
            }
            assertThat(metric("mesh_connections_refused_total", "web")).isEqualTo(1);
            assertThat(first.send(request).readTo("done")).as("those who are in stay").startsWith("HTTP/1.1 200 ");
        }
        await().untilAsserted(() -> {
            try (RawClient fourth = client()) {
                assertThat(fourth.send(request).readTo("done")).startsWith("HTTP/1.1 200 ");
            }
        });
    }

    @Test
    void aHeadIsAsLongAndHasAsManyFieldsAsItsListenerSays() throws Exception {
        HttpLimits narrow = new HttpLimits(1, 4, 100, Duration.ofSeconds(10), Duration.ofHours(1));
        apply(Snapshots.http().limits(new ListenerLimits(Optional.empty(), 0, 0, 0, narrow)).to(upstream.address(), 1));
        assertThat(answerTo("GET / HTTP/1.1\r\nhost: a\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n")).startsWith("HTTP/1.1 200 ");
        assertThat(answerTo("GET / HTTP/1.1\r\nhost: a\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\n")).startsWith("HTTP/1.1 431 ");
        assertThat(answerTo("GET / HTTP/1.1\r\nhost: a\r\na: " + "x".repeat(1024) + "\r\n\r\n")).startsWith("HTTP/1.1 431 ");
    }

    @Test
    void aClientThatSaysNothingIsKeptAsLongAsItsListenerSays() throws Exception {
        HttpLimits brief = new HttpLimits(64, 100, 100, Duration.ofSeconds(10), Duration.ofMillis(50));
        apply(Snapshots.http().limits(new ListenerLimits(Optional.empty(), 0, 0, 0, brief)).to(upstream.address(), 1));
        try (RawClient silent = client(); RawClient idle = client()) {
            assertThat(idle.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").readTo("done")).startsWith("HTTP/1.1 200 ");
            assertThat(silent.readAll()).isEmpty();
            assertThat(idle.readAll()).isEmpty();
        }
    }

    private String answerTo(String request) throws Exception {
        try (RawClient client = client()) {
            return client.send(request).readHead();
        }
    }

    private RawClient client() {
        return new RawClient(sidecar.bound().get("web"));
    }

    private static ListenerLimits body(long bytes) {
        return new ListenerLimits(Optional.empty(), 0, 0, bytes, HttpLimits.DEFAULT);
    }

    private void apply(Snapshots snapshots) {
        MeshSnapshot snapshot = snapshots.build();
        assertThat(sidecar.apply(snapshot)).isEqualTo(new ApplyResult.Applied(snapshot.version()));
    }

    private double metric(String name, String... labels) {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals(name) && sample.labelValues.equals(List.of(labels)))
            .mapToDouble(sample -> sample.value).findFirst().orElse(-1);
    }
}
