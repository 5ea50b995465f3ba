package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prometheus's own linter finds nothing wrong with what either plane exposes, after it has carried traffic. */
class MetricsJudgeIT {

    /** Names that are the framework's, of every program that uses it: not ours to change. */
    private static final List<String> FRAMEWORKS = List.of("process_cpu_time_ns_total ", "system_cpu_count ", "grpc_server_");

    @TempDir
    private Path dir;

    @Test
    void promtoolFindsNothingWrongWithEitherPlane() throws Exception {
        Judge promtool = Judge.find("promtool", "apt-get install prometheus");
        try (ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("control-plane")); HttpService application = new HttpService("ok")) {
            Address listen = Ports.free();
            Path config = Files.writeString(dir.resolve("mesh.yaml"), """
                proxy:
                  listen: "%s"
                  service: payments
                  upstreams:
                    - addr: "%s"
                  circuitBreaker: {}
                """.formatted(listen, application.address()));
            try (SidecarProcess sidecar = SidecarProcess.of(config)) {
                assertThat(get("http://" + listen + "/")).isEqualTo("ok");
                controlPlane.token("payments");
                String scraped = sidecar.metrics();
                assertThat(scraped).contains("mesh_requests_total{service=\"payments\",status=\"200\",} 1.0", "mesh_retry_budget_balance{");
                assertThat(wrong(promtool, scraped)).as("of the sidecar").isEmpty();

                String ofControlPlane = get("http://" + controlPlane.metrics() + "/metrics");
                assertThat(ofControlPlane).contains("mesh_config_version ");
                assertThat(wrong(promtool, ofControlPlane)).as("of the control plane").isEmpty();
            }
        }
    }

    private static List<String> wrong(Judge promtool, String metrics) {
        return promtool.ask(metrics, "check", "metrics").text().lines()
            .filter(line -> FRAMEWORKS.stream().noneMatch(line::startsWith)).toList();
    }

    private static String get(String url) throws Exception {
        // The text format, which promtool reads, and not OpenMetrics.
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url)).header("accept", "text/plain").build(),
            HttpResponse.BodyHandlers.ofString()).body();
    }
}
