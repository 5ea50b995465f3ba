package mesh.control.store;

import java.io.Closeable;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import mesh.control.journal.FileLayer;
import mesh.control.journal.Journal;
import mesh.control.stream.ConfigSource;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.TrustBundle;
import org.jboss.logging.Logger;

/**
 * The one current configuration of the mesh, its version and its edits.
 *
 * <p>One thread writes. An edit is checked as a whole, gets the next version, is made durable, becomes current, is told to the
 * listeners, and only then acknowledged. Reading is one volatile read and never waits.
 */
public final class MeshStore implements ConfigSource, Closeable {

    private static final Logger LOG = Logger.getLogger(MeshStore.class);
    private static final String FILE = "config.journal";
    /** Of packed versions, on the disk and in memory; a journal grows to twice as much before it is compacted. */
    private static final long KEEP_BYTES = 16 << 20;

    private final ExecutorService writer = Executors.newSingleThreadExecutor(task -> new Thread(task, "mesh-store"));
    private final List<Consumer<MeshSnapshot>> listeners = new CopyOnWriteArrayList<>();
    private final FileLayer files;
    private final Journal journal;
    private final InstantSource clock;
    private final History history;
    private final long compactAbove;
    private volatile MeshSnapshot current;
    private volatile long trustVersion;

    private MeshStore(FileLayer files, Journal journal, InstantSource clock, History history, long compactAbove, MeshSnapshot recovered) {
        this.files = files;
        this.journal = journal;
        this.clock = clock;
        this.history = history;
        this.compactAbove = compactAbove;
        this.current = recovered;
        this.trustVersion = recovered.version();
    }

    /**
     * Opens the store in a directory, with the last configuration that was acknowledged there.
     *
     * @param trust who vouches for identities; part of every snapshot, and not of the file
     * @throws IOException naming the file and what to do, when what is there cannot be trusted
     */
    public static MeshStore open(FileLayer files, Optional<TrustBundle> trust, InstantSource clock) throws IOException {
        return open(files, trust, clock, KEEP_BYTES);
    }

    static MeshStore open(FileLayer files, Optional<TrustBundle> trust, InstantSource clock, long keepBytes) throws IOException {
        Journal journal = Journal.open(files, FILE);
        try {
            History history = new History(keepBytes);
            MeshSnapshot last = MeshSnapshot.EMPTY;
            for (Iterator<byte[]> records = journal.takeRecovered().iterator(); records.hasNext();) {
                byte[] bytes = records.next();
                history.add(ConfigRecord.describe(bytes), bytes);
                if (!records.hasNext()) {
                    // Only this one must be a configuration still; an earlier one is refused when someone asks for it.
                    last = ConfigRecord.read(bytes).snapshot();
                }
            }
            return new MeshStore(files, journal, clock, history, 2 * keepBytes, last.withTrust(trust));
        } catch (IOException e) {
            journal.close();
            throw new IOException(files.describe(FILE) + ": " + e.getMessage(), e);
        }
    }

    @Override
    public MeshSnapshot current() {
        return current;
    }

    /** The versions that are kept. The current one is there before it is told to anyone. */
    public History history() {
        return history;
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
     * @param author          who asked
     * @param message         what for
     * @throws StaleVersionException     when the current version is another one
     * @throws StoreUnavailableException when the change could not be made durable
     */
    public ApplyResult edit(long expectedVersion, Change change, String author, String message) {
        return onWriter(() -> write(expectedVersion, change, author, message));
    }

    private ApplyResult onWriter(Callable<ApplyResult> work) {
        try {
            return writer.submit(work).get();
        } catch (RejectedExecutionException e) {
            throw new StoreUnavailableException("the control plane is stopping", false, e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException refused) {
                throw refused;
            }
            throw new IllegalStateException("edit failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("interrupted while waiting; the change may have been made", false, e);
        }
    }

    /**
     * Changes whom everybody trusts: a version of its own, with the same configuration. Blocks until it is durable; nothing happens if it is
     * what is current.
     *
     * @throws StoreUnavailableException when the change could not be made durable
     */
    public void trust(TrustBundle bundle, String author, String message) {
        onWriter(() -> {
            if (!current.trust().equals(Optional.of(bundle))) {
                MeshSnapshot after = current.withTrust(Optional.of(bundle)).withVersion(current.version() + 1);
                commit(after, author, message);
            }
            return new ApplyResult.Applied(current.version());
        });
    }

    /** The version since which everybody is told to trust whom they are told to trust now. */
    public long trustVersion() {
        return trustVersion;
    }

    /**
     * What {@link #edit} would come to at this moment: refused for the same reasons, or applied under the version that is named. Nothing is
     * kept and nobody is told.
     *
     * @throws StaleVersionException when the current version is another one
     */
    public ApplyResult rehearse(long expectedVersion, Change change) {
        return decide(current, expectedVersion, change, after -> {});
    }

    private ApplyResult write(long expectedVersion, Change change, String author, String message) {
        return decide(current, expectedVersion, change, after -> commit(after, author, message));
    }

    private void commit(MeshSnapshot after, String author, String message) {
        keep(after, author, message);
        // Before anybody can acknowledge it.
        trustVersion = after.trust().equals(current.trust()) ? trustVersion : after.version();
        current = after;
        LOG.infof("config version %d: %s, by %s", after.version(), message, author);
        for (Consumer<MeshSnapshot> listener : listeners) {
            tell(listener, after);
        }
    }

    private static ApplyResult decide(MeshSnapshot before, long expectedVersion, Change change, Consumer<MeshSnapshot> commit) {
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
        commit.accept(after);
        return new ApplyResult.Applied(after.version());
    }

    private void keep(MeshSnapshot snapshot, String author, String message) {
        ConfigRecord record = ConfigRecord.of(snapshot, clock.instant(), author, message);
        byte[] bytes = record.toBytes();
        try {
            journal.append(bytes);
        } catch (IOException e) {
            String text = files.describe(FILE) + ": " + e.getMessage() + "; the change was refused, version " + current.version() + " stays";
            LOG.error(text);
            throw new StoreUnavailableException(text, isFull(e), e);
        }
        history.add(record.version(), bytes);
        // Half of it is forgotten then, also where a single version is longer than what is kept.
        if (journal.length() > Math.max(compactAbove, 4L * bytes.length)) {
            compact();
        }
    }

    /** The write is durable already: a failure here costs space and nothing else. */
    private void compact() {
        try {
            journal.rewrite(history.records());
        } catch (IOException e) {
            LOG.warnf("%s: could not be compacted, it goes on growing: %s", files.describe(FILE), e.getMessage());
        }
    }

    /** Java tells a full disk only by the system's words. */
    private static boolean isFull(IOException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("No space left") || message.contains("quota");
    }

    /** A listener's fault is its own: the write stands, and the others are told. */
    private static void tell(Consumer<MeshSnapshot> listener, MeshSnapshot snapshot) {
        try {
            listener.accept(snapshot);
        } catch (RuntimeException e) {
            LOG.errorf(e, "listener failed on config version %d", snapshot.version());
        }
    }

    /** Finishes the edits that were begun, refuses later ones. */
    @Override
    public void close() throws IOException {
        writer.shutdown();
        try {
            writer.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        journal.close();
    }
}
