package mesh.control.store;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import mesh.control.stream.ConfigSource;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import org.jboss.logging.Logger;

/**
 * The one current configuration of the mesh, its version and its edits.
 *
 * <p>One thread writes. An edit is checked as a whole, gets the next version, is made durable, becomes current, is told to the
 * listeners, and only then acknowledged. Reading is one volatile read and never waits.
 */
public final class MeshStore implements ConfigSource, AutoCloseable {

    private static final Logger LOG = Logger.getLogger(MeshStore.class);

    private final ExecutorService writer = Executors.newSingleThreadExecutor(task -> new Thread(task, "mesh-store"));
    private final List<Consumer<MeshSnapshot>> listeners = new CopyOnWriteArrayList<>();
    private volatile MeshSnapshot current;

    public MeshStore(MeshSnapshot first) {
        this.current = first;
    }

    @Override
    public MeshSnapshot current() {
        return current;
    }

    @Override
    public Registration onChange(Consumer<MeshSnapshot> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /**
     * Changes the configuration. Blocks until the change is durable, or refused.
     *
     * @param expectedVersion the version the change was made from; 0 for whatever is current
     * @param author          who asked, for the log
     * @param message         what for, for the log
     * @throws StaleVersionException     when the current version is another one
     * @throws StoreUnavailableException when the change could not be made durable
     */
    public ApplyResult edit(long expectedVersion, Change change, String author, String message) {
        Future<ApplyResult> result = writer.submit(() -> write(expectedVersion, change, author, message));
        try {
            return result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException refused) {
                throw refused;
            }
            throw new IllegalStateException("edit failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for an edit; it may have been made", e);
        }
    }

    private ApplyResult write(long expectedVersion, Change change, String author, String message) {
        MeshSnapshot before = current;
        if (expectedVersion != 0 && expectedVersion != before.version()) {
            throw new StaleVersionException(expectedVersion, before.version());
        }
        MeshSnapshot after = change.applyTo(before).withVersion(before.version()).withTrust(before.trust());
        List<Problem> problems = after.problems();
        if (!problems.isEmpty()) {
            return new ApplyResult.Rejected(problems);
        }
        if (after.equals(before)) {
            return new ApplyResult.Applied(before.version());
        }
        after = after.withVersion(before.version() + 1);
        current = after;
        LOG.infof("config version %d: %s, by %s", after.version(), message, author);
        for (Consumer<MeshSnapshot> listener : listeners) {
            tell(listener, after);
        }
        return new ApplyResult.Applied(after.version());
    }

    /** A listener's fault is its own: the write stands, and the others are told. */
    private static void tell(Consumer<MeshSnapshot> listener, MeshSnapshot snapshot) {
        try {
            listener.accept(snapshot);
        } catch (RuntimeException e) {
            LOG.errorf(e, "listener failed on config version %d", snapshot.version());
        }
    }

    /** Ends the writer after the edits that were begun. */
    @Override
    public void close() {
        writer.shutdown();
    }
}
