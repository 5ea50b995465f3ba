package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who calls a workload knows that its sidecar leaves before it does, so that not even a client that tries nothing twice notices. */
class DrainToldIT {

    @TempDir
    private Path dir;

    @Test
    void aClientWithoutRetriesNoticesNothing() throws Exception {
        Vertx vertx = Vertx.vertx();
        try (RestartableApp one = new RestartableApp(vertx, "payments-1"); RestartableApp two = new RestartableApp(vertx, "payments-2");
            TestMesh mesh = new TestMesh(dir, new ControlPlaneProcess(dir.resolve("control-plane")), "--drain-delay", "1s")) {
            mesh.web().payments("payments-1", one.address()).payments("payments-2", two.address());
            mesh.push(Map.of("payments-1", 1, "payments-2", 1));
            try (MixedLoad load = new MixedLoad(vertx, new Identities(dir.resolve("none")), mesh.outbound())) {
                load.awaitMore(50);
                MeshProcess leaving = mesh.sidecar("payments-1").process();
                leaving.terminate();
                await().atMost(Duration.ofSeconds(30)).until(() -> drains(mesh, "payments-1"));
                assertThat(leaving.exitCode()).as(leaving.log()).isZero();
                assertThat(leaving.log()).contains("draining: 1 endpoints, known to everyone who is connected");
                int seen = one.requests();
                load.awaitMore(50);
                assertThat(one.requests()).isEqualTo(seen);

                mesh.restart("payments-1");
                load.awaitMore(50);
                await().atMost(Duration.ofSeconds(30)).until(() -> one.requests() > seen + 20);
                assertThat(drains(mesh, "payments-1")).isFalse();
                load.stop();
                System.out.printf("a sidecar left and came back: %s, without a retry%n", load);
                assertThat(load.failures()).isEmpty();
                assertThat(mesh.sidecar("web-1").sum("mesh_retries_total")).isLessThanOrEqualTo(0);
            }
        } finally {
            HttpCaller.await(vertx.close());
        }
    }

    /** Whether web knows that an instance leaves. */
    private static boolean drains(TestMesh mesh, String node) throws IOException, InterruptedException {
        return mesh.sidecar("web-1").admin("/clusters").lines()
            .anyMatch(line -> line.contains(mesh.inbound(node).toString()) && line.contains("/eds_status_draining"));
    }
}
