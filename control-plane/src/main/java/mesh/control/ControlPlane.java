package mesh.control;

import java.io.IOException;
import java.util.Optional;
import mesh.control.journal.DirectoryFiles;
import mesh.control.store.MeshStore;
import mesh.time.Env;

/** The control plane without its servers: everything that is kept in the data directory, built here by constructors. */
public final class ControlPlane implements AutoCloseable {

    private final StartOptions options;
    private final DirectoryFiles files;
    private final MeshStore store;

    private ControlPlane(StartOptions options, DirectoryFiles files, MeshStore store) {
        this.options = options;
        this.files = files;
        this.store = store;
    }

    /**
     * Opens the data directory, or makes it.
     *
     * @throws IOException naming the file and what to do
     */
    public static ControlPlane open(StartOptions options, Env env) throws IOException {
        DirectoryFiles files = DirectoryFiles.open(options.dataDir());
        try {
            MeshStore store = MeshStore.open(files, Optional.empty(), env.clock());
            return new ControlPlane(options, files, store);
        } catch (IOException | RuntimeException e) {
            files.close();
            throw e;
        }
    }

    public StartOptions options() {
        return options;
    }

    public MeshStore store() {
        return store;
    }

    @Override
    public void close() throws IOException {
        try (files) {
            store.close();
        }
    }
}
