package mesh.control.stream;

import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.util.List;
import mesh.model.MeshSnapshot;
import mesh.xds.Dialect;

/** The control plane's end of one stream, for tests that deliver its messages by hand. */
public final class ControlPlaneSide {

    /** What all streams of one control plane share. */
    public static final class Shared {
        private final ResourceCache cache = new ResourceCache(Dialect.PROXY);
    }

    /** So small that even the answers of a small mesh come in several responses. */
    private static final StreamLimits LIMITS = new StreamLimits(1, 1, 1000, 1 << 20, 1000, 400);

    private final DeltaStream stream;

    public ControlPlaneSide(MeshSnapshot view, Shared shared) {
        this.stream = new DeltaStream(view, shared.cache, LIMITS);
    }

    public List<DeltaDiscoveryResponse> receive(DeltaDiscoveryRequest request) {
        return stream.onRequest(request);
    }

    public List<DeltaDiscoveryResponse> push(MeshSnapshot view) {
        return stream.saturated() ? List.of() : stream.onView(view);
    }

    /** Whether everything that was sent was answered: until then a session waits before it pushes again. */
    public boolean answered() {
        return !stream.unanswered();
    }

    public long acknowledgedVersion() {
        return stream.acknowledgedVersion();
    }

    public boolean refused() {
        return stream.refusal().isPresent();
    }
}
