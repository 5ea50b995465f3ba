package mesh.control.rollout;

import com.google.common.util.concurrent.MoreExecutors;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mesh.control.store.MeshStore;
import mesh.control.store.SharedViews;
import mesh.control.stream.NodeView;
import mesh.control.stream.SidecarRegistry;
import mesh.disk.DurableFile;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.v1.TrafficReport;
import org.jboss.logging.Logger;

/**
 * What each sidecar is to see: the current configuration, or what was before it as long as a change is rolled out that it has not been given. One
 * rollout at a time.
 *
 * <p>Each wave is a version of the store, so that the numbers that a sidecar is sent only grow. Who sees what is a function of the version and the
 * node alone, decided before anybody is told of the version. That a rollout is on is kept in a file: a control plane that stops within one
 * takes it back when it is opened again, for nobody watches then.
 */
public final class Rollouts implements NodeView, Closeable {

    private static final Logger LOG = Logger.getLogger(Rollouts.class);
    private static final long STEP_MILLIS = 200;

    /**
     * What a rollout works with.
     *
     * @param over notes that none is on any more; before anybody is told
     */
    record Tools(MeshStore store, SidecarRegistry sidecars, InstantSource clock, Runnable over) {}

    private final NodeView current = new SharedViews();
    private final NodeView before = new SharedViews();
    private final Tools tools;
    private final Path file;
    private final Supplier<List<String>> replicas;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "mesh-rollout");
        made.setDaemon(true);
        return made;
    });
    /** The last one, also when it is over: streams may yet ask for one of its versions. */
    private volatile Rollout last;

    /**
     * @param dataDir  where it is noted that a rollout is on
     * @param replicas the other control planes on the same store
     * @throws IOException when one was cut short and cannot be taken back
     */
    public static Rollouts open(MeshStore store, SidecarRegistry sidecars, Path dataDir, Supplier<List<String>> replicas, InstantSource clock)
        throws IOException {
        Rollouts rollouts = new Rollouts(store, sidecars, dataDir.resolve("rollout"), replicas, clock);
        rollouts.takeBack();
        rollouts.thread.scheduleWithFixedDelay(rollouts::step, STEP_MILLIS, STEP_MILLIS, TimeUnit.MILLISECONDS);
        return rollouts;
    }

    private Rollouts(MeshStore store, SidecarRegistry sidecars, Path file, Supplier<List<String>> replicas, InstantSource clock) {
        this.tools = new Tools(store, sidecars, clock, this::noneIsOn);
        this.file = file;
        this.replicas = replicas;
    }

    private void noneIsOn() {
        try {
            DurableFile.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void takeBack() throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        long base = Long.parseLong(Files.readString(file).strip());
        Optional<MeshSnapshot> then = tools.store.history().read(base);
        if (then.isEmpty()) {
            throw new IOException(file + ": a rollout was cut short, and version " + base + " from before it is not kept any more"
                + " (expected: that version; remove the file to go on with the current one)");
        }
        ApplyResult result = tools.store.edit(0, now -> then.get(), "control plane", "roll back to version " + base + ": its rollout was cut short");
        if (result instanceof ApplyResult.Rejected rejected) {
            throw new IOException(file + ": version " + base + " cannot be put back: " + rejected.problems());
        }
        DurableFile.delete(file);
        LOG.warnf("a rollout was cut short: version %d is in force again", base);
    }

    /**
     * Begins one: the change is written already, and only now anybody is told of it.
     *
     * @param concerned the nodes that the change concerns
     * @param write     makes the change a version; given what is to be told its number before anybody else
     * @param told      of each news, on the rollouts' thread
     * @throws IllegalStateException when one is on
     * @throws IOException           when it cannot be noted that one is on
     */
    public synchronized void begin(RolloutPlan plan, MeshSnapshot base, List<String> concerned, String author, Consumer<Rollout.News> told, Write write)
        throws IOException {
        running().ifPresent(on -> {
            throw new IllegalStateException(on.describe() + " (expected: none that is on)");
        });
        List<String> others = replicas.get();
        if (!others.isEmpty()) {
            throw new IllegalStateException("replicas " + others + " have sidecars of which nothing is known here (expected: one replica during a rollout)");
        }
        DurableFile.write(file, Long.toString(base.version()).getBytes(StandardCharsets.UTF_8));
        Rollout begun = new Rollout(plan, tools, base, concerned, author, told);
        Rollout kept = last;
        last = begun;
        try {
            if (write.now(begun::beginsWith) == base.version()) {
                begun.nothingToDo();
            } else {
                begun.begins();
            }
        } catch (RuntimeException e) {
            last = kept;
            noneIsOn();
            throw e;
        }
    }

    /** How a change becomes a version. */
    @FunctionalInterface
    public interface Write {

        /**
         * Makes it.
         *
         * @param decided told what it will be, before anybody else
         * @return its number; the one before if it changes nothing
         */
        long now(Consumer<MeshSnapshot> decided);
    }

    /** The one that is on. */
    public Optional<Rollout> running() {
        Rollout rollout = last;
        return rollout == null || rollout.isOver() ? Optional.empty() : Optional.of(rollout);
    }

    /** What a sidecar has seen. Any thread. */
    public void report(TrafficReport report) {
        running().ifPresent(rollout -> rollout.report(report));
    }

    private void step() {
        try {
            running().ifPresent(Rollout::step);
        } catch (RuntimeException e) {
            LOG.errorf(e, "a step of the rollout failed; it is tried again");
        }
    }

    @Override
    public MeshSnapshot view(MeshSnapshot whole, String workload, String node) {
        Rollout rollout = last;
        return rollout == null || rollout.isGiven(whole.version(), node)
            ? current.view(whole, workload, node) : before.view(rollout.before(whole), workload, node);
    }

    @Override
    public MeshSnapshot whole(MeshSnapshot whole, String node) {
        Rollout rollout = last;
        return rollout == null || rollout.isGiven(whole.version(), node) ? whole : rollout.before(whole);
    }

    @Override
    public void close() {
        // Not interrupted: a step may be writing.
        MoreExecutors.shutdownAndAwaitTermination(thread, Duration.ofSeconds(5));
    }
}
