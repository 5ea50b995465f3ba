package mesh.control;

import mesh.control.store.MeshStore;
import mesh.model.MeshSnapshot;
import mesh.time.Env;

/** The control plane without its servers: everything that is kept in the data directory, built here by constructors. */
public final class ControlPlane implements AutoCloseable {

    private final StartOptions options;
    private final MeshStore store;

    private ControlPlane(StartOptions options, MeshStore store) {
        this.options = options;
        this.store = store;
    }

    /** Opens the data directory, or makes it. */
    public static ControlPlane open(StartOptions options, Env env) {
        return new ControlPlane(options, new MeshStore(MeshSnapshot.EMPTY));
    }

    public StartOptions options() {
        return options;
    }

    public MeshStore store() {
        return store;
    }

    @Override
    public void close() {
        store.close();
    }
}
