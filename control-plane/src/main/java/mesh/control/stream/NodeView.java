package mesh.control.stream;

import mesh.model.MeshSnapshot;

/** What one sidecar may see of the whole. */
@FunctionalInterface
public interface NodeView {

    /**
     * The part that concerns a sidecar, closed: everything that it refers to is in it. Has the version of the whole.
     *
     * @param workload proven by the caller's certificate
     * @param node     claimed by the caller
     */
    MeshSnapshot view(MeshSnapshot whole, String workload, String node);
}
