package mesh.control.store;

import java.io.Closeable;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mesh.control.journal.RecordLog;
import mesh.control.journal.RecordLogs;
import mesh.control.stream.ConfigSource;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.TrustBundle;
import mesh.replica.v1.Rollout;
import org.jboss.logging.Logger;

/**
 * The one current configuration of the mesh, its version and its edits.
 *
 * <p>One thread writes. An edit is checked as a whole, gets the next version, is made durable, becomes current, is told to the
 * listeners, and only then acknowledged. Reading is one volatile read and never waits.
 *
 * <p>Where the log of versions is shared, another replica's versions become current here as they come. An edit that another replica was
 * faster than is decided anew, on what is current then: so versions have no gaps, no two writes have the same, and
 * {@code expectedVersion} means the same wherever it is sent to.
 */
public final class MeshStore implements ConfigSource, Closeable {

    private static final Logger LOG = Logger.getLogger(MeshStore.class);
    private static final String NAME = "config";
    /** Of packed versions, kept and in memory; a log grows to twice as much before it is compacted. */
    private static final long KEEP_BYTES = 16 << 20;
    private static final int MOST_STAGES = 256;

    private final ExecutorService writer = Executors.newSingleThreadExecutor(task -> new Thread(task, "mesh-store"));
    private final List<Consumer<MeshSnapshot>> listeners = new CopyOnWriteArrayList<>();
    private final AtomicBoolean newsWait = new AtomicBoolean();
    private final RecordLog log;
    private final Supplier<Optional<TrustBundle>> trust;
    private final InstantSource clock;
    private final History history;
    private final long compactAbove;
    /** What the versions are part of, from each on that differs in that from the one before. Of those that streams may still be at. */
    private final ConcurrentSkipListMap<Long, Optional<Rollout>> rollouts = new ConcurrentSkipListMap<>();
    private volatile MeshSnapshot current;
    private volatile long trustVersion;
    /** Why nothing can be written: a version that was taken could not be read, and the next may be one that can. Writer only. */
    private Optional<IOException> unreadable = Optional.empty();

    private MeshStore(RecordLog log, Supplier<Optional<TrustBundle>> trust, InstantSource clock, History history, long compactAbove,
        MeshSnapshot recovered, Optional<Rollout> rollout) {
        this.log = log;
        this.trust = trust;
        this.clock = clock;
        this.history = history;
        this.compactAbove = compactAbove;
        this.current = recovered;
        this.trustVersion = recovered.version();
        this.rollouts.put(recovered.version(), rollout);
    }

    /**
     * Opens the store, with the last configuration that was acknowledged there.
     *
     * @param trust who vouches for identities; part of every snapshot, and not of the log. Asked for each version that others wrote
     * @throws IOException naming the log and what to do, when what is there cannot be trusted
     */
    public static MeshStore open(RecordLogs logs, Supplier<Optional<TrustBundle>> trust, InstantSource clock) throws IOException {
        return open(logs, trust, clock, KEEP_BYTES);
    }

