package mesh.control.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.time.Duration;
import mesh.control.replica.LocalBoards;
import mesh.control.stream.SidecarRegistry.Sidecar;
import mesh.model.MeshSnapshot;
import mesh.time.FakeClock;
import mesh.xds.Dialect;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.Test;

/** Two control planes that know each other's sidecars. */
class SharedSidecarsTest {

    private static final MeshSnapshot SHOP = Meshes.of(3, "pay");

    private final FakeClock clock = new FakeClock();
    private final LocalBoards boards = new LocalBoards();
    private final SidecarRegistry a = new SidecarRegistry(clock, boards.join("a"));
    private final SidecarRegistry b = new SidecarRegistry(clock, boards.join("b"));

    @Test
    void eachKnowsTheOthersSidecarsAndHowFarTheyAre() {
        SidecarRegistry.Connection pay = a.connected("pay-1", "spiffe://mesh.local/pay", "pay");
        b.connected("web-1", "spiffe://mesh.local/web", "web");
        answer(pay, null);

        assertThat(b.list()).isEqualTo(a.list()).extracting(Sidecar::node).containsExactly("pay-1", "web-1");
        assertThat(b.list().get(0)).matches(Sidecar::connected).returns("a", Sidecar::replica).returns("pay", Sidecar::workload)
            .returns(3L, Sidecar::acknowledgedVersion);
        assertThat(b.connectedCount()).as("its own").isOne();
    }

    @Test
    void aRefusalIsKnownEverywhere() {
        answer(a.connected("pay-1", "", "pay"), "cannot bind");
        assertThat(b.list().get(0).rejection()).isEqualTo(a.list().get(0).rejection()).get()
            .returns("cannot bind", SidecarRegistry.Rejection::message);
    }

    @Test
    void oneThatMovesIsThereOnceAndHasWhatItHad() {
        SidecarRegistry.Connection before = a.connected("pay-1", "", "pay");
        answer(before, null);
        clock.advance(Duration.ofSeconds(1));
        b.connected("pay-1", "", "pay");
        assertThat(a.list()).as("while the old stream has not ended").isEqualTo(b.list()).singleElement()
            .matches(Sidecar::connected).returns("b", Sidecar::replica).returns(3L, Sidecar::acknowledgedVersion);
        before.closed();
        assertThat(a.list()).isEqualTo(b.list()).singleElement().matches(Sidecar::connected).returns("b", Sidecar::replica);
    }

    @Test
    void thoseOfAReplicaThatDiesAreLostUntilTheyComeToAnotherOneOrForAWhile() {
        a.connected("pay-1", "", "pay");
        a.connected("pay-2", "", "pay");
        a.connected("pay-3", "", "pay").closed();
        boards.leave("a");
        assertThat(b.list()).extracting(Sidecar::node).containsExactly("pay-1", "pay-2");
        assertThat(b.list()).noneMatch(Sidecar::connected);
        assertThat(b.lost()).extracting(Sidecar::node).containsExactly("pay-1", "pay-2");

        b.connected("pay-1", "", "pay");
        assertThat(b.lost()).extracting(Sidecar::node).containsExactly("pay-2");
        clock.advance(SharedSidecars.LOST.minusNanos(1));
        assertThat(b.lost()).hasSize(1);
        clock.advance(Duration.ofNanos(1));
        assertThat(b.lost()).isEmpty();
        assertThat(b.list()).extracting(Sidecar::node).as("still shown").containsExactly("pay-1", "pay-2");
    }

    private static void answer(SidecarRegistry.Connection connection, String error) {
        DeltaStream stream = new DeltaStream(SHOP, new ResourceCache(Dialect.PROXY), StreamLimits.DEFAULT);
        for (DeltaDiscoveryResponse response : stream.onRequest(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.CLUSTER.typeUrl()).build())) {
            DeltaDiscoveryRequest.Builder answer = DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(response.getTypeUrl()).setResponseNonce(response.getNonce());
            stream.onRequest((error == null ? answer : answer.setErrorDetail(Status.newBuilder().setMessage(error))).build());
        }
        connection.progress(stream);
    }
}
