package mesh.control.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import mesh.time.FakeClock;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The service behind a real gRPC server on loopback, with raw clients. */
class AdsServiceTest {

    private static final MeshSnapshot SHOP = Meshes.of(3, "pay", "cart");
    private static final StreamLimits LIMITS = new StreamLimits(4, 3, 1000, 1 << 16, 100, 1 << 16);

    private final ChangingConfig store = new ChangingConfig(SHOP);
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final SidecarRegistry sidecars = new SidecarRegistry(InstantSource.system());
    private final List<String> views = new CopyOnWriteArrayList<>();
    private volatile Optional<SpiffeId> peer = Optional.of(SpiffeId.parse("spiffe://mesh.local/web"));

    private AdsService service;
    private Server server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        serve(new Admission(System::nanoTime));
    }

    private void serve(Admission admission) throws IOException {
        NodeView all = (whole, workload, node) -> {
            views.add(workload + "/" + node);
            return whole;
        };
        service = new AdsService(new DrainingEndpoints(store, InstantSource.system()), all, () -> peer, sidecars, meters, new StreamAge(Duration.ofHours(1), new Random(1)),
            System::nanoTime, LIMITS, admission);
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).addService(service).build().start();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
    }

    @AfterEach
    void stop() throws InterruptedException {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        service.close();
        server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }

    @Test
    void aSidecarIsSentItsConfigurationAndEveryChange() {
        Client client = connect();
        client.subscribe(ResourceType.CLUSTER);
        DeltaDiscoveryResponse first = client.next();
        assertThat(first.getResourcesCount()).isEqualTo(2);
        client.ack(first);
        store.set(Meshes.from(SHOP, 4, m -> m.service("new", "10.0.0.9:80")));
        DeltaDiscoveryResponse change = client.next();
        assertThat(change.getSystemVersionInfo()).isEqualTo("4");
        assertThat(change.getResourcesList()).singleElement().satisfies(r -> assertThat(r.getName()).isEqualTo("new"));
        assertThat(views).allMatch("web/web-1"::equals);
    }

    @Test
    void itsStateCanBeSeenFromConnectToDisconnect() {
        Client client = connect();
        client.subscribe(ResourceType.CLUSTER);
        client.ack(client.next());
        await().untilAsserted(() -> assertThat(sidecars.list()).singleElement().satisfies(s -> {
            assertThat(s.node()).isEqualTo("web-1");
            assertThat(s.spiffeId()).isEqualTo("spiffe://mesh.local/web");
            assertThat(s.connected()).isTrue();
            assertThat(s.acknowledgedVersion()).isEqualTo(3);
        }));
        assertThat(meters.get("mesh_connected_sidecars").gauge().value()).isEqualTo(1);
        client.requests.cancel("gone", null);
        await().untilAsserted(() -> assertThat(sidecars.list()).singleElement().matches(s -> !s.connected()));
        assertThat(meters.get("mesh_connected_sidecars").gauge().value()).isZero();
    }

    @Test
    void pushesAcknowledgementsAndRejectionsAreCounted() {
        Client client = connect();
        client.subscribe(ResourceType.CLUSTER);
        client.ack(client.next());
        store.set(Meshes.from(SHOP, 4, m -> m.cluster("pay", 9)));
        client.nack(client.next(), "clusters.pay: no");
        await().untilAsserted(() -> assertThat(count("mesh_xds_rejects")).isEqualTo(1));
        assertThat(count("mesh_xds_pushes")).isEqualTo(2);
        assertThat(count("mesh_xds_acks")).isEqualTo(1);
        await().untilAsserted(() -> assertThat(sidecars.list()).singleElement().satisfies(s ->
            assertThat(s.rejection()).hasValueSatisfying(r -> assertThat(r.message()).isEqualTo("clusters.pay: no"))));
    }

    @Test
    void withoutACertificateTheNodesClusterIsTheWorkload() {
        peer = Optional.empty();
        Client client = connect();
        client.subscribe(ResourceType.CLUSTER);
        client.next();
        assertThat(views).containsOnly("claimed/web-1");
        assertThat(sidecars.list()).singleElement().satisfies(s -> assertThat(s.spiffeId()).isEmpty());
    }

    @Test
    void aNodeWithoutANameIsRefused() {
        Client client = connect();
        client.requests.onNext(request(ResourceType.CLUSTER).setNode(Node.newBuilder().setCluster("x")).build());
        assertThat(client.failure()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void aStreamThatAsksForTooMuchIsClosedAndItsNeighbourIsNot() {
        Client good = connect();
        good.subscribe(ResourceType.CLUSTER);
        good.ack(good.next());
        Client greedy = connect();
        DeltaDiscoveryRequest.Builder request = request(ResourceType.ROUTES);
        for (int i = 0; i <= 1000; i++) {
            request.addResourceNamesSubscribe("n" + i);
        }
        greedy.requests.onNext(request.build());
        assertThat(greedy.failure()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
        store.set(Meshes.from(SHOP, 4, m -> m.cluster("pay", 9)));
        assertThat(good.next().getSystemVersionInfo()).isEqualTo("4");
    }

    @Test
    void oneIdentityMayNotTakeEveryStream() {
        for (int i = 0; i < LIMITS.ofOne(); i++) {
            isServed(connect());
        }
        isRefused(connect());
        peer = Optional.of(SpiffeId.parse("spiffe://mesh.local/pay"));
        isServed(connect());
        peer = Optional.of(SpiffeId.parse("spiffe://mesh.local/cart"));
        isRefused(connect());
    }

    @Test
    void ofAStormSomeAreServedAndTheOthersAreToComeAgain() throws Exception {
        FakeClock clock = new FakeClock();
        stop();
        serve(new Admission(2, 1, clock));
        isServed(connect());
        isServed(connect());
        Client third = connect();
        third.subscribe(ResourceType.CLUSTER);
        assertThat(third.failure()).isEqualTo(Status.Code.UNAVAILABLE);
        clock.advance(Duration.ofSeconds(1));
        isServed(connect());
    }

    private static void isServed(Client client) {
        client.subscribe(ResourceType.CLUSTER);
        client.next();
    }

    private static void isRefused(Client client) {
        client.subscribe(ResourceType.CLUSTER);
        assertThat(client.failure()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    /** So a storm of changes costs a slow client no more than it can take: the versions that it missed are not queued for it. */
    @Test
    void aNewVersionWaitsUntilTheLastIsAnsweredAndIsThenTheLatest() {
        Client slow = connect();
        slow.subscribe(ResourceType.CLUSTER);
        DeltaDiscoveryResponse first = slow.next();
        Client quick = connect();
        quick.subscribe(ResourceType.CLUSTER);
        quick.ack(quick.next());
        for (int version = 4; version <= 9; version++) {
            int v = version;
            // Each takes an endpoint away, so that none waits for quiet; each is seen to be pushed.
            store.set(Meshes.from(SHOP, version, m -> m.cluster("pay", v).endpoints("pay", "10.0.1." + v + ":80")));
            DeltaDiscoveryResponse seen = quick.next();
            assertThat(seen.getSystemVersionInfo()).isEqualTo(Integer.toString(version));
            quick.ack(seen);
        }
        assertThat(slow.responses).isEmpty();
        slow.ack(first);
        assertThat(slow.next().getSystemVersionInfo()).isEqualTo("9");
    }

    @Test
    void whenTheServiceStopsClientsAreToldToComeBack() {
        Client client = connect();
        client.subscribe(ResourceType.CLUSTER);
        client.next();
        service.close();
        assertThat(client.failure()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(store.listeners()).as("none but what shows who leaves").isEqualTo(1);
    }

    private double count(String name) {
        return meters.get(name).tag("type", "CDS").counter().count();
    }

    private Client connect() {
        Client client = new Client();
        AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(client);
        return client;
    }

    private static DeltaDiscoveryRequest.Builder request(ResourceType type) {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.typeUrl())
            .setNode(Node.newBuilder().setId("web-1").setCluster("claimed"));
    }

    private static final class Client implements ClientResponseObserver<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {

        private final BlockingQueue<DeltaDiscoveryResponse> responses = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status.Code> end = new CompletableFuture<>();
        private ClientCallStreamObserver<DeltaDiscoveryRequest> requests;

        @Override
        public void beforeStart(ClientCallStreamObserver<DeltaDiscoveryRequest> call) {
            requests = call;
        }

        void subscribe(ResourceType type) {
            requests.onNext(request(type).build());
        }

        void ack(DeltaDiscoveryResponse response) {
            requests.onNext(DeltaDiscoveryRequest.newBuilder().setTypeUrl(response.getTypeUrl()).setResponseNonce(response.getNonce()).build());
        }

        void nack(DeltaDiscoveryResponse response, String why) {
            requests.onNext(DeltaDiscoveryRequest.newBuilder().setTypeUrl(response.getTypeUrl()).setResponseNonce(response.getNonce())
                .setErrorDetail(com.google.rpc.Status.newBuilder().setCode(3).setMessage(why)).build());
        }

        DeltaDiscoveryResponse next() {
            try {
                DeltaDiscoveryResponse response = responses.poll(20, TimeUnit.SECONDS);
                assertThat(response).as("a response; the call ended with %s", end).isNotNull();
                return response;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        Status.Code failure() {
            return await().atMost(Duration.ofSeconds(20)).until(() -> end.getNow(null), code -> code != null);
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable cause) {
            end.complete(Status.fromThrowable(cause).getCode());
        }

        @Override
        public void onCompleted() {
            end.complete(Status.Code.OK);
        }
    }
}
