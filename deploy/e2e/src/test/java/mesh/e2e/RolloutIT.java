package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import mesh.model.Address;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.Endpoint;
import mesh.v1.GetConfigRequest;
import mesh.v1.Listener;
import mesh.v1.RolloutConfigRequest;
import mesh.v1.RolloutProgress;
import mesh.v1.Route;
import mesh.v1.RouteTable;
import mesh.v1.Scope;
import mesh.v1.VirtualHost;
import mesh.v1.WeightedCluster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is bad and rolled out in waves under load stops in the first, and is taken back by itself: by errors, of gRPC too, or by slowness. */
class RolloutIT {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final List<String> NODES = List.of("web-1", "web-2", "web-3");

    @TempDir
    private Path dir;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final Map<String, Address> listens = new LinkedHashMap<>();
    private ControlPlaneProcess controlPlane;
    private long version;

    @AfterEach
    void stop() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) opened.get(i).close();
    }

    @Test
    void aBadWeightStopsInTheFirstWave() throws Exception {
        HttpService good = opened(new HttpService("good"));
        HttpService bad = opened(new HttpService(0, exchange -> HttpService.text(exchange, 500, "bad")));
        begin(good.address(), bad.address());
        Map<String, Load> loads = loads();

        RolloutProgress end = rollOut(good.address(), bad.address(), "error-rate>2%");

        assertThat(end.getReason()).startsWith("error-rate: ").contains("(expected: at most 2%)");
        String first = end.getGiven(0);
        loads.forEach((node, load) -> {
            if (node.equals(first)) assertThat(load.failures()).as("whoever was given it has seen it").isNotEmpty();
            else assertThat(load.failures()).as("%s was not given it", node).isEmpty();
        });
        assertTakenBack(loads.get(first), bad);
    }

    @Test
    void slownessStopsItInTheFirstWaveToo() throws Exception {
        HttpService good = opened(new HttpService("good"));
        HttpService slow = opened(new HttpService(0, exchange -> {
            LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
            HttpService.text(exchange, "slow");
        }));
        begin(good.address(), slow.address());
        Map<String, Load> loads = loads();

        RolloutProgress end = rollOut(good.address(), slow.address(), "p99>900ms");

        assertThat(end.getReason()).matches("p99: [0-9]+ms of [0-9]+ requests \\(expected: at most 900ms\\)");
        assertThat(loads.values()).allSatisfy(load -> assertThat(load.failures()).isEmpty());
        assertTakenBack(loads.get(end.getGiven(0)), slow);
    }

    /** Each is answered with 200, and says in its trailers that it has failed. */
    @Test
    void grpcCallsThatFailStopItInTheFirstWaveToo() throws Exception {
        GrpcService good = opened(new GrpcService("good"));
        GrpcService bad = opened(GrpcService.failing("bad"));
        begin(good.address(), bad.address());
        for (Address address : listens.values()) opened(new Calls(address));
        await().atMost(PATIENCE).until(() -> good.calls() > 60);

        RolloutProgress end = rollOut(good.address(), bad.address(), "error-rate>2%");

        assertThat(end.getReason()).startsWith("error-rate: ").contains("(expected: at most 2%)");
        int before = bad.calls();
        int answered = good.calls();
        await().atMost(PATIENCE).until(() -> good.calls() > answered + 300);
        assertThat(bad.calls() - before).as("calls of the bad one after it was taken back").isLessThanOrEqualTo(3);
    }

    /** Three sidecars that send all to the first. */
    private void begin(Address good, Address bad) throws Exception {
        controlPlane = opened(new ControlPlaneProcess(dir.resolve("data")));
        for (String node : NODES) {
            listens.put(node, Ports.free());
            opened(SidecarProcess.of(controlPlane, "web", node, dir));
        }
        version = controlPlane.apply(config(listens, good, bad, 0));
        controlPlane.awaitSync(version, NODES.toArray(String[]::new));
    }

    private Map<String, Load> loads() {
        Map<String, Load> loads = new LinkedHashMap<>();
        listens.forEach((node, address) -> loads.put(node, opened(Load.start(address, "/", 2, 5))));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(loads.values()).allSatisfy(load -> assertThat(load.count("good")).isGreaterThan(20)));
        return loads;
    }

    /** Half of it to the second one. @return how it ended: in the first wave, with what was before in force again */
    private RolloutProgress rollOut(Address good, Address bad, String abortOn) {
        Iterator<RolloutProgress> progress = AdminServiceGrpc.newBlockingStub(controlPlane.channel()).rolloutConfig(RolloutConfigRequest.newBuilder()
            .setApply(ApplyConfigRequest.newBuilder().setConfig(config(listens, good, bad, 50)).setMessage("half of it to the new one"))
            .addWaves("30%").addWaves("100%").setBake(Durations.fromSeconds(120)).addAbortOn("rejections").addAbortOn(abortOn).build());
        RolloutProgress end = RolloutProgress.getDefaultInstance();
        while (progress.hasNext()) end = progress.next();
        assertThat(end.getState()).as("%s", end).isEqualTo("aborted");
        assertThat(end.getWave()).isEqualTo(1);
        assertThat(end.getGivenList()).hasSize(1);
        controlPlane.awaitSync(end.getRollbackVersion(), NODES.toArray(String[]::new));
        assertThat(controlPlane.admin().getConfig(GetConfigRequest.getDefaultInstance()).getConfig())
            .isEqualTo(controlPlane.admin().getConfig(GetConfigRequest.newBuilder().setVersion(version).build()).getConfig());
        return end;
    }

    private static void assertTakenBack(Load load, HttpService bad) {
        int before = bad.requests();
        int answered = load.count("good");
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(load.count("good")).isGreaterThan(answered + 100));
        assertThat(bad.requests() - before).as("requests to the bad one after it was taken back").isLessThanOrEqualTo(2);
    }

    /** Calls a gRPC service again and again, however it answers. */
    private static final class Calls implements AutoCloseable {

        private final ManagedChannel channel;
        private final Thread thread = new Thread(this::run, "calls");

        Calls(Address target) {
            channel = NettyChannelBuilder.forAddress(target.host(), target.port()).usePlaintext().build();
            thread.start();
        }

        private void run() {
            while (!Thread.currentThread().isInterrupted()) {
                try {
                    GrpcService.callNow(channel);
                } catch (StatusRuntimeException e) {
                    // What is asked here is what the sidecar makes of it.
                }
                LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
            }
        }

        @Override
        public void close() throws InterruptedException {
            thread.interrupt();
            channel.shutdownNow();
            thread.join();
        }
    }

    /** Each node has a listener, which sends what it takes to two services, so much of it to the bad one. */
    static Config config(Map<String, Address> listens, Address good, Address bad, int badWeight) {
        Config.Builder config = Config.newBuilder();
        listens.forEach((node, address) -> config.addListeners(Listener.newBuilder().setName(node).setListen(address.toString())
            .setScope(Scope.newBuilder().setWorkload("web").setNode(node)).setRoute("outbound")));
        return config
            .addRoutes(RouteTable.newBuilder().setName("outbound").addVirtualHosts(VirtualHost.newBuilder().setName("all").addHosts("*")
                .addRoutes(Route.newBuilder().setName("all").setPrefix("/")
                    .addWeightedClusters(WeightedCluster.newBuilder().setCluster("good").setWeight(100 - badWeight))
                    .addWeightedClusters(WeightedCluster.newBuilder().setCluster("bad").setWeight(badWeight)))))
            .addClusters(Cluster.newBuilder().setName("good").addEndpoints(Endpoint.newBuilder().setAddress(good.toString())))
            .addClusters(Cluster.newBuilder().setName("bad").addEndpoints(Endpoint.newBuilder().setAddress(bad.toString())))
            .build();
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        opened.add(closeable);
        return closeable;
    }
}
