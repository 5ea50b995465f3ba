package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mesh.v1.CircuitBreaker;
import mesh.v1.Config;
import mesh.v1.Retry;
import mesh.v1.Route;
import mesh.v1.RouteTable;
import mesh.v1.VirtualHost;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every instance of a service is restarted in turn, application and sidecar in every order of dying, under a steady load of HTTP/1.1,
 * HTTP/2 and gRPC from a meshed client whose route retries, with a new configuration and a restart of the control plane in between: no request
 * fails.
 */
@Tag("soak")
class RollingRestartIT {

    private enum Order { APPLICATION_FIRST, SIDECAR_FIRST, BOTH_AT_ONCE }

    private static final Order[] ORDERS = Order.values();
    /** Of one instance or the other, in turn; after six each has died in each order. */
    private static final int RESTARTS = Effort.of("restarts", ORDERS.length);

    @TempDir
    private Path dir;
    private Vertx vertx;
    private TestMesh mesh;
    private List<RestartableApp> instances;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx();
        instances = List.of(new RestartableApp(vertx, "payments-1"), new RestartableApp(vertx, "payments-2"));
        mesh = new TestMesh(dir, new ControlPlaneProcess(dir.resolve("control-plane")), "--drain-delay", "1s").web();
        for (RestartableApp each : instances) mesh.payments(each.name(), each.address());
    }

    @AfterEach
    void stop() throws Exception {
        mesh.close();
        for (RestartableApp each : instances) each.close();
        HttpCaller.await(vertx.close());
    }

    @Test
    void noRequestFails() throws Exception {
        push(1);
        try (MixedLoad load = new MixedLoad(vertx, new Identities(dir.resolve("none")), mesh.outbound())) {
            load.awaitMore(100);
            for (int i = 0; i < RESTARTS; i++) {
                RestartableApp instance = instances.get(i % instances.size());
                Order order = ORDERS[i % ORDERS.length];
                restart(instance, order, load);
                assertThat(load.failures()).as("%s of %s", order, instance.name()).isEmpty();
                push(2 + i);
                if (i % ORDERS.length == 1) restartControlPlane(load);
                assertThat(load.failures()).as("configuration, or control plane").isEmpty();
            }
            load.stop();
            System.out.printf("rolling restart: %d times, %s, with %.0f retries%n", RESTARTS, load,
                mesh.sidecar("web-1").metric("mesh_retries_total{outcome=\"retried\",}"));
            assertThat(load.failures()).isEmpty();
        }
    }

    private void restart(RestartableApp instance, Order order, MixedLoad load) throws Exception {
        MeshProcess sidecar = mesh.sidecar(instance.name()).process();
        switch (order) {
            case APPLICATION_FIRST -> {
                instance.stop();
                load.awaitMore(20);
                sidecar.terminate();
            }
            case SIDECAR_FIRST -> {
                sidecar.terminate();
                assertThat(sidecar.exitCode()).as(sidecar.log()).isZero();
                instance.stop();
            }
            case BOTH_AT_ONCE -> {
                sidecar.terminate();
                instance.stop();
            }
        }
        assertThat(sidecar.exitCode()).as(sidecar.log()).isZero();
        load.awaitMore(20);
        int before = instance.requests();
        // The sidecar first: it takes requests for an application that is not there yet.
        mesh.restart(instance.name());
        instance.start();
        await().atMost(Duration.ofMinutes(1)).until(() -> instance.requests() > before + 20);
    }

    private void restartControlPlane(MixedLoad load) throws Exception {
        mesh.controlPlane().process().terminate();
        assertThat(mesh.controlPlane().process().exitCode()).isZero();
        load.awaitMore(50);
        mesh.controlPlane().start();
    }

    private void push(int weight) {
        Config.Builder config = mesh.config(Map.of("payments-1", weight, "payments-2", weight)).toBuilder();
        config.getListenersBuilderList().stream().filter(listener -> listener.getName().equals("out"))
            .forEach(listener -> listener.clearCluster().setRoute("out"));
        config.addRoutes(RouteTable.newBuilder().setName("out").addVirtualHosts(VirtualHost.newBuilder().setName("all").addHosts("*")
            .addRoutes(Route.newBuilder().setName("all").setCluster("payments").setRetry(Retry.newBuilder().setAttempts(3)
                .addAllRetryOn(List.of("gateway-error", "refused-stream", "unavailable"))))));
        config.getClustersBuilderList().stream().filter(cluster -> cluster.getName().equals("payments"))
            .forEach(cluster -> cluster.setCircuitBreaker(CircuitBreaker.newBuilder().setWindowSize(20).setResetTimeout(Durations.fromSeconds(1))));
        mesh.push(config.build());
    }
}
