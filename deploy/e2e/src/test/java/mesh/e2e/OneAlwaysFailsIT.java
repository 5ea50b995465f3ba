package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import java.nio.file.Path;
import java.time.Duration;
import mesh.v1.CircuitBreaker;
import mesh.v1.Cluster;
import mesh.v1.Retry;
import mesh.v1.Route;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One of three instances answers nothing but 503: its breaker keeps requests from it, and no client sees a failure. */
class OneAlwaysFailsIT {

    private static final int CLIENTS = 4;
    private static final int WINDOW = 20;
    private static final int PROBES = 3;

    @TempDir
    private Path dir;

    @Test
    void onlyProbesReachIt() throws Exception {
        try (HttpService one = new HttpService("one"); HttpService two = new HttpService("two");
            HttpService bad = new HttpService(0, exchange -> HttpService.text(exchange, 503, "bad"));
            PolicyMesh mesh = new PolicyMesh(dir)) {
            mesh.push(Route.newBuilder().setRetry(Retry.newBuilder().setAttempts(3)).build(),
                Cluster.newBuilder().setCircuitBreaker(CircuitBreaker.newBuilder().setWindowSize(WINDOW).setResetTimeout(Durations.fromSeconds(1))).build(),
                one.address(), bad.address(), two.address());
            try (Load load = Load.start(mesh.outbound(), "/", CLIENTS, 1)) {
                await().atMost(Duration.ofMinutes(1)).until(() -> transitions(mesh, bad, "half_open") >= PROBES);
                load.stop();

                int probes = (int) transitions(mesh, bad, "half_open");
                System.out.printf("one of three always fails: %d requests, %d failures seen by clients; %d reached it, %d of them probes%n",
                    load.ended(), load.failures().size(), bad.requests(), probes);
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                // The window fills with failures and opens with the last of them, while other clients may have sent it one more each.
                assertThat(bad.requests() - probes).as("requests that were no probes, of %d", load.answered()).isBetween(WINDOW, WINDOW + CLIENTS - 1);
                assertThat(transitions(mesh, bad, "closed")).isLessThanOrEqualTo(0);
                assertThat(mesh.web().metric("mesh_circuit_breaker_state{upstream=\"" + bad.address() + "\",}")).isEqualTo(1);
                assertThat(mesh.web().sum("mesh_circuit_breaker_state{")).as("breakers that are open").isEqualTo(1);
            }
        }
    }

    private static double transitions(PolicyMesh mesh, HttpService of, String to) throws Exception {
        return mesh.web().metric("mesh_circuit_breaker_transitions_total{upstream=\"" + of.address() + "\",to=\"" + to + "\",}");
    }
}
