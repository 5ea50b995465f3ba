package mesh.control.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Status;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.time.Duration;
import java.time.Instant;
import mesh.model.MeshSnapshot;
import mesh.xds.Dialect;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.Test;

class SidecarRegistryTest {

    private static final MeshSnapshot SHOP = Meshes.of(3, "pay");
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private Instant now = START;
    private final SidecarRegistry registry = new SidecarRegistry(() -> now);

    @Test
    void showsHowFarASidecarIs() {
        SidecarRegistry.Connection connection = registry.connected("pay-1", "spiffe://mesh.local/pay", "pay");
        assertThat(only()).isEqualTo(sidecar(true, 0, 0));
        DeltaStream stream = new DeltaStream(SHOP, new ResourceCache(Dialect.PROXY), StreamLimits.DEFAULT);
        answer(stream, null);
        connection.progress(stream);
        assertThat(only()).isEqualTo(sidecar(true, 3, 3));
        assertThat(registry.connectedCount()).isOne();
    }

    @Test
    void keepsTheTimeAndTextOfARejection() {
        SidecarRegistry.Connection connection = registry.connected("pay-1", "spiffe://mesh.local/pay", "pay");
        DeltaStream stream = new DeltaStream(SHOP, new ResourceCache(Dialect.PROXY), StreamLimits.DEFAULT);
        answer(stream, "cannot bind");
        connection.progress(stream);
        now = now.plusSeconds(60);
        connection.progress(stream);
        assertThat(only().rejection()).contains(new SidecarRegistry.Rejection(3, ResourceType.CLUSTER, "cannot bind", START));
    }

    @Test
    void aSidecarThatCameBackKeepsWhatItHadAndItsOldStreamIsIgnored() {
        SidecarRegistry.Connection first = registry.connected("pay-1", "spiffe://mesh.local/pay", "pay");
        DeltaStream stream = new DeltaStream(SHOP, new ResourceCache(Dialect.PROXY), StreamLimits.DEFAULT);
        answer(stream, null);
        first.progress(stream);
        registry.connected("pay-1", "spiffe://mesh.local/pay", "pay");
        first.closed();
        assertThat(only()).isEqualTo(sidecar(true, 3, 0));
    }

    @Test
    void knowsWhatASidecarsClockSaysAndOfItsIdentityAlone() {
        registry.connected("pay-1", "spiffe://mesh.local/pay", "pay");
        registry.clock("pay-1", "spiffe://mesh.local/other", START.plusSeconds(100));
        assertThat(only().clockAhead()).isEmpty();
        registry.clock("pay-1", "spiffe://mesh.local/pay", START.minusSeconds(45));
        assertThat(only().clockAhead()).contains(Duration.ofSeconds(-45));
        registry.clock("pay-1", "spiffe://mesh.local/pay", START.minusSeconds(44));
        assertThat(only().clockAhead()).as("hardly a change").contains(Duration.ofSeconds(-45));
    }

    @Test
    void oneThatHasGoneIsShownForAWhile() {
        registry.connected("pay-1", "spiffe://mesh.local/pay", "pay").closed();
        assertThat(only().connected()).isFalse();
        assertThat(registry.connectedCount()).isZero();
        now = START.plus(SidecarRegistry.KEPT);
        assertThat(registry.list()).hasSize(1);
        now = now.plusNanos(1);
        assertThat(registry.list()).isEmpty();
    }

    @Test
    void forgetsTheFirstThatWentWhenFull() {
        for (int i = 0; i <= SidecarRegistry.MOST; i++) {
            now = now.plusNanos(1);
            registry.connected("n" + i, "", "w").closed();
        }
        assertThat(registry.list().size()).isEqualTo(SidecarRegistry.MOST);
        assertThat(registry.list().stream().map(SidecarRegistry.Sidecar::node).filter("n0"::equals)).isEmpty();
    }

    private static void answer(DeltaStream stream, String error) {
        for (DeltaDiscoveryResponse response : stream.onRequest(DeltaDiscoveryRequest.newBuilder().setTypeUrl(ResourceType.CLUSTER.typeUrl()).build())) {
            DeltaDiscoveryRequest.Builder answer = DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(response.getTypeUrl()).setResponseNonce(response.getNonce());
            stream.onRequest((error == null ? answer : answer.setErrorDetail(Status.newBuilder().setMessage(error))).build());
        }
    }

    private SidecarRegistry.Sidecar only() {
        assertThat(registry.list()).hasSize(1);
        return registry.list().get(0);
    }

    private static SidecarRegistry.Sidecar sidecar(boolean connected, long acknowledged, long sent) {
        return new SidecarRegistry.Sidecar("pay-1", "spiffe://mesh.local/pay", "pay", connected, START, acknowledged, sent,
            java.util.Optional.empty(), "", java.util.Optional.empty());
    }
}
