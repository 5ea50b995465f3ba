package mesh.control.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import mesh.model.MeshSnapshot;
import mesh.time.FakeClock;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One call without a network: a transport that is ready or not as the test says, and time that the test moves. */
class StreamSessionTest {

    private static final MeshSnapshot SHOP = Meshes.of(3, "pay");

    private final FakeClock clock = new FakeClock();
    private final Transport transport = new Transport();
    private final InlinePool pool = new InlinePool();
    private final SidecarRegistry sidecars = new SidecarRegistry(clock);
    private final StreamSession session = new StreamSession(Optional.empty(), transport, new Opening(),
        new StreamMetrics(new SimpleMeterRegistry(), sidecars), pool, clock);

    @AfterEach
    void stop() {
        pool.shutdownNow();
    }

    @Test
    void whileTheTransportIsFullNothingIsSentAndOnlyTheLatestIsKept() {
        subscribeAndAcknowledge();
        transport.ready = false;
        session.offer(changed(4));
        session.offer(changed(5));
        assertThat(transport.versions()).containsExactly("3");
        transport.becomeReady();
        assertThat(transport.versions()).containsExactly("3", "5");
    }

    @Test
    void whileTheTransportIsFullNoFurtherRequestIsRead() {
        session.begin();
        assertThat(transport.requested).isEqualTo(1);
        transport.ready = false;
        session.onNext(subscribe());
        assertThat(transport.requested).isEqualTo(1);
        transport.becomeReady();
        assertThat(transport.requested).isEqualTo(2);
    }

    @Test
    void aVersionThatComesLateDoesNotReplaceALaterOne() {
        subscribeAndAcknowledge();
        transport.ready = false;
        session.offer(changed(5));
        session.offer(changed(4));
        transport.becomeReady();
        assertThat(transport.versions()).containsExactly("3", "5");
        session.offer(changed(4));
        assertThat(transport.versions()).containsExactly("3", "5");
    }

    @Test
    void aClientThatDoesNotAnswerIsWaitedForButNotForever() {
        session.begin();
        session.onNext(subscribe());
        session.offer(changed(4));
        clock.advance(StreamSession.PATIENCE.minusNanos(1));
        session.offer(changed(5));
        assertThat(transport.versions()).containsExactly("3");
        assertThat(pool.delays).containsExactly(StreamSession.PATIENCE);
        clock.advance(Duration.ofNanos(1));
        pool.runScheduled();
        assertThat(transport.versions()).containsExactly("3", "5");
    }

    @Test
    void afterTheCallHasEndedNothingIsSent() {
        subscribeAndAcknowledge();
        session.onError(new RuntimeException("gone"));
        session.offer(changed(4));
        assertThat(transport.versions()).containsExactly("3");
        assertThat(sidecars.list()).singleElement().matches(s -> !s.connected());
    }

    private void subscribeAndAcknowledge() {
        session.begin();
        session.onNext(subscribe());
        session.onNext(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.CLUSTER.typeUrl())
            .setResponseNonce(transport.sent.get(0).getNonce()).build());
    }

    private static DeltaDiscoveryRequest subscribe() {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.CLUSTER.typeUrl())
            .setNode(Node.newBuilder().setId("pay-1").setCluster("pay")).build();
    }

    private static MeshSnapshot changed(int version) {
        return Meshes.from(SHOP, version, m -> m.cluster("pay", version));
    }

    private final class Opening implements StreamSession.Opening {

        @Override
        public MeshSnapshot view(MeshSnapshot whole, String workload, String node) {
            return whole;
        }

        @Override
        public AdsStream open(MeshSnapshot view) {
            return new AdsStream(view, new ResourceCache(), StreamLimits.DEFAULT);
        }

        @Override
        public SidecarRegistry.Connection register(String node, String spiffeId, String workload) {
            return sidecars.connected(node, spiffeId, workload);
        }

        @Override
        public MeshSnapshot current() {
            return SHOP;
        }

        @Override
        public void closed(StreamSession session) {}
    }

    /** Runs at once what is to be run, and keeps what is to be run later. */
    private static final class InlinePool extends ScheduledThreadPoolExecutor {

        private final List<Runnable> scheduled = new ArrayList<>();
        private final List<Duration> delays = new ArrayList<>();

        InlinePool() {
            super(1);
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
            scheduled.add(task);
            delays.add(Duration.ofNanos(unit.toNanos(delay)));
            return null;
        }

        @Override
        public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
            throw new UnsupportedOperationException();
        }

        void runScheduled() {
            List.copyOf(scheduled).forEach(Runnable::run);
        }
    }

    private static final class Transport extends ServerCallStreamObserver<DeltaDiscoveryResponse> {

        private final List<DeltaDiscoveryResponse> sent = new ArrayList<>();
        private boolean ready = true;
        private int requested;
        private Runnable onReady;

        List<String> versions() {
            return sent.stream().map(DeltaDiscoveryResponse::getSystemVersionInfo).toList();
        }

        void becomeReady() {
            ready = true;
            onReady.run();
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            sent.add(response);
        }

        @Override
        public void onError(Throwable cause) {}

        @Override
        public void onCompleted() {}

        @Override
        public boolean isReady() {
            return ready;
        }

        @Override
        public void setOnReadyHandler(Runnable handler) {
            onReady = handler;
        }

        @Override
        public void request(int count) {
            requested += count;
        }

        @Override
        public void disableAutoInboundFlowControl() {}

        @Override
        public void setMessageCompression(boolean enable) {}

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public void setOnCancelHandler(Runnable handler) {}

        @Override
        public void setCompression(String compression) {}
    }
}
