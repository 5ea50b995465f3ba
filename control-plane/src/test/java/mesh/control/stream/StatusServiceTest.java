package mesh.control.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.Status;
import io.envoyproxy.envoy.admin.v3.ClientResourceStatus;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.status.v3.ClientConfig.GenericXdsConfig;
import io.envoyproxy.envoy.service.status.v3.ClientStatusDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.status.v3.ClientStatusRequest;
import io.envoyproxy.envoy.service.status.v3.ClientStatusResponse;
import io.envoyproxy.envoy.service.status.v3.ConfigStatus;
import io.envoyproxy.envoy.type.matcher.v3.NodeMatcher;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.model.MeshSnapshot;
import mesh.xds.Dialect;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StatusServiceTest {

    private static final MeshSnapshot SHOP = Meshes.of(3, "pay", "cart");

    private final SidecarRegistry sidecars = new SidecarRegistry(InstantSource.system());
    private Server server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new StatusService(sidecars)).build().start();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }

    @Test
    void tellsOfEachResourceWhetherItWasAcknowledged() {
        DeltaStream stream = connect("web-1");
        List<DeltaDiscoveryResponse> clusters = subscribe(stream, ResourceType.CLUSTER);
        assertThat(only(fetch("web-1"), "pay").getClientStatus()).isEqualTo(ClientResourceStatus.REQUESTED);
        answer(stream, clusters, null);

        GenericXdsConfig pay = only(fetch("web-1"), "pay");
        assertThat(pay.getTypeUrl()).isEqualTo(ResourceType.CLUSTER.typeUrl());
        assertThat(pay.getConfigStatus()).isEqualTo(ConfigStatus.SYNCED);
        assertThat(pay.getClientStatus()).isEqualTo(ClientResourceStatus.ACKED);
        assertThat(pay.getVersionInfo()).isEqualTo(clusters.get(0).getResourcesList().stream()
            .filter(each -> each.getName().equals("pay")).findFirst().orElseThrow().getVersion());
        assertThat(pay.getXdsConfig().getTypeUrl()).isEqualTo(ResourceType.CLUSTER.typeUrl());
    }

    @Test
    void tellsWhatWasRefusedAndForgetsItWhenALaterVersionIsTaken() {
        DeltaStream stream = connect("web-1");
        answer(stream, subscribe(stream, ResourceType.CLUSTER), null);
        answer(stream, stream.onView(Meshes.from(SHOP, 4, m -> m.cluster("pay", 9))), "clusters.pay: no");
        GenericXdsConfig refused = only(fetch("web-1"), "pay");
        assertThat(refused.getConfigStatus()).isEqualTo(ConfigStatus.ERROR);
        assertThat(refused.getClientStatus()).isEqualTo(ClientResourceStatus.NACKED);
        assertThat(refused.getErrorState().getDetails()).isEqualTo("clusters.pay: no");
        assertThat(refused.getErrorState().getVersionInfo()).isEqualTo("4");
        StreamStatus.OfType type = sidecars.statuses("web-1"::equals).join().get(0).types().get(0);
        assertThat(type.sentVersion()).isEqualTo(4);
        assertThat(type.acknowledgedVersion()).isEqualTo(3);

        answer(stream, stream.onView(Meshes.from(SHOP, 5, m -> m.cluster("pay", 8))), null);
        assertThat(only(fetch("web-1"), "pay").hasErrorState()).isFalse();
    }

    @Test
    void tellsOfNamesThatAreNotThere() {
        DeltaStream stream = connect("web-1");
        stream.onRequest(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.ROUTES.typeUrl()).addResourceNamesSubscribe("gone").build());
        GenericXdsConfig gone = only(fetch("web-1"), "gone");
        assertThat(gone.getConfigStatus()).isEqualTo(ConfigStatus.NOT_SENT);
        assertThat(gone.getClientStatus()).isEqualTo(ClientResourceStatus.DOES_NOT_EXIST);
        assertThat(gone.hasXdsConfig()).isFalse();
    }

    @Test
    void choosesByNodeAndLeavesOutWhoHasGone() {
        subscribe(connect("web-1"), ResourceType.CLUSTER);
        subscribe(connect("web-2"), ResourceType.CLUSTER);
        SidecarRegistry.Connection gone = sidecars.connected("web-3", "", "web");
        gone.closed();
        assertThat(nodes(ClientStatusRequest.getDefaultInstance())).containsExactly("web-1", "web-2");
        assertThat(nodes(by(StringMatcher.newBuilder().setSuffix("-2")))).containsExactly("web-2");
        assertThat(nodes(by(StringMatcher.newBuilder().setExact("WEB-1").setIgnoreCase(true)))).containsExactly("web-1");
        assertThat(nodes(by(StringMatcher.newBuilder().setSafeRegex(RegexMatcher.newBuilder().setRegex("web-[13]"))))).containsExactly("web-1");
        assertThat(nodes(by(StringMatcher.newBuilder().setPrefix("cart")))).isEmpty();
    }

    @Test
    void refusesMatchersThatItDoesNotKnow() {
        assertThatThrownBy(() -> nodes(by(StringMatcher.newBuilder().setSafeRegex(RegexMatcher.newBuilder().setRegex("(")))))
            .hasMessageContaining("INVALID_ARGUMENT").hasMessageContaining("node_id.safe_regex: \"(\"");
        assertThatThrownBy(() -> nodes(ClientStatusRequest.newBuilder().addNodeMatchers(NodeMatcher.getDefaultInstance()).build()))
            .hasMessageContaining("metadata is not kept");
    }

    @Test
    void leavesContentsOutWhenAsked() {
        subscribe(connect("web-1"), ResourceType.CLUSTER);
        ClientStatusResponse response = ClientStatusDiscoveryServiceGrpc.newBlockingStub(channel)
            .fetchClientStatus(ClientStatusRequest.newBuilder().setExcludeResourceContents(true).build());
        assertThat(only(response, "cart").hasXdsConfig()).isFalse();
    }

    @Test
    void answersEachRequestOfAStream() throws Exception {
        subscribe(connect("web-1"), ResourceType.CLUSTER);
        List<ClientStatusResponse> answers = new ArrayList<>();
        CompletableFuture<Void> end = new CompletableFuture<>();
        StreamObserver<ClientStatusRequest> requests = ClientStatusDiscoveryServiceGrpc.newStub(channel).streamClientStatus(new StreamObserver<>() {
            @Override
            public void onNext(ClientStatusResponse response) {
                answers.add(response);
            }

            @Override
            public void onError(Throwable cause) {
                end.completeExceptionally(cause);
            }

            @Override
            public void onCompleted() {
                end.complete(null);
            }
        });
        requests.onNext(by(StringMatcher.newBuilder().setExact("web-1")));
        requests.onNext(by(StringMatcher.newBuilder().setExact("web-2")));
        requests.onCompleted();
        end.get(20, TimeUnit.SECONDS);
        assertThat(answers).extracting(ClientStatusResponse::getConfigCount).containsExactly(1, 0);
    }

    private DeltaStream connect(String node) {
        DeltaStream stream = new DeltaStream(SHOP, new ResourceCache(Dialect.PROXY), StreamLimits.DEFAULT);
        Node claimed = Node.newBuilder().setId(node).setCluster("web").setUserAgentName("mesh").build();
        sidecars.connected(node, "", "web").asks(() -> CompletableFuture.completedFuture(
            Optional.of(new StreamStatus(StreamStatus.described(claimed), "", "web", stream.view(), stream.status()))));
        return stream;
    }

    private static List<DeltaDiscoveryResponse> subscribe(DeltaStream stream, ResourceType type) {
        return stream.onRequest(DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.typeUrl()).build());
    }

    private static void answer(DeltaStream stream, List<DeltaDiscoveryResponse> responses, String error) {
        for (DeltaDiscoveryResponse response : responses) {
            DeltaDiscoveryRequest.Builder answer = DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(response.getTypeUrl()).setResponseNonce(response.getNonce());
            stream.onRequest((error == null ? answer : answer.setErrorDetail(Status.newBuilder().setMessage(error))).build());
        }
    }

    private static ClientStatusRequest by(StringMatcher.Builder node) {
        return ClientStatusRequest.newBuilder().addNodeMatchers(NodeMatcher.newBuilder().setNodeId(node)).build();
    }

    private ClientStatusResponse fetch(String node) {
        return ClientStatusDiscoveryServiceGrpc.newBlockingStub(channel).fetchClientStatus(by(StringMatcher.newBuilder().setExact(node)));
    }

    private List<String> nodes(ClientStatusRequest request) {
        return ClientStatusDiscoveryServiceGrpc.newBlockingStub(channel).fetchClientStatus(request)
            .getConfigList().stream().map(config -> config.getNode().getId()).toList();
    }

    private static GenericXdsConfig only(ClientStatusResponse response, String name) {
        assertThat(response.getConfigList()).hasSize(1);
        return response.getConfig(0).getGenericXdsConfigsList().stream().filter(each -> each.getName().equals(name)).findFirst().orElseThrow();
    }
}
