package mesh.control.store;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import mesh.control.stream.NodeView;
import mesh.model.MeshSnapshot;

/**
 * {@link NodeScope}, remembered: sidecars that have the same listeners have the same view, and share one object. A thousand replicas cost
 * one view of each version. Any thread.
 */
public final class SharedViews implements NodeView {

    private record Version(MeshSnapshot whole, Map<Set<String>, MeshSnapshot> views) {
        Version(MeshSnapshot whole) {
            this(whole, new ConcurrentHashMap<>());
        }
    }

    private volatile Version latest = new Version(MeshSnapshot.EMPTY);

    @Override
    public MeshSnapshot view(MeshSnapshot whole, String workload, String node) {
        Set<String> listeners = NodeScope.listeners(whole, workload, node);
        Version version = latest;
        if (whole != version.whole && whole.version() >= version.whole.version()) {
            // Two threads may both begin a version: one of them then shares with fewer.
            version = new Version(whole);
            latest = version;
        }
        return version.whole == whole
            ? version.views.computeIfAbsent(listeners, names -> NodeScope.view(whole, names))
            : NodeScope.view(whole, listeners);
    }
}
