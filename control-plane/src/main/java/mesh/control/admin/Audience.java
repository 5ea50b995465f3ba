package mesh.control.admin;

import java.util.List;
import mesh.control.store.SharedViews;
import mesh.control.stream.SidecarRegistry;
import mesh.control.stream.SidecarRegistry.Sidecar;
import mesh.model.MeshSnapshot;

/** Whom a change concerns: the connected sidecars whose own part of the configuration is different after it. */
final class Audience {

    private final SidecarRegistry sidecars;

    Audience(SidecarRegistry sidecars) {
        this.sidecars = sidecars;
    }

    /** Their nodes, sorted. */
    List<String> of(MeshSnapshot before, MeshSnapshot after) {
        // A version is part of a view, and not what is asked for.
        MeshSnapshot then = before.withVersion(1);
        // A change says nothing of trust: the store adds what is current.
        MeshSnapshot now = after.withVersion(1).withTrust(before.trust());
        SharedViews viewsThen = new SharedViews();
        SharedViews viewsNow = new SharedViews();
        return sidecars.list().stream()
            .filter(Sidecar::connected)
            .filter(s -> !viewsThen.view(then, s.workload(), s.node()).equals(viewsNow.view(now, s.workload(), s.node())))
            .map(Sidecar::node)
            .toList();
    }
}
