package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

/** A bad weight that is rolled out in waves under load stops in the first, and is taken back by itself. */
class RolloutIT {

    private static final List<String> NODES = List.of("web-1", "web-2", "web-3");

    @TempDir
    private Path dir;
    private final List<AutoCloseable> opened = new ArrayList<>();

    @AfterEach
    void stop() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) opened.get(i).close();
    }

    @Test
    void aBadWeightStopsInTheFirstWave() throws Exception {
        HttpService good = opened(new HttpService("good"));
        HttpService bad = opened(new HttpService(0, exchange -> HttpService.text(exchange, 500, "bad")));
        ControlPlaneProcess controlPlane = opened(new ControlPlaneProcess(dir.resolve("data")));
        Map<String, Address> listens = new LinkedHashMap<>();
        for (String node : NODES) {
            listens.put(node, Ports.free());
            opened(SidecarProcess.of(controlPlane, "web", node, dir));
        }
        long version = controlPlane.apply(config(listens, good, bad, 0));
        controlPlane.awaitSync(version, NODES.toArray(String[]::new));
        Map<String, Load> loads = new LinkedHashMap<>();
        listens.forEach((node, address) -> loads.put(node, opened(Load.start(address, "/", 2, 5))));
        await().untilAsserted(() -> assertThat(loads.values()).allSatisfy(load -> assertThat(load.count("good")).isGreaterThan(20)));

        Iterator<RolloutProgress> progress = AdminServiceGrpc.newBlockingStub(controlPlane.channel()).rolloutConfig(RolloutConfigRequest.newBuilder()
            .setApply(ApplyConfigRequest.newBuilder().setConfig(config(listens, good, bad, 50)).setMessage("half of it to the new one"))
            .addWaves("30%").addWaves("100%").setBake(Durations.fromSeconds(120)).addAbortOn("rejections").addAbortOn("error-rate>2%").build());
        RolloutProgress end = RolloutProgress.getDefaultInstance();
        while (progress.hasNext()) end = progress.next();

        assertThat(end.getState()).as("%s", end).isEqualTo("aborted");
        assertThat(end.getReason()).startsWith("error-rate: ").contains("(expected: at most 2%)");
        assertThat(end.getWave()).isEqualTo(1);
        assertThat(end.getGivenList()).hasSize(1);
        controlPlane.awaitSync(end.getRollbackVersion(), NODES.toArray(String[]::new));
        assertThat(controlPlane.admin().getConfig(GetConfigRequest.getDefaultInstance()).getConfig())
            .isEqualTo(controlPlane.admin().getConfig(GetConfigRequest.newBuilder().setVersion(version).build()).getConfig());
        String first = end.getGiven(0);
        loads.forEach((node, load) -> {
            if (node.equals(first)) assertThat(load.failures()).as("whoever was given it has seen it").isNotEmpty();
            else assertThat(load.failures()).as("%s was not given it", node).isEmpty();
        });
        int before = bad.requests();
        int answered = loads.get(first).count("good");
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(loads.get(first).count("good")).isGreaterThan(answered + 100));
        assertThat(bad.requests() - before).as("requests to the bad one after it was taken back").isLessThanOrEqualTo(2);
    }

    /** Each node has a listener, which sends what it takes to two services, so much of it to the bad one. */
    static Config config(Map<String, Address> listens, HttpService good, HttpService bad, int badWeight) {
        Config.Builder config = Config.newBuilder();
        listens.forEach((node, address) -> config.addListeners(Listener.newBuilder().setName(node).setListen(address.toString())
            .setScope(Scope.newBuilder().setWorkload("web").setNode(node)).setRoute("outbound")));
        return config
            .addRoutes(RouteTable.newBuilder().setName("outbound").addVirtualHosts(VirtualHost.newBuilder().setName("all").addHosts("*")
                .addRoutes(Route.newBuilder().setName("all").setPrefix("/")
                    .addWeightedClusters(WeightedCluster.newBuilder().setCluster("good").setWeight(100 - badWeight))
                    .addWeightedClusters(WeightedCluster.newBuilder().setCluster("bad").setWeight(badWeight)))))
            .addClusters(Cluster.newBuilder().setName("good").addEndpoints(Endpoint.newBuilder().setAddress(good.address().toString())))
            .addClusters(Cluster.newBuilder().setName("bad").addEndpoints(Endpoint.newBuilder().setAddress(bad.address().toString())))
            .build();
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        opened.add(closeable);
        return closeable;
    }
}
