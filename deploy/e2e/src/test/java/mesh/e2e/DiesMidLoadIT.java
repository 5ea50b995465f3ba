package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import mesh.v1.CircuitBreaker;
import mesh.v1.Config;
import mesh.v1.Retry;
import mesh.v1.Route;
import mesh.v1.RouteTable;
import mesh.v1.VirtualHost;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One of three instances is killed while requests are on their way to it, and nobody notices; when it is back it gets its share. */
class DiesMidLoadIT {

    private static final int CLIENTS = 6;

    @TempDir
    private Path dir;

    @Test
    void killedItCostsNoIdempotentRequestAndBackItGetsItsShare() throws Exception {
        try (HttpService one = new HttpService("payments-1"); HttpService two = new HttpService("payments-2"); HttpService three = new HttpService("payments-3");
            TestMesh mesh = new TestMesh(dir)) {
            mesh.web().payments("payments-1", one.address()).payments("payments-2", two.address()).payments("payments-3", three.address());
            mesh.push(withPolicies(mesh.config(Map.of("payments-1", 1, "payments-2", 1, "payments-3", 1))));
            try (Load load = Load.start(mesh.outbound(), "/", CLIENTS, 1)) {
                load.awaitMore(600);
                mesh.sidecar("payments-2").process().kill();
                int killed = load.answered();
                load.awaitMore(3000);
                int without = load.answered() - killed;
                int seen = two.requests();

                mesh.restart("payments-2");
                await().atMost(Duration.ofMinutes(1)).until(() -> two.requests() > seen + 100);
                load.stop();
                System.out.printf("one of three killed under load: %d requests, %d failed; %d while it was away, with %.0f retries; %d to it when it was back%n",
                    load.ended(), load.failures().size(), without, mesh.sidecar("web-1").metric("mesh_retries_total{outcome=\"retried\",}"), two.requests() - seen);
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                assertThat(mesh.sidecar("web-1").metric("mesh_retries_total{outcome=\"retried\",}")).as("tries that it took").isPositive();
            }
        }
    }

    /** Tries elsewhere what failed, and asks a dead instance once a second, so that the retries' budget is enough. */
    private static Config withPolicies(Config config) {
        Config.Builder builder = config.toBuilder();
        builder.getListenersBuilderList().stream().filter(listener -> listener.getName().equals("out"))
            .forEach(listener -> listener.clearCluster().setRoute("out"));
        builder.addRoutes(RouteTable.newBuilder().setName("out").addVirtualHosts(VirtualHost.newBuilder().setName("all").addHosts("*")
            .addRoutes(Route.newBuilder().setName("all").setCluster("payments").setRetry(Retry.newBuilder().setAttempts(3)))));
        builder.getClustersBuilderList().stream().filter(cluster -> cluster.getName().equals("payments"))
            .forEach(cluster -> cluster.setCircuitBreaker(CircuitBreaker.newBuilder().setWindowSize(20).setResetTimeout(Durations.fromSeconds(1))));
        return builder.build();
    }
}
