package mesh.control.admin;

import java.util.List;
import mesh.control.store.NodeScope;
import mesh.control.store.SharedViews;
import mesh.control.stream.SidecarRegistry;
import mesh.control.stream.SidecarRegistry.Sidecar;
import mesh.model.MeshSnapshot;

/** Whom a change concerns: the connected sidecars whose own part of the configuration is different after it. And what that part is. */
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

    /**
     * What a configuration has for one sidecar.
     *
     * @param workload the sidecar's; "" for that under which it was last seen here
     * @throws NotThereException when that is not known
     */
    MeshSnapshot part(MeshSnapshot whole, String node, String workload) {
        List<Sidecar> known = sidecars.list();
        String its = !workload.isEmpty() ? workload : known.stream().filter(each -> each.node().equals(node)).map(Sidecar::workload).findFirst()
            .orElseThrow(() -> new NotThereException("sidecar of the last hour", node, known.stream().map(Sidecar::node).toList()));
        return NodeScope.view(whole, its, node);
    }
}
