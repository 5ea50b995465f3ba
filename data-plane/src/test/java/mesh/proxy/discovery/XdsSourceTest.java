package mesh.proxy.discovery;

import static mesh.proxy.discovery.Meshes.begins;
import static mesh.proxy.discovery.Meshes.response;
import static mesh.xds.ResourceType.CLUSTER;
import static mesh.xds.ResourceType.ENDPOINTS;
import static mesh.xds.ResourceType.LISTENER;
import static mesh.xds.ResourceType.ROUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;
import mesh.time.Env;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A real stream on loopback to a control plane that the test plays. */
class XdsSourceTest {

    private static final MeshSnapshot ONE = Meshes.of(1, "pay=10.0.0.1:80");

    private final ScriptedControlPlane script = new ScriptedControlPlane();
    private final List<MeshSnapshot> applied = new CopyOnWriteArrayList<>();
    private final CountDownLatch gate = new CountDownLatch(1);
    private final List<String> restored = new CopyOnWriteArrayList<>();
    private Optional<MeshSnapshot> left = Optional.empty();
    private Server server;
    private ManagedChannel channel;
    private XdsSource source;

    @BeforeEach
    void start() throws IOException {
        server = serve(0);
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
        source = new XdsSource(() -> channel, "pay-1", "pay", "first", Optional.of(Locality.parse("eu/eu-1")), "1.2.3", this::apply, this::restore,
            Env.system(), XdsSourceTest::atOnce);
    }

