package mesh.e2e;

import com.google.protobuf.util.Durations;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import mesh.model.Address;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.Endpoint;
import mesh.v1.Listener;
import mesh.v1.Route;
import mesh.v1.RouteTable;
import mesh.v1.Scope;
import mesh.v1.VirtualHost;

/**
 * {@code web} calls {@code payments}, and how is for a test to say: a control plane and web's sidecar as processes, with one route and one
 * cluster. The instances of payments are the test's own and have no sidecars, so that they see each try as it was sent.
 */
final class PolicyMesh implements AutoCloseable {

    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final ControlPlaneProcess controlPlane;
    private final SidecarProcess web;
    private final Address outbound = Ports.free();

    PolicyMesh(Path dir) throws IOException {
        this.controlPlane = new ControlPlaneProcess(dir.resolve("control-plane"));
        this.web = SidecarProcess.of(controlPlane, "web", "web-1", dir);
    }

    /** Pushes these policies, for these instances of payments, and waits until they are in force. */
    void push(Route route, Cluster cluster, Address... payments) {
        Cluster.Builder called = Cluster.newBuilder().setName("payments").setConnectTimeout(Durations.fromSeconds(10)).mergeFrom(cluster);
        for (Address address : payments) called.addEndpoints(Endpoint.newBuilder().setAddress(address.toString()));
        Route all = Route.newBuilder().setName("all").setPrefix("/").setCluster("payments").mergeFrom(route).build();
        controlPlane.awaitSync(controlPlane.apply(Config.newBuilder()
            .addListeners(Listener.newBuilder()
                .setName("out").setListen(outbound.toString()).setScope(Scope.newBuilder().setWorkload("web")).setRoute("out"))
            .addRoutes(RouteTable.newBuilder().setName("out")
                .addVirtualHosts(VirtualHost.newBuilder().setName("all").addHosts("*").addRoutes(all)))
            .addClusters(called)
            .build()), "web-1");
    }

    HttpResponse<String> get() throws IOException, InterruptedException {
        return HTTP.send(HttpRequest.newBuilder(URI.create("http://" + outbound + "/")).build(), HttpResponse.BodyHandlers.ofString());
    }

    ControlPlaneProcess controlPlane() {
        return controlPlane;
    }

    SidecarProcess web() {
        return web;
    }

    /** Where web sends what is for payments. */
    Address outbound() {
        return outbound;
    }

    @Override
    public void close() {
        try (controlPlane) {
            web.close();
        }
    }
}
