package mesh.proxy.discovery;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import mesh.config.ConfigResult;
import mesh.config.SidecarConfig;
import mesh.model.ApplyResult;
import mesh.model.Problem;
import org.jboss.logging.Logger;

/**
 * Takes the configuration from a file and follows it while it changes, and the certificates it names with it. What cannot be used is
 * refused with everything that is wrong with it, said once, and the version before goes on.
 *
 * <p>A change is taken when two looks in a row see the same content, so that a file that is being written is left alone until it is whole.
 * How it changed does not matter: written over, moved into place, or behind a link that was turned, as Kubernetes does with a ConfigMap.
 *
 * <p>{@link #load} runs on the caller's thread; everything after {@link #start}, the sink included, on the scheduler.
 */
public final class FileSource implements AutoCloseable {

    /** Between two looks. */
    static final Duration INTERVAL = Duration.ofMillis(500);
    /** From the look that finds a change to the one that confirms it. */
    static final Duration SETTLE = Duration.ofMillis(100);

    private static final Logger LOG = Logger.getLogger(FileSource.class);

    /** Makes a configuration current under a version, or says what is wrong with it. */
    @FunctionalInterface
    public interface Sink {
        ApplyResult apply(SidecarConfig config, long version);
    }

    private final Path file;
    private final Sink sink;
    private final Runnable onUnreadable;
    private final ScheduledExecutorService scheduler;
    private FileContents decided;
    private FileContents seen;
    private long version;
    private volatile boolean closed;

    /**
     * @param onUnreadable told of each content that never reached the sink
     * @param scheduler    of one thread
     */
    public FileSource(Path file, Sink sink, Runnable onUnreadable, ScheduledExecutorService scheduler) {
        this.file = file;
        this.sink = sink;
        this.onUnreadable = onUnreadable;
        this.scheduler = scheduler;
    }

    /** Takes the file as it is now. */
    public ApplyResult load() {
        seen = FileContents.of(file);
        return decide();
    }

    /** Follows the file from what was loaded, until this is closed. */
    public void start() {
        lookAgainIn(INTERVAL);
    }

    @Override
    public void close() {
        closed = true;
    }

    private void lookAgainIn(Duration pause) {
        try {
            scheduler.schedule(this::look, pause.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // Closed meanwhile.
        }
    }

    private void look() {
        if (closed) {
            return;
        }
        Duration pause = INTERVAL;
        try {
            pause = changed() ? SETTLE : INTERVAL;
        } catch (RuntimeException e) {
            // A bug must not end the following of a file.
            LOG.errorf(e, "%s could not be applied, version %d goes on", file, version);
        }
        lookAgainIn(pause);
    }

    /** Whether something is changing that the next look has to confirm. */
    private boolean changed() {
        if (seen == decided && decided.untouched()) {
            return false;
        }
        FileContents now = FileContents.of(file);
        boolean settled = now.sameContent(seen);
        seen = now;
        if (!settled) {
            return true;
        }
        if (!now.sameContent(decided) && decide() instanceof ApplyResult.Rejected refused) {
            LOG.errorf("%s refused, version %d goes on: %s", file, version, listed(refused.problems()));
        }
        // Touched and the same, or just taken: either way this is what the next look compares with.
        decided = now;
        return false;
    }

    private ApplyResult decide() {
        decided = seen;
        if (seen.config() instanceof ConfigResult.Invalid invalid) {
            onUnreadable.run();
            return new ApplyResult.Rejected(invalid.problems());
        }
        ConfigResult.Valid valid = (ConfigResult.Valid) seen.config();
        ApplyResult result = sink.apply(valid.config(), version + 1);
        if (result instanceof ApplyResult.Applied applied) {
            version = applied.version();
            LOG.infof("%s in force, version %d", file, version);
            valid.warnings().forEach(LOG::warn);
        }
        return result;
    }

    private static String listed(List<Problem> problems) {
        String count = problems.size() == 1 ? "1 problem" : problems.size() + " problems";
        return problems.stream().map(Problem::toString).collect(Collectors.joining("\n  ", count + "\n  ", ""));
    }
}
