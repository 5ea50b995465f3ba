package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.AccessLogPolicy;
import mesh.model.ApplyResult;
import mesh.model.ConnectionPolicy;
import mesh.model.Percent;
import mesh.model.RetryBudgetPolicy;
import mesh.model.RetryLimits;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.UpstreamProtocol;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a real sidecar asks of a cluster at once, and how long it uses its connections. */
class ClusterLimitsSidecarTest {

    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final RetryPolicy TWICE = new RetryPolicy(2, Duration.ZERO, Set.of(RetryOn.FIVE_XX), Set.of(), Duration.ZERO, Duration.ZERO);
    private static final RetryBudgetPolicy NO_BUDGET = new RetryBudgetPolicy(0, 0, Duration.ofSeconds(10));

    @TempDir
    private Path directory;
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void close() {
        release.countDown();
        sidecar.close();
    }

    @Test
    void aRequestTooManyIsRefusedAndCounted() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        try (TestUpstream upstream = new TestUpstream(exchange -> {
            hold(busy);
            TestUpstream.text(exchange, 200, "");
        })) {
            apply(Snapshots.http().connections(connections(1024, 1024, 1)).to(upstream.address(), 1));
            CompletableFuture<HttpResponse<Void>> first = ask();
            assertThat(busy.await(10, TimeUnit.SECONDS)).isTrue();
            assertOverloaded(ask().join());
            assertThat(overflow("requests")).isEqualTo(1);
            release.countDown();
            assertThat(first.join().statusCode()).isEqualTo(200);
            assertThat(ask().join().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aRequestThatMayNotWaitForAConnectionIsRefusedAndBothLimitsAreCounted() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        try (TestUpstream upstream = new TestUpstream(exchange -> {
            hold(busy);
            TestUpstream.text(exchange, 200, "");
        })) {
            apply(Snapshots.http().connections(connections(1, 0, 1024)).to(upstream.address(), 1));
            CompletableFuture<HttpResponse<Void>> first = ask();
            assertThat(busy.await(10, TimeUnit.SECONDS)).isTrue();
            assertOverloaded(ask().join());
            assertThat(overflow("connections")).isEqualTo(1);
            assertThat(overflow("pending_requests")).isEqualTo(1);
            release.countDown();
            assertThat(first.join().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void onlySoManyRequestsAreRetriedAtOnce() throws Exception {
        AtomicInteger tries = new AtomicInteger();
        CountDownLatch busy = new CountDownLatch(1);
        try (TestUpstream upstream = new TestUpstream(exchange -> {
            if (tries.incrementAndGet() == 2) {
                hold(busy);
                TestUpstream.text(exchange, 200, "");
            } else {
                TestUpstream.text(exchange, 503, "");
            }
        })) {
            apply(Snapshots.http().retry(TWICE).retryLimits(new RetryLimits(RetryBudgetPolicy.DEFAULT, 1)).to(upstream.address(), 1)
                .log(new AccessLogPolicy(AccessLogPolicy.Format.TEXT, directory.resolve("a.log").toString(), Percent.ALL, true)));
            CompletableFuture<HttpResponse<Void>> first = ask();
            assertThat(busy.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(ask().join().statusCode()).as("there is no room to retry").isEqualTo(503);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(directory.resolve("a.log")).content().contains(" 503 UO "));
            assertThat(tries).hasValue(3);
            assertThat(overflow("retries")).isEqualTo(1);
            assertThat(value("mesh_retries_total", "overflow")).isEqualTo(1);
            release.countDown();
            assertThat(first.join().statusCode()).isEqualTo(200);
            assertThat(ask().join().statusCode()).isEqualTo(503);
            assertThat(tries).as("there is room again").hasValue(5);
            assertThat(sidecar.tables().clusters().get("payments").load().retries()).isZero();
        }
    }

    @Test
    void aBudgetIsObeyedAndChangedLiveAndIsKeptByAPushThatKeepsIt() throws Exception {
        try (TestUpstream upstream = new TestUpstream(exchange -> TestUpstream.text(exchange, 503, ""))) {
            apply(Snapshots.http().retry(TWICE).retryLimits(new RetryLimits(NO_BUDGET, 0)).to(upstream.address(), 1));
            ask().join();
            assertThat(upstream.requests()).isEqualTo(1);
            assertThat(value("mesh_retries_total", "no_budget")).isEqualTo(1);
            apply(Snapshots.http().version(2).retry(TWICE).to(upstream.address(), 1));
            ask().join();
            assertThat(upstream.requests()).isEqualTo(3);
            var budget = sidecar.tables().clusters().get("payments").budget();
            apply(Snapshots.http().version(3).retry(TWICE).retryLimits(new RetryLimits(RetryBudgetPolicy.DEFAULT, 9)).to(upstream.address(), 1));
            assertThat(sidecar.tables().clusters().get("payments").budget()).isSameAs(budget);
        }
    }

    @Test
    void aConnectionIsUsedForSoManyRequestsAndNoMore() throws Exception {
        ConnectionPolicy policy = new ConnectionPolicy(
            Duration.ofSeconds(5), Optional.of(Duration.ofMinutes(1)), UpstreamProtocol.HTTP1, 9, 9, 9, 2, Optional.empty());
        try (RawServer server = new RawServer()) {
            apply(Snapshots.http().connections(policy).to(server.address(), 1));
            for (int connections = 0; connections < 2; connections++) {
                CompletableFuture<HttpResponse<Void>> first = ask();
                try (RawClient connection = server.accept()) {
                    answer(connection, first);
                    answer(connection, ask());
                    assertThat(connection.readAll()).as("closed by the sidecar").isEmpty();
                }
            }
        }
    }

    @Test
    void aConnectionIsUsedForSoLongAndNoLonger() throws Exception {
        ConnectionPolicy policy = new ConnectionPolicy(
            Duration.ofSeconds(5), Optional.of(Duration.ofMinutes(1)), UpstreamProtocol.HTTP1, 9, 9, 9, 0, Optional.of(Duration.ofMillis(50)));
        try (RawServer server = new RawServer()) {
            apply(Snapshots.http().connections(policy).to(server.address(), 1));
            CompletableFuture<HttpResponse<Void>> first = ask();
            try (RawClient connection = server.accept()) {
                answer(connection, first);
                assertThat(connection.readAll()).as("closed by the sidecar").isEmpty();
            }
            await().atMost(PATIENCE).until(() -> sidecar.tables().clusters().get("payments").load().connections() == 0);
        }
    }

    private static void answer(RawClient connection, CompletableFuture<HttpResponse<Void>> request) throws Exception {
        connection.readTo("\r\n\r\n");
        connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        assertThat(request.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }

    /** Says that it has come, and waits until it may go on. */
    private void hold(CountDownLatch come) {
        come.countDown();
        try {
            release.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void assertOverloaded(HttpResponse<Void> answer) {
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.headers().firstValue("x-envoy-overloaded")).contains("true");
    }

    private static ConnectionPolicy connections(int connections, int pending, int requests) {
        return new ConnectionPolicy(Duration.ofSeconds(5), Optional.empty(), UpstreamProtocol.HTTP1, connections, pending, requests);
    }

    private double overflow(String limit) {
        return value("mesh_cluster_overflow_total", "payments", limit);
    }

    private double value(String metric, String... labels) {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals(metric) && sample.labelValues.equals(List.of(labels)))
            .findFirst().orElseThrow().value;
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private CompletableFuture<HttpResponse<Void>> ask() {
        URI uri = URI.create("http://" + sidecar.bound().get("web") + "/");
        return http.sendAsync(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding());
    }
}
