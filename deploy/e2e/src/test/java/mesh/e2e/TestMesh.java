package mesh.e2e;

import com.google.protobuf.util.Durations;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.DownstreamTls;
import mesh.v1.Endpoint;
import mesh.v1.Listener;
import mesh.v1.Route;
import mesh.v1.RouteTable;
import mesh.v1.Scope;
import mesh.v1.VirtualHost;

/**
 * {@code web} calls {@code payments} over mTLS: a control plane, web's sidecar and one for each instance of payments, all processes. The
 * applications are the test's own.
 */
final class TestMesh implements AutoCloseable {

    private final Path dir;
    private final ControlPlaneProcess controlPlane;
    private final String[] sidecarOptions;
    private final Map<String, SidecarProcess> sidecars = new LinkedHashMap<>();
    private final Map<String, Address> inbound = new LinkedHashMap<>();
    private final Map<String, Address> applications = new LinkedHashMap<>();
    private final Address outbound = Ports.free();
    private boolean tcp;

    TestMesh(Path dir, String... controlPlaneOptions) throws IOException {
        this(dir, new ControlPlaneProcess(dir.resolve("control-plane"), controlPlaneOptions));
    }

    /** @param sidecarOptions of every sidecar, beside those that lead it to this control plane */
    TestMesh(Path dir, ControlPlaneProcess controlPlane, String... sidecarOptions) throws IOException {
        this.dir = dir;
        this.controlPlane = controlPlane;
        this.sidecarOptions = sidecarOptions;
    }

    /** Bytes pass as they come, without HTTP. */
    TestMesh tcp() {
        tcp = true;
        return this;
    }

    /** Starts the sidecar of web. */
    TestMesh web() throws IOException {
        sidecars.put("web-1", SidecarProcess.of(controlPlane, "web", "web-1", dir, sidecarOptions));
        return this;
    }

    /** Starts the sidecar of an instance of payments, for an application. */
    TestMesh payments(String node, Address application) throws IOException {
        return payments(node, application, controlPlane);
    }

    /** As above, at another replica of the control plane. */
    TestMesh payments(String node, Address application, ControlPlaneProcess replica) throws IOException {
        applications.put(node, application);
        inbound.put(node, Ports.free());
        sidecars.put(node, SidecarProcess.of(replica, "payments", node, dir, sidecarOptions));
        return this;
    }

    /** The configuration in which these instances get requests, by weight. Every instance keeps its listener. */
    Config config(Map<String, Integer> weights) {
        String protocol = tcp ? "tcp" : "http";
        Config.Builder config = Config.newBuilder().addListeners(Listener.newBuilder()
            .setName("out").setListen(outbound.toString()).setScope(Scope.newBuilder().setWorkload("web")).setProtocol(protocol).setCluster("payments"));
        // A first handshake on a JVM that has just been started takes long on a busy machine.
        Cluster.Builder payments = Cluster.newBuilder().setName("payments").setConnectTimeout(Durations.fromSeconds(10));
        inbound.forEach((node, address) -> {
            config.addListeners(Listener.newBuilder()
                .setName(node + "-in").setListen(address.toString()).setScope(Scope.newBuilder().setWorkload("payments").setNode(node))
                .setProtocol(protocol).setCluster(node + "-app")
                .setTls(DownstreamTls.newBuilder().addAllow("spiffe://mesh.local/web")));
            if (!tcp) config.getListenersBuilder(config.getListenersCount() - 1).setService("payments");
            config.addClusters(Cluster.newBuilder().setName(node + "-app")
                .addEndpoints(Endpoint.newBuilder().setAddress(applications.get(node).toString())));
            if (weights.containsKey(node)) {
                payments.addEndpoints(Endpoint.newBuilder().setAddress(address.toString()).setWeight(weights.get(node))
                    .setSpiffeId("spiffe://mesh.local/payments"));
            }
        });
        return config.addClusters(payments).build();
    }

    /** A gibibyte takes longer than a request may by default. */
    static Config withoutTimeouts(Config config) {
        Config.Builder builder = config.toBuilder();
        for (Listener.Builder listener : builder.getListenersBuilderList()) {
            String table = listener.getName() + "-routes";
            builder.addRoutes(RouteTable.newBuilder().setName(table).addVirtualHosts(VirtualHost.newBuilder().setName("all").addHosts("*")
                .addRoutes(Route.newBuilder().setName("all").setPrefix("/").setCluster(listener.getCluster()).setTimeout(Durations.ZERO))));
            listener.clearCluster().setRoute(table);
        }
        return builder.build();
    }

    /** Pushes and waits until every sidecar has acknowledged it. */
    long push(Config config) {
        long version = controlPlane.apply(config);
        controlPlane.awaitSync(version, sidecars.keySet().toArray(String[]::new));
        return version;
    }

    long push(Map<String, Integer> weights) {
        return push(config(weights));
    }

    ControlPlaneProcess controlPlane() {
        return controlPlane;
    }

    /** Starts a sidecar again that was killed, from what it has on disk. */
    SidecarProcess restart(String node) {
        SidecarProcess again = sidecars.get(node).again();
        sidecars.put(node, again);
        return again;
    }

    SidecarProcess sidecar(String node) {
        return sidecars.get(node);
    }

    /** Where web sends what is for payments. */
    Address outbound() {
        return outbound;
    }

    /** Where an instance's sidecar takes what comes from the mesh. */
    Address inbound(String node) {
        return inbound.get(node);
    }

    /** Bytes that web's sidecar has taken from its clients. */
    double bytesUp() throws IOException, InterruptedException {
        return sidecar("web-1").metric("mesh_bytes_total{listener=\"out\",direction=\"in\",}");
    }

    /** Bytes that the sidecar of payments has sent into the mesh, those of TLS among them. */
    double bytesDown() throws IOException, InterruptedException {
        return sidecar("payments-1").metric("mesh_bytes_total{listener=\"payments-1-in\",direction=\"out\",}");
    }

    Path dir() {
        return dir;
    }

    @Override
    public void close() {
        List<AutoCloseable> all = new ArrayList<>(sidecars.values());
        all.add(controlPlane);
        for (AutoCloseable each : all) {
            try {
                each.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
