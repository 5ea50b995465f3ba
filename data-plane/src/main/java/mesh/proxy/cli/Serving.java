package mesh.proxy.cli;

import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.ShutdownEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Durations;
import mesh.proxy.Sidecar;
import org.jboss.logging.Logger;
import sun.misc.Signal;

/** One sidecar inside Quarkus, from the first request it may get to the last one it answers. */
final class Serving {

    /** A pod is killed 30 s after its SIGTERM; some of that is needed to end the process. */
    private static final Duration DRAIN_LIMIT = Duration.ofSeconds(28);

    private static final Logger LOG = Logger.getLogger(Serving.class);

    /** The container makes its own beans: this is how they find what was made before it. */
    private static volatile Serving running;

    private final Sidecar sidecar;
    private final Feed feed;
    private final StartOptions options;
    private final AtomicBoolean stopping = new AtomicBoolean();

    private Serving(Sidecar sidecar, Feed feed, StartOptions options) {
        this.sidecar = sidecar;
        this.feed = feed;
        this.options = options;
    }

    /** Returns the exit code when everything has ended. */
    static int run(Sidecar sidecar, Feed feed, StartOptions options) {
        running = new Serving(sidecar, feed, options);
        AtomicInteger exit = new AtomicInteger();
        Quarkus.run(UntilStopped.class, (code, failure) -> exit.set(failure == null ? code : 1));
        return exit.get();
    }

    private int serve(Vertx vertx) {
        feed.follow();
        LOG.infof("sidecar ready: %s", sidecar.bound());
        // Dev mode ends its own JVM: a signal is its to handle.
        if (LaunchMode.current() != LaunchMode.DEVELOPMENT) {
            List.of("TERM", "INT").forEach(signal -> Signal.handle(new Signal(signal), received -> stop()));
        }
        Quarkus.waitForExit();
        return 0;
    }

    /** The first call lets requests end; a second one, from someone who does not want to wait, does not. */
    private void stop() {
        if (!stopping.compareAndSet(false, true)) {
            Quarkus.asyncExit(0);
            return;
        }
        LOG.infof("draining: accepting for %s more, then at most %s for what is in flight", Durations.format(options.drainDelay()), Durations.format(DRAIN_LIMIT));
        sidecar.drain(options.drainDelay(), DRAIN_LIMIT).whenComplete((done, failure) -> Quarkus.asyncExit(0));
    }

    /** What Quarkus runs once it is up. */
    static final class UntilStopped implements QuarkusApplication {

        private final Vertx vertx;

        UntilStopped(Vertx vertx) {
            this.vertx = vertx;
        }

        @Override
        public int run(String... args) {
            return running.serve(vertx);
        }

        /** Dev mode starts the next sidecar as soon as this has returned: its ports must be free. */
        void release(@Observes ShutdownEvent event) {
            running.feed.close();
            running.sidecar.close();
        }
    }
}
