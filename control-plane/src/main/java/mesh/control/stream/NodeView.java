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

    /** The whole mesh as it is for a node: another one while a change is rolled out that it has not been given. */
    default MeshSnapshot whole(MeshSnapshot whole, String node) {
        return whole;
    }
}
