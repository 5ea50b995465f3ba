package mesh.control.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import mesh.time.FakeClock;
import mesh.xds.Dialect;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.Test;

/** One call without a network: a transport that is ready or not as the test says, and time that the test moves. */
class StreamSessionTest {

    private static final MeshSnapshot SHOP = Meshes.of(3, "pay");

    private final FakeClock clock = new FakeClock();
    private final Transport transport = new Transport();
    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final SidecarRegistry sidecars = new SidecarRegistry(clock);
    private MeshSnapshot shop = SHOP;
    private final StreamSession<DeltaDiscoveryRequest, DeltaDiscoveryResponse> session = new StreamSession<>(Variant.DELTA, Optional.empty(),
        transport, new Opening(), new StreamMetrics(meters, sidecars), clock.scheduler(), clock);

    @Test
    void whileTheTransportIsFullNothingIsSentAndOnlyTheLatestIsKept() {
        subscribeAndAcknowledge();
        transport.ready = false;
        offer(4);
        offer(5);
        assertThat(transport.versions()).containsExactly("3");
        transport.becomeReady();
        assertThat(transport.versions()).containsExactly("3", "5");
    }

    @Test
    void whileTheTransportIsFullNoFurtherRequestIsRead() {
        session.begin();
        assertThat(transport.requested).isEqualTo(1);
        transport.ready = false;
        receive(subscribe());
        assertThat(transport.requested).isEqualTo(1);
        transport.becomeReady();
        assertThat(transport.requested).isEqualTo(2);
    }

    @Test
    void aLongAnswerIsSentOneResponseAtATimeAsTheClientReads() {
        shop = Meshes.of(3, IntStream.range(0, 2000).mapToObj(i -> "service-" + i).toArray(String[]::new));
        transport.fullAfterEach = true;
        session.begin();
        receive(subscribe());
        assertThat(transport.sent).hasSize(1);
        transport.becomeReady();
        assertThat(transport.sent).hasSize(2);
        assertThat(transport.requested).as("the answer is not yet complete").isEqualTo(1);
        while (transport.requested == 1) {
            transport.becomeReady();
        }
        assertThat(transport.sent.stream().mapToInt(DeltaDiscoveryResponse::getResourcesCount).sum()).isEqualTo(2000);
    }

    @Test
    void anAnswerToNothingIsNotCounted() {
        subscribeAndAcknowledge();
        for (int i = 0; i < 3; i++) {
            receive(subscribe().toBuilder().setResponseNonce("CDS-77").setErrorDetail(Status.newBuilder().setMessage("forged")).build());
        }
        assertThat(meters.get("mesh_xds_rejects").tag("type", "CDS").counter().count()).isZero();
        assertThat(meters.get("mesh_xds_acks").tag("type", "CDS").counter().count()).isEqualTo(1);
    }

    @Test
    void aVersionThatComesLateDoesNotReplaceALaterOne() {
        subscribeAndAcknowledge();
        transport.ready = false;
        offer(5);
        offer(4);
        transport.becomeReady();
        assertThat(transport.versions()).containsExactly("3", "5");
        offer(4);
        assertThat(transport.versions()).containsExactly("3", "5");
    }

    @Test
    void aClientThatDoesNotAnswerIsWaitedForButNotForever() {
        session.begin();
        receive(subscribe());
        offer(4);
        clock.advance(StreamSession.PATIENCE.minusNanos(1));
        offer(5);
        assertThat(transport.versions()).containsExactly("3");
        clock.advance(Duration.ofNanos(1));
        assertThat(transport.versions()).containsExactly("3", "5");
    }

    @Test
    void afterTheCallHasEndedNothingIsSent() {
        subscribeAndAcknowledge();
        session.onError(new RuntimeException("gone"));
        clock.advance(Duration.ZERO);
        offer(4);
        assertThat(transport.versions()).containsExactly("3");
        assertThat(sidecars.list()).singleElement().matches(s -> !s.connected());
    }

    private void subscribeAndAcknowledge() {
        session.begin();
        receive(subscribe());
        receive(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.CLUSTER.typeUrl())
            .setResponseNonce(transport.sent.get(0).getNonce()).build());
    }

    private void receive(DeltaDiscoveryRequest request) {
        session.onNext(request);
        clock.advance(Duration.ZERO);
    }

    private void offer(int version) {
        session.offer(Meshes.from(SHOP, version, m -> m.cluster("pay", version)));
        clock.advance(Duration.ZERO);
    }

    private static DeltaDiscoveryRequest subscribe() {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.CLUSTER.typeUrl())
            .setNode(Node.newBuilder().setId("pay-1").setCluster("pay")).build();
    }

    private final class Opening implements StreamSession.Opening {

        @Override
        public MeshSnapshot view(MeshSnapshot whole, Dialect dialect, String workload, String node) {
            return whole;
        }

        @Override
        public ResourceCache cache(Dialect dialect) {
            return new ResourceCache(dialect);
        }

        @Override
        public StreamLimits limits() {
            return StreamLimits.DEFAULT;
        }

        @Override
        public SidecarRegistry.Connection register(String node, String spiffeId, String workload) {
            return sidecars.connected(node, spiffeId, workload);
        }

        @Override
        public void served(SpiffeId id, String node, String instance) {}

        @Override
        public MeshSnapshot current() {
            return shop;
        }

        @Override
        public void closed(StreamSession<?, ?> session) {}
    }

    private final class Transport extends ServerCallStreamObserver<DeltaDiscoveryResponse> {

        private final List<DeltaDiscoveryResponse> sent = new ArrayList<>();
        private boolean ready = true;
        private boolean fullAfterEach;
        private int requested;
        private Runnable onReady;

        List<String> versions() {
            return sent.stream().map(DeltaDiscoveryResponse::getSystemVersionInfo).toList();
        }

        void becomeReady() {
            ready = true;
            onReady.run();
            clock.advance(Duration.ZERO);
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            sent.add(response);
            ready = !fullAfterEach;
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
        public void disableAutoRequest() {}

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
