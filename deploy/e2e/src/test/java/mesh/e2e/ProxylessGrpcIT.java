package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.xds.XdsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import mesh.v1.Cluster;
import mesh.v1.Config;
import mesh.v1.DeleteClusterRequest;
import mesh.v1.DeleteEndpointRequest;
import mesh.v1.Endpoint;
import mesh.v1.PutClusterRequest;
import mesh.v1.PutEndpointRequest;
import mesh.v1.PutRouteRequest;
import mesh.v1.Route;
import mesh.v1.RouteTable;
import mesh.v1.UpstreamTls;
import mesh.v1.VirtualHost;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** grpc-java calls {@code xds:///payments} with no proxy at all, and has everything from our control plane. */
class ProxylessGrpcIT {

    @TempDir
    private Path dir;
    private ControlPlaneProcess controlPlane;
    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeEach
    void start() {
        controlPlane = new ControlPlaneProcess(dir.resolve("data"));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : opened) each.close();
        if (controlPlane != null) controlPlane.close();
    }

    @Test
    void followsEndpointsThatComeAndGo() throws Exception {
        GrpcService first = service("first");
        GrpcService second = service("second");
        put(cluster("payments", first));
        ManagedChannel channel = channel("payments");
        assertThat(GrpcService.call(channel)).isEqualTo("first");

        controlPlane.admin().putEndpoint(PutEndpointRequest.newBuilder().setCluster("payments").setEndpoint(endpoint(second, 1)).build());
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(channel)).containsExactlyInAnyOrder("first", "second"));

        controlPlane.admin().deleteEndpoint(DeleteEndpointRequest.newBuilder().setCluster("payments").setAddress(first.address().toString()).build());
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(channel)).containsExactly("second"));
        assertThat(controlPlane.sidecars()).singleElement().satisfies(client -> assertThat(client.hasLastRejection()).isFalse());
    }

    @Test
    void sendsEachEndpointItsShareByWeight() throws Exception {
        GrpcService heavy = service("heavy");
        GrpcService light = service("light");
        put(cluster("payments").toBuilder().addEndpoints(endpoint(heavy, 3)).addEndpoints(endpoint(light, 1)).build());
        ManagedChannel channel = channel("payments");
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(channel)).hasSize(2));
        int before = heavy.calls();
        for (int i = 0; i < 400; i++) GrpcService.call(channel);
        // It draws at random: 7 standard deviations to each side.
        assertThat(heavy.calls() - before).isBetween(240, 360);
    }

    @Test
    void callsFailWhileTheClusterIsGoneAndWorkOnceItIsBack() throws Exception {
        Cluster payments = cluster("payments", service("payments"));
        put(payments);
        ManagedChannel channel = channel("payments");
        assertThat(GrpcService.call(channel)).isEqualTo("payments");

        controlPlane.admin().deleteCluster(DeleteClusterRequest.newBuilder().setName("payments").build());
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() ->
            assertThatThrownBy(() -> GrpcService.callNow(channel)).hasMessageContaining("UNAVAILABLE").hasMessageContaining("payments"));

        put(payments);
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> GrpcService.callNow(channel).equals("payments"));
    }

    @Test
    void aRouteTableOfItsNameDecides() throws Exception {
        put(cluster("payments", service("stable")));
        put(cluster("canary", service("canary")));
        ManagedChannel channel = channel("payments");
        assertThat(GrpcService.call(channel)).isEqualTo("stable");

        controlPlane.admin().putRoute(PutRouteRequest.newBuilder().setRoute(RouteTable.newBuilder().setName("payments")
            .addVirtualHosts(VirtualHost.newBuilder().setName("all").addHosts("payments")
                .addRoutes(Route.newBuilder().setName("new").setPrefix("/mesh.e2e.Named/").setCluster("canary"))
                .addRoutes(Route.newBuilder().setName("rest").setCluster("payments")))).build());
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(answers(channel)).containsExactly("canary"));
    }

    @Test
    void callsAClusterWithMutualTlsByItsOwnFiles() throws Exception {
        EnrolledFiles web = EnrolledFiles.of(controlPlane, "web", dir.resolve("web"));
        GrpcService payments = service("payments", secured("payments"));
        put(cluster("payments", payments).toBuilder().setTls(UpstreamTls.newBuilder().addExpect("spiffe://mesh.local/payments")).build());
        ManagedChannel channel = channel("payments", XdsChannelCredentials.create(InsecureChannelCredentials.create()), web);
        assertThat(GrpcService.call(channel)).isEqualTo("payments");
    }

    @Test
    void doesNotCallWhoIsNotWhomTheClusterExpects() throws Exception {
        EnrolledFiles web = EnrolledFiles.of(controlPlane, "web", dir.resolve("web"));
        GrpcService cart = service("cart", secured("cart"));
        put(cluster("payments", cart).toBuilder().setTls(UpstreamTls.newBuilder().addExpect("spiffe://mesh.local/payments")).build());
        ManagedChannel channel = channel("payments", XdsChannelCredentials.create(InsecureChannelCredentials.create()), web);
        assertThatThrownBy(() -> GrpcService.callNow(channel)).hasMessageContaining("UNAVAILABLE");
        assertThat(cart.calls()).isZero();
    }

    @Test
    void refusesAClusterWithMutualTlsWithoutFilesAndSaysSo() throws Exception {
        put(cluster("payments", service("payments")).toBuilder().setTls(UpstreamTls.getDefaultInstance()).build());
        ManagedChannel channel = channel("payments");
        assertThatThrownBy(() -> GrpcService.callNow(channel)).hasMessageContaining("UNAVAILABLE").hasMessageContaining("payments");
        // The call fails as soon as the client has refused the cluster, which is before the control plane has heard of it.
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(controlPlane.sidecars()).singleElement().satisfies(client ->
            assertThat(client.getLastRejection().getMessage()).contains("'default' not defined in the bootstrap file")));
    }

    private GrpcService service(String name) throws IOException {
        return opened(new GrpcService(name));
    }

    private GrpcService service(String name, ServerCredentials credentials) throws IOException {
        return opened(new GrpcService(name, credentials));
    }

    private ServerCredentials secured(String workload) throws IOException {
        EnrolledFiles files = EnrolledFiles.of(controlPlane, workload, dir.resolve(workload));
        return TlsServerCredentials.newBuilder()
            .keyManager(files.chain().toFile(), files.key().toFile())
            .trustManager(files.ca().toFile())
            .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
            .build();
    }

    private ManagedChannel channel(String name) {
        return channel(name, InsecureChannelCredentials.create(), null);
    }

    private ManagedChannel channel(String name, ChannelCredentials credentials, EnrolledFiles files) {
        ManagedChannel channel = XdsChannels.open(controlPlane, "web", name, credentials, files);
        opened(channel::shutdownNow);
        return channel;
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        opened.add(closeable);
        return closeable;
    }

    private void put(Cluster cluster) {
        controlPlane.admin().putCluster(PutClusterRequest.newBuilder().setCluster(cluster).build());
    }

    private static Cluster cluster(String name, GrpcService... services) {
        Cluster.Builder cluster = Cluster.newBuilder().setName(name).setProtocol("http2");
        for (GrpcService service : services) cluster.addEndpoints(endpoint(service, 1));
        return cluster.build();
    }

    private static Endpoint endpoint(GrpcService service, int weight) {
        return Endpoint.newBuilder().setAddress(service.address().toString()).setWeight(weight).build();
    }

    /** Of some calls: enough that no balancer leaves an endpoint out. */
    private static Set<String> answers(ManagedChannel channel) {
        Set<String> answers = new HashSet<>();
        for (int i = 0; i < 40; i++) answers.add(GrpcService.call(channel));
        return answers;
    }
}
