package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.DownstreamTls;
import mesh.v1.Endpoint;
import mesh.v1.HealthCheck;
import mesh.v1.HttpCheck;
import mesh.v1.Listener;
import mesh.v1.Scope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code web} calls two instances of {@code payments}, each behind a sidecar of its own. One of them fails its health checks while it
 * still answers requests.
 */
class HealthCheckIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path dir;

    /** One instance of the service, which may say that it is not well. */
    private static final class Instance implements AutoCloseable {

        final HttpService http;
        final AtomicInteger served = new AtomicInteger();
        volatile boolean well = true;

        Instance(String name) throws Exception {
            http = new HttpService(0, exchange -> {
                if (!exchange.getRequestURI().getPath().equals("/healthz")) {
                    served.incrementAndGet();
                    HttpService.text(exchange, name);
                } else if (well) {
                    HttpService.text(exchange, "well");
                } else {
                    exchange.sendResponseHeaders(503, -1);
                }
            });
        }

        @Override
        public void close() {
            http.close();
        }
    }

    @Test
    void anInstanceThatFailsItsChecksGetsNothingUntilItPassesThemAndNoRequestFails() throws Exception {
        Address outbound = Ports.free();
        Address first = Ports.free();
        Address second = Ports.free();
        try (Instance good = new Instance("good"); Instance sick = new Instance("sick");
            ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("control-plane"));
            SidecarProcess one = SidecarProcess.of(controlPlane, "payments", "payments-1", dir);
            SidecarProcess two = SidecarProcess.of(controlPlane, "payments", "payments-2", dir);
            SidecarProcess web = SidecarProcess.of(controlPlane, "web", "web-1", dir)) {
            Config.Builder config = Config.newBuilder()
                .addListeners(Listener.newBuilder().setName("out").setListen(outbound.toString()).setCluster("payments")
                    .setScope(Scope.newBuilder().setWorkload("web")))
                .addClusters(Cluster.newBuilder().setName("payments").setConnectTimeout(Durations.fromSeconds(10))
                    .setHealthCheck(HealthCheck.newBuilder().setHttp(HttpCheck.newBuilder().setPath("/healthz"))
                        .setInterval(Durations.fromMillis(100))
                        .setNoTrafficInterval(Durations.fromMillis(100)).setTimeout(Durations.fromSeconds(10)))
                    .addEndpoints(endpoint(first)).addEndpoints(endpoint(second)));
            inbound(config, "payments-1", first, good);
            inbound(config, "payments-2", second, sick);
            controlPlane.awaitSync(controlPlane.apply(config.build()), "payments-1", "payments-2", "web-1");
            await().atMost(PATIENCE).until(() -> healthy(web, first) == 1 && healthy(web, second) == 1);

            try (Load load = Load.start(outbound, "/pay", 2, 1)) {
                await().atMost(PATIENCE).until(() -> good.served.get() > 20 && sick.served.get() > 20);

                int seen = web.process().linesSoFar();
                sick.well = false;
                web.process().awaitLine(Pattern.compile("endpoint unhealthy: cluster payments, " + second + ", status 503 to GET /healthz"), seen);
                // What was on its way.
                load.awaitMore(20);
                int served = sick.served.get();
                load.awaitMore(300);
                assertThat(sick.served.get()).isEqualTo(served);

                sick.well = true;
                await().atMost(PATIENCE).until(() -> sick.served.get() > served + 20);
                load.stop();
                assertThat(load.failures()).isEmpty();
            }
            assertThat(healthy(web, second)).isEqualTo(1);
        }
    }

    private static double healthy(SidecarProcess web, Address endpoint) throws Exception {
        return web.metric("mesh_upstream_healthy{upstream=\"" + endpoint + "\",}");
    }

    private static Endpoint.Builder endpoint(Address inbound) {
        return Endpoint.newBuilder().setAddress(inbound.toString()).setSpiffeId("spiffe://mesh.local/payments");
    }

    private static void inbound(Config.Builder config, String node, Address listen, Instance application) {
        config.addListeners(Listener.newBuilder().setName(node).setListen(listen.toString()).setCluster(node + "-app").setService("payments")
            .setScope(Scope.newBuilder().setWorkload("payments").setNode(node)).setTls(DownstreamTls.getDefaultInstance()));
        config.addClusters(Cluster.newBuilder().setName(node + "-app")
            .addEndpoints(Endpoint.newBuilder().setAddress(application.http.address().toString())));
    }
}