    static MeshStore open(RecordLogs logs, Supplier<Optional<TrustBundle>> trust, InstantSource clock, long keepBytes) throws IOException {
        RecordLog log = logs.log(NAME);
        try {
            History history = new History(keepBytes);
            MeshSnapshot last = MeshSnapshot.EMPTY;
            Optional<Rollout> rollout = Optional.empty();
            for (Iterator<byte[]> records = log.takeNew().iterator(); records.hasNext();) {
                byte[] bytes = records.next();
                history.add(ConfigRecord.describe(bytes), bytes);
                if (!records.hasNext()) {
                    // Only this one must be a configuration still; an earlier one is refused when someone asks for it.
                    ConfigRecord record = ConfigRecord.read(bytes);
                    last = record.snapshot();
                    rollout = record.rollout();
                }
            }
            MeshStore store = new MeshStore(log, trust, clock, history, 2 * keepBytes, last.withTrust(trust.get()), rollout);
            log.onNews(store::newsCame);
            return store;
        } catch (IOException e) {
            log.close();
            throw new IOException(log.describe() + ": " + e.getMessage(), e);
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

    /** How far a rollout is that the current version is part of, also of one that ended with it. */
    public Optional<Rollout> rollout() {
        return rollout(current.version());
    }

    /** As above, in a version; known of it before anybody is told of it. Of one long ago it is not known any more. */
    public Optional<Rollout> rollout(long version) {
        Map.Entry<Long, Optional<Rollout>> found = rollouts.floorEntry(version);
        return found == null ? Optional.empty() : found.getValue();
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
        return edit(expectedVersion, change, Staging.AS_BEFORE, author, message);
    }

    /** As above. @param staging how far a rollout is with it; a change of that alone is no change */
    public ApplyResult edit(long expectedVersion, Change change, Staging staging, String author, String message) {
        return onWriter(() -> decided(() -> decide(current, expectedVersion, change, after -> commit(after, staging, author, message))));
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
        onWriter(() -> decided(() -> {
            if (!current.trust().equals(Optional.of(bundle))) {
                MeshSnapshot after = current.withTrust(Optional.of(bundle)).withVersion(current.version() + 1);
                commit(after, Staging.AS_BEFORE, author, message);
            }
            return new ApplyResult.Applied(current.version());
        }));
    }

    /**
     * Makes a version in which a rollout is further, whether or not it holds something else. Blocks until it is durable.
     *
     * @return its number
     * @throws StoreUnavailableException when it could not be made durable
     * @throws IllegalStateException     when what it would hold is no configuration
     */
    public long stage(Change change, Staging staging, String author, String message) {
        return ((ApplyResult.Applied) onWriter(() -> decided(() -> {
            MeshSnapshot after = change.applyTo(current).withVersion(current.version() + 1).withTrust(current.trust());
            List<Problem> problems = after.problems();
            if (!problems.isEmpty()) {
                throw new IllegalStateException("not a configuration any more: " + problems);
            }
            commit(after, staging, author, message);
            return new ApplyResult.Applied(after.version());
        }))).version();
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
        return onWriter(() -> decided(() -> decide(current, expectedVersion, change, after -> {})));
    }

    /** On what is current. Decided anew whenever another replica was faster. */
    private ApplyResult decided(Supplier<ApplyResult> decision) {
        try {
            return log.decide(this::take, () -> {
                refuseUnreadable();
                return decision.get();
            });
        } catch (IOException e) {
            throw new StoreUnavailableException(log.describe() + ": " + e.getMessage() + "; the change was refused", false, e);
        }
    }

    private void refuseUnreadable() {
        if (unreadable.isPresent()) {
            throw new StoreUnavailableException("another replica wrote what this one cannot read: " + unreadable.get().getMessage()
                + "; the change was refused", false, unreadable.get());
        }
    }

    private void commit(MeshSnapshot after, Staging staging, String author, String message) {
        Optional<Rollout> rollout = staging.after(rollout(), after.version());
        keep(after, rollout, author, message);
        become(after, rollout);
        LOG.infof("config version %d: %s, by %s", after.version(), message, author);
    }

    private void become(MeshSnapshot after, Optional<Rollout> rollout) {
        if (!rollouts.lastEntry().getValue().equals(rollout)) {
            rollouts.put(after.version(), rollout);
            if (rollouts.size() > MOST_STAGES) {
                rollouts.pollFirstEntry();
            }
        }
        // Before anybody can acknowledge it.
        trustVersion = after.trust().equals(current.trust()) ? trustVersion : after.version();
        current = after;
        for (Consumer<MeshSnapshot> listener : listeners) {
            tell(listener, after);
        }
    }

    /** On the log's thread. Of many at a time one is enough. */
    private void newsCame() {
        if (!newsWait.compareAndSet(false, true)) {
            return;
        }
        try {
            writer.execute(() -> {
                newsWait.set(false);
                try {
                    log.takeNew().forEach(this::take);
                } catch (IOException e) {
                    LOG.warnf("%s: %s; version %d stays in force until it can be read", log.describe(), e.getMessage(), current.version());
                }
            });
        } catch (RejectedExecutionException e) {
            // The store is closed.
        }
    }

    /** Makes current what another replica wrote. */
    private void take(byte[] bytes) {
        try {
            ConfigRecord record = ConfigRecord.read(bytes);
            history.add(record.version(), bytes);
            become(record.snapshot().withTrust(trust.get()), record.rollout());
            unreadable = Optional.empty();
            LOG.infof("config version %d: %s, by %s, on another replica", current.version(), record.version().message(), record.version().author());
        } catch (IOException e) {
            unreadable = Optional.of(e);
            LOG.errorf("%s: a version that another replica wrote cannot be read, version %d stays: %s", log.describe(),
                current.version(), e.getMessage());
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

    private void keep(MeshSnapshot snapshot, Optional<Rollout> rollout, String author, String message) {
        ConfigRecord record = ConfigRecord.of(snapshot, rollout, clock.instant(), author, message);
        byte[] bytes = record.toBytes();
        try {
            log.append(bytes);
        } catch (IOException e) {
            String text = log.describe() + ": " + e.getMessage() + "; the change is not acknowledged, version " + current.version() + " stays";
            LOG.error(text);
            throw new StoreUnavailableException(text, isFull(e), e);
        }
        history.add(record.version(), bytes);
        // Half of it is forgotten then, also where a single version is longer than what is kept.
        if (log.length() > Math.max(compactAbove, 4L * bytes.length)) {
            compact();
        }
    }

    /** The write is durable already: a failure here costs space and nothing else. */
    private void compact() {
        try {
            log.keepOnly(history.records());
        } catch (IOException e) {
            LOG.warnf("%s: could not be compacted, it goes on growing: %s", log.describe(), e.getMessage());
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
        log.close();
    }
}
