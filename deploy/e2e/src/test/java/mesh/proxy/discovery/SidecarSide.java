package mesh.proxy.discovery;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.util.List;
import java.util.function.Function;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;

/** A sidecar's end of its subscription, over all its streams, for tests that deliver its messages by hand. Time stands still. */
public final class SidecarSide {

    private final Function<MeshSnapshot, ApplyResult> sink;
    private final SnapshotAssembler assembler = new SnapshotAssembler();
    private DeltaSession session;

    public SidecarSide(Function<MeshSnapshot, ApplyResult> sink) {
        this.sink = sink;
    }

    /** A new stream; the one before is forgotten. */
    public List<DeltaDiscoveryRequest> open(String node) {
        session = new DeltaSession(Node.newBuilder().setId(node).build(), assembler, sink, () -> 0);
        return session.open();
    }

    public List<DeltaDiscoveryRequest> receive(DeltaDiscoveryResponse response) {
        return session.onResponse(response);
    }

    /** The last snapshot that was applied. */
    public MeshSnapshot published() {
        return assembler.published();
    }
}
