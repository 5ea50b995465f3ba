package mesh.proxy.cli;

import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.runtime.LaunchMode;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.ShutdownEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;
import mesh.model.Durations;
import mesh.proxy.Sidecar;
import mesh.proxy.admin.AdminServer;
import mesh.proxy.cli.StartOptions.Listens;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.proxy.workload.WorkloadSocket;
import mesh.time.Env;
import org.jboss.logging.Logger;
import sun.misc.Signal;

/** One sidecar inside Quarkus, from when it shows itself until it has answered its last request. */
final class Serving implements AdminServer.Control {

    private static final Logger LOG = Logger.getLogger(Serving.class);

    /** The container makes its own beans: this is how they find what was made before it. */
    private static volatile Serving running;

    private final Sidecar sidecar;
    private final Feed feed;
    private final StartOptions options;
    private final InstantSource clock;
    private final AtomicBoolean draining = new AtomicBoolean();
    private AdminServer admin;
    private WorkloadSocket workload;

    private Serving(Sidecar sidecar, Feed feed, StartOptions options, InstantSource clock) {
        this.sidecar = sidecar;
        this.feed = feed;
        this.options = options;
        this.clock = clock;
    }

    /** Returns the exit code when everything has ended. */
    static int run(Sidecar sidecar, Feed feed, StartOptions options, InstantSource clock) {
        running = new Serving(sidecar, feed, options, clock);
        AtomicInteger exit = new AtomicInteger();
        Quarkus.run(UntilStopped.class, (code, failure) -> exit.set(failure == null ? code : 1));
        return exit.get();
    }

    private int serve(Vertx vertx, PrometheusMeterRegistry metrics) {
        metrics.getPrometheusRegistry().register(new MetricsCollector(sidecar.metrics()));
        WarmUp warmUp = WarmUp.begin(Env.system(), options.warmUp());
        admin = new AdminServer(vertx, sidecar, options.node(), clock, metrics::scrape, () -> feed.ready() && warmUp.getAsBoolean(), options.appProbes(),
            this);
        Listens listens = options.listens().or(feed.listens());
        Map<String, Address> own;
        try {
            own = admin.start(listens.admin().orElse(Listens.ADMIN), listens.metrics().orElse(Listens.METRICS),
                listens.health().orElse(Listens.HEALTH));
            openToWorkload();
        } catch (IllegalStateException | IOException e) {
            System.err.println("mesh: " + e.getMessage());
            return 1;
        }
        // Dev mode ends its own JVM: a signal is its to handle.
        if (LaunchMode.current() != LaunchMode.DEVELOPMENT) {
            List.of("TERM", "INT").forEach(signal -> Signal.handle(new Signal(signal), received -> terminate()));
        }
        options.drain().workload().ifPresent(process -> process.onExit().thenAccept(this::workloadEnded));
        feed.follow();
        LOG.infof("sidecar started: listeners %s, %s", sidecar.bound(), own);
        Quarkus.waitForExit();
        return 0;
    }

    private void openToWorkload() throws IOException {
        if (options.workloadApi().isEmpty()) {
            return;
        }
        workload = new WorkloadSocket(options.workloadApi().get(), clock);
        workload.start();
        sidecar.onIdentity(workload::rotate);
    }

    /** The first signal lets requests end; a second one, from someone who does not want to wait, does not. */
    private void terminate() {
        if (draining.get()) {
            quit();
        } else {
            drain(true);
        }
    }

    @Override
    public void drain(boolean graceful) {
        StartOptions.Drain bounds = options.drain();
        if (graceful) {
            drain(bounds.delay(), bounds.acknowledge());
        } else {
            drain(Duration.ZERO, Duration.ZERO);
        }
    }

    private void workloadEnded(ProcessHandle process) {
        LOG.infof("the workload's process %d has ended", process.pid());
        drain(Duration.ZERO, options.drain().acknowledge());
    }

    private void drain(Duration delay, Duration acknowledge) {
        if (!draining.compareAndSet(false, true)) {
            return;
        }
        Duration limit = options.drain().limit();
        LOG.infof("draining: accepting for %s more, what is in flight may take until %s from now", Durations.format(delay), Durations.format(limit));
        CompletableFuture<Void> told = new CompletableFuture<>();
        sidecar.drain(delay, told, workloadGone(), limit).whenComplete((done, failure) -> quit());
        // Only now, when the readiness probe fails, which is to be the first that anybody sees of it.
        feed.leave(acknowledge).whenComplete((known, failure) -> told.complete(null));
    }

    private CompletableFuture<?> workloadGone() {
        return options.drain().workload().<CompletableFuture<?>>map(ProcessHandle::onExit).orElseGet(() -> CompletableFuture.completedFuture(null));
    }

    @Override
    public void quit() {
        Quarkus.asyncExit(0);
    }

    @Override
    public void reopenLogs() {
        sidecar.accessLogs().reopen();
    }

    @Override
    public void renewCertificate() {
        if (!feed.renewCertificate()) {
            throw new IllegalArgumentException("renew: there is no control plane that gave this certificate (expected: one to ask)");
        }
    }

    @Override
    public void logLevel(String level) {
        LogLevel.parse(level).apply();
    }

    private void close() {
        if (admin != null) {
            admin.close();
        }
        if (workload != null) {
            workload.close();
        }
        feed.close();
        sidecar.close();
    }

    /** What Quarkus runs once it is up. */
    static final class UntilStopped implements QuarkusApplication {

        private final Vertx vertx;
        private final PrometheusMeterRegistry metrics;

        UntilStopped(Vertx vertx, PrometheusMeterRegistry metrics) {
            this.vertx = vertx;
            this.metrics = metrics;
        }

        @Override
        public int run(String... args) {
            return running.serve(vertx, metrics);
        }

        /** Before the container goes, and its Vert.x with it. Dev mode starts the next sidecar right after: the ports are free by then. */
        void release(@Observes ShutdownEvent event) {
            running.close();
        }
    }
}
