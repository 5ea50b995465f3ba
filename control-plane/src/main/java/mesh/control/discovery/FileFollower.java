package mesh.control.discovery;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import mesh.config.EndpointsFile;
import mesh.model.EndpointDiscovery;
import mesh.model.Problem;
import org.jboss.logging.Logger;

/**
 * Takes endpoints from files, and follows them. A file is taken when two looks in a row see the same in it, so that one that is being written is left
 * alone until it is whole; one that cannot be used is refused with everything that is wrong with it, said once, and the endpoints stay what they
 * were. How it changed does not matter: written over, moved into place, or behind a link that was turned. On the timer's thread alone.
 */
final class FileFollower {

    static final Duration INTERVAL = Duration.ofMillis(500);

    private static final Logger LOG = Logger.getLogger(FileFollower.class);

    private final Optional<Path> directory;
    private final EndpointSink sink;
    private final BooleanSupplier leads;
    private final ScheduledExecutorService timer;
    private final DiscoveryMetrics metrics;
    private final Map<String, Followed> followed = new HashMap<>();

    /** @param directory empty where none was given: then no cluster has endpoints from a file */
    FileFollower(Optional<Path> directory, EndpointSink sink, BooleanSupplier leads, ScheduledExecutorService timer, DiscoveryMetrics metrics) {
        this.directory = directory;
        this.sink = sink;
        this.leads = leads;
        this.timer = timer;
        this.metrics = metrics;
    }

    void start() {
        timer.scheduleWithFixedDelay(this::look, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Follows these and no others; those that it follows already go on. */
    void follow(Map<String, EndpointDiscovery.File> clusters) {
        followed.entrySet().removeIf(each -> {
            boolean over = !each.getValue().what.equals(clusters.get(each.getKey()));
            if (over) metrics.fresh(each.getKey());
            return over;
        });
        clusters.forEach((cluster, what) -> followed.computeIfAbsent(cluster, name -> new Followed(name, what)));
    }

    private void look() {
        if (!leads.getAsBoolean()) {
            // Whoever led meanwhile may have taken another: all is looked at anew.
            followed.values().forEach(each -> each.decided = null);
            return;
        }
        followed.values().forEach(Followed::look);
    }

    private final class Followed {

        private final String cluster;
        private final EndpointDiscovery.File what;
        /** As it was at the last look, and as it was when it was last taken or refused. */
        private Content seen;
        private Content decided;

        Followed(String cluster, EndpointDiscovery.File what) {
            this.cluster = cluster;
            this.what = what;
        }

        void look() {
            Content now = Content.of(directory, what.name());
            boolean settled = now.equals(seen);
            seen = now;
            if (!settled || now.equals(decided)) return;
            decided = now;
            EndpointsFile.Result read = now.problem.isPresent() ? new EndpointsFile.Invalid(List.of(now.problem.get()))
                : EndpointsFile.read(now.file, now.bytes);
            if (read instanceof EndpointsFile.Invalid invalid) {
                metrics.stale(cluster);
                LOG.errorf("cluster %s keeps the endpoints it has: %s", cluster,
                    invalid.problems().stream().map(Problem::toString).collect(Collectors.joining("\n  ", "\n  ", "")));
            } else if (read instanceof EndpointsFile.Valid valid) {
                metrics.fresh(cluster);
                sink.found(cluster, what, valid.endpoints());
            }
        }
    }

    /** What stands in a file, or why that is not known. */
    private record Content(Path file, byte[] bytes, Optional<Problem> problem) {

        static Content of(Optional<Path> directory, String name) {
            Path file = directory.orElse(Path.of("")).resolve(name);
            if (directory.isEmpty()) return failed(file, "no directory for it (expected: a control plane with --endpoints-dir)");
            try (InputStream in = Files.newInputStream(file)) {
                return new Content(file, in.readNBytes(EndpointsFile.MOST_BYTES + 1), Optional.empty());
            } catch (IOException e) {
                return failed(file, (e instanceof NoSuchFileException ? "no such file" : "cannot be read: " + e.getMessage())
                    + " (expected: a readable file)");
            }
        }

        private static Content failed(Path file, String why) {
            return new Content(file, new byte[0], Optional.of(new Problem("", why, file.toString(), 0, 0)));
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Content content && Arrays.equals(bytes, content.bytes) && problem.equals(content.problem);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }
    }
}
