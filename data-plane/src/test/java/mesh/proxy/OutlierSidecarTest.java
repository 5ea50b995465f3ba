package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.model.ApplyResult;
import mesh.model.HealthPolicy;
import mesh.model.OutlierPolicy;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.proxy.upstream.Destination;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Outliers of a real sidecar with real upstreams. */
class OutlierSidecarTest {

    private final Sidecar sidecar = new Sidecar(Env.system(), 2);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final TestUpstream good = new TestUpstream("good");
    private final TestUpstream second = new TestUpstream("good");
    private final TestUpstream bad = new TestUpstream(exchange -> TestUpstream.text(exchange, 500, "bad"));

    @AfterEach
    void close() {
        sidecar.close();
        List.of(good, second, bad).forEach(TestUpstream::close);
    }

    @Test
    void anEndpointThatFailsFiveTimesInARowGetsNoMoreRequests() throws Exception {
        apply(snapshots(Duration.ofSeconds(30)));
        for (int i = 0; i < 60; i++) get();

        assertThat(bad.requests()).isEqualTo(5);
        assertThat(value("mesh_outlier_ejections_total", bad.address().toString(), "consecutive_5xx")).isEqualTo(1);
        assertThat(value("mesh_outlier_ejections_active", bad.address().toString())).isEqualTo(1);
        assertThat(value("mesh_outlier_ejections_active", good.address().toString())).isEqualTo(0);
    }

    @Test
    void aPushThatKeepsTheEndpointKeepsItOut() throws Exception {
        apply(snapshots(Duration.ofSeconds(30)));
        for (int i = 0; i < 60; i++) get();
        TestUpstream fourth = new TestUpstream("good");
        try (fourth) {
            apply(snapshots(Duration.ofSeconds(30)).version(2).to(fourth.address(), 1));
            for (int i = 0; i < 60; i++) assertThat(get()).isEqualTo(200);
        }
        assertThat(bad.requests()).isEqualTo(5);
    }

    @Test
    void itIsAskedAgainWhenItsTimeIsOver() throws Exception {
        apply(snapshots(Duration.ofMillis(300)));
        for (int i = 0; i < 60 && destination(bad).isHealthy(); i++) get();
        bad.behave(exchange -> TestUpstream.text(exchange, 200, "good again"));
        await().atMost(Duration.ofSeconds(10)).until(() -> destination(bad).isHealthy());
        assertThat(value("mesh_outlier_ejections_total", bad.address().toString(), "consecutive_5xx")).isEqualTo(1);
        for (int i = 0; i < 6; i++) assertThat(get()).isEqualTo(200);
        assertThat(bad.requests()).isEqualTo(7);
    }

    private Snapshots snapshots(Duration ejection) {
        OutlierPolicy policy = new OutlierPolicy(5, 0, false, 5, Duration.ofMillis(50), ejection, Duration.ofSeconds(300), Duration.ZERO, 10,
            true, Optional.empty(), Optional.empty());
        return Snapshots.http().health(new HealthPolicy(Optional.of(policy)))
            .to(good.address(), 1).to(second.address(), 1).to(bad.address(), 1);
    }

    private Destination destination(TestUpstream upstream) {
        return sidecar.tables().clusters().get("payments").destinations().stream()
            .filter(each -> each.upstream().address().equals(upstream.address())).findFirst().orElseThrow();
    }

    private double value(String metric, String... labels) {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals(metric) && sample.labelValues.equals(List.of(labels)))
            .findFirst().orElseThrow().value;
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private int get() throws Exception {
        URI uri = URI.create("http://" + sidecar.bound().get("web") + "/");
        return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