    private Server serve(int port) throws IOException {
        return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)).addService(script).build().start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        gate.countDown();
        source.close();
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }

    @Test
    void appliesWhatItIsSentAndSaysWhoItIs() {
        gate.countDown();
        source.start();
        DeltaDiscoveryRequest first = script.nextRequest();
        assertThat(first.getNode().getId()).isEqualTo("pay-1");
        assertThat(first.getNode().getCluster()).isEqualTo("pay");
        assertThat(first.getNode().getLocality().getZone()).isEqualTo("eu-1");
        assertThat(first.getNode().getUserAgentName()).isEqualTo("mesh");
        assertThat(first.getNode().getUserAgentVersion()).isEqualTo("1.2.3");
        assertThat(source.state().connected()).isFalse();
        script.sendAll(ONE);
        await().untilAsserted(() -> {
            assertThat(applied).containsExactly(ONE);
            assertThat(source.state()).satisfies(s -> assertThat(s.connected() && s.applied() && s.version() == 1).isTrue());
        });
    }

    @Test
    void acknowledgesOnlyAfterTheSinkHasReturned() {
        source.start();
        script.sendAll(ONE);
        await().untilAsserted(() -> assertThat(applied).hasSize(1));
        assertThat(script.answers).as("the sink has not returned").isEmpty();
        gate.countDown();
        await().untilAsserted(() -> assertThat(script.answers).hasSize(4).noneMatch(DeltaDiscoveryRequest::hasErrorDetail));
    }

    @Test
    void keepsTheLastGoodSnapshotWhenTheStreamBreaksAndAsksForTheDifference() {
        gate.countDown();
        source.start();
        script.sendAll(ONE);
        await().until(() -> source.state().applied());
        script.requests.clear();
        script.breakStream();
        await().untilAsserted(() -> assertThat(Meshes.text(List.copyOf(script.requests)))
            .containsExactly("CDS [pay]", "LDS [pay]", "EDS +pay [pay]", "RDS +pay [pay]"));
        assertThat(source.state().connected()).isFalse();
        assertThat(source.state().version()).isEqualTo(1);
        script.send(response(CLUSTER, ONE.withVersion(2)));
        await().until(() -> source.state().connected());
    }

    @Test
    void findsAControlPlaneThatWasAwayForManyAttempts() throws Exception {
        gate.countDown();
        int port = server.getPort();
        server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        source.start();
        await().until(() -> attempts.size() > 20);
        server = serve(port);
        script.sendAll(ONE);
        await().untilAsserted(() -> assertThat(applied).containsExactly(ONE));
    }

    @Test
    void anIncompletePushIsDroppedWithTheStream() {
        gate.countDown();
        source.start();
        script.sendAll(ONE);
        await().until(() -> source.state().applied());
        MeshSnapshot two = Meshes.of(2, "pay=10.0.0.2:80");
        script.send(begins(response(ENDPOINTS, two, "pay")));
        script.requests.clear();
        script.breakStream();
        script.nextRequest();
        assertThat(applied).containsExactly(ONE);
        script.send(response(CLUSTER, two), response(ENDPOINTS, two, "pay"), response(LISTENER, two), response(ROUTES, two));
        await().untilAsserted(() -> assertThat(applied).containsExactly(ONE, two));
    }

    @Test
    void makesDoWithWhatIsLeftFromBeforeWhileNobodyIsThere() throws Exception {
        gate.countDown();
        int port = server.getPort();
        server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        left = Optional.of(ONE.withVersion(41));
        source.start();
        await().until(() -> attempts.size() > 20);
        assertThat(restored).as("asked once").containsExactly("it cannot be reached");
        assertThat(source.state()).satisfies(s -> assertThat(s.applied() && s.version() == 41 && !s.connected()).isTrue());

        server = serve(port);
        assertThat(script.nextRequest().getInitialResourceVersionsMap()).as("everything is asked for").isEmpty();
        script.sendAll(Meshes.of(1, "pay=10.0.0.9:80"));
        await().untilAsserted(() -> assertThat(applied).containsExactly(Meshes.of(1, "pay=10.0.0.9:80")));
        await().until(() -> source.state().version() == 1);
    }

    @Test
    void makesDoWithWhatIsLeftFromBeforeWhileTheControlPlaneIsSilent() {
        gate.countDown();
        left = Optional.of(ONE.withVersion(41));
        source.start();
        await().until(() -> source.state().applied());
        assertThat(restored).containsExactly("no configuration from it for 2s");
        script.sendAll(ONE);
        await().untilAsserted(() -> assertThat(applied).containsExactly(ONE));
    }

    @Test
    void needsNothingFromBeforeOnceItHasAConfiguration() throws Exception {
        gate.countDown();
        left = Optional.of(ONE.withVersion(41));
        source.start();
        script.sendAll(ONE);
        await().until(() -> source.state().applied());
        script.breakStream();
        server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        int before = attempts.size();
        await().until(() -> attempts.size() > before + 20);
        assertThat(restored).isEmpty();
        assertThat(source.state().version()).isEqualTo(1);
    }

    @Test
    void makesDoBeforeItStartsWhereNobodyListens() throws Exception {
        Address at = new Address("127.0.0.1", server.getPort());
        left = Optional.of(ONE.withVersion(41));
        source.knock(List.of(at));
        server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        source.knock(List.of(at));
        await().until(() -> source.state().applied());
        assertThat(restored).containsExactly(at + ": Connection refused");
        assertThat(source.state().version()).isEqualTo(41);
    }

    @Test
    void waitsOnWhereNothingIsLeftFromBefore() throws Exception {
        server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        source.start();
        await().until(() -> attempts.size() > 20);
        assertThat(restored).hasSize(1);
        assertThat(source.state().applied()).isFalse();
    }

    private static final List<Integer> attempts = new CopyOnWriteArrayList<>();

    /** Tries again without a pause, as long as it takes. */
    private static CompletionStage<Void> atOnce(Supplier<CompletionStage<Void>> attempt) {
        attempts.add(1);
        CompletableFuture<Void> good = new CompletableFuture<>();
        attempt.get().whenComplete((done, failure) -> {
            if (failure == null) {
                good.complete(null);
            } else {
                atOnce(attempt).thenRun(() -> good.complete(null));
            }
        });
        return good;
    }

    private Optional<MeshSnapshot> restore(String why) {
        restored.add(why);
        return left;
    }

    private ApplyResult apply(MeshSnapshot snapshot) {
        applied.add(snapshot);
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return new ApplyResult.Applied(snapshot.version());
    }

    /** Plays the control plane: records what comes, sends what it is told to. */
    private static final class ScriptedControlPlane extends AggregatedDiscoveryServiceImplBase {

        private final BlockingQueue<DeltaDiscoveryRequest> requests = new LinkedBlockingQueue<>();
        private final List<DeltaDiscoveryRequest> answers = new CopyOnWriteArrayList<>();
        private final BlockingQueue<StreamObserver<DeltaDiscoveryResponse>> opened = new LinkedBlockingQueue<>();
        private StreamObserver<DeltaDiscoveryResponse> current;

        @Override
        public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(StreamObserver<DeltaDiscoveryResponse> out) {
            opened.add(out);
            return new StreamObserver<>() {
                @Override
                public void onNext(DeltaDiscoveryRequest request) {
                    if (request.getResponseNonce().isEmpty()) {
                        requests.add(request);
                    } else {
                        answers.add(request);
                    }
                }

                @Override
                public void onError(Throwable cause) {}

                @Override
                public void onCompleted() {}
            };
        }

        DeltaDiscoveryRequest nextRequest() {
            return poll(requests);
        }

        void sendAll(MeshSnapshot mesh) {
            String[] names = mesh.clusters().keySet().toArray(String[]::new);
            send(response(CLUSTER, mesh, names), response(LISTENER, mesh, names));
            for (ResourceType named : List.of(ENDPOINTS, ROUTES)) {
                await().until(() -> requests.stream().anyMatch(r -> r.getTypeUrl().equals(named.typeUrl())));
                send(response(named, mesh, names));
            }
        }

        void send(DeltaDiscoveryResponse... responses) {
            if (current == null) {
                current = poll(opened);
            }
            List.of(responses).forEach(current::onNext);
        }

        void breakStream() {
            current.onError(Status.UNAVAILABLE.asRuntimeException());
            current = null;
        }

        private static <T> T poll(BlockingQueue<T> queue) {
            try {
                T item = queue.poll(20, TimeUnit.SECONDS);
                assertThat(item).as("something within 20 s").isNotNull();
                return item;
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
