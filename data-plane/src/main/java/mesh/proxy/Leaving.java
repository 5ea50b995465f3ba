package mesh.proxy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import mesh.proxy.downstream.ListenerBinder;
import mesh.proxy.loop.ProxyLoop;
import mesh.time.Ticker;
import org.jboss.logging.Logger;

/**
 * How a sidecar leaves, step by step: it accepts for a while more, lets those go who call its workload, goes on serving the workload's own calls
 * until that is gone, lets the workload go, and cuts what is left. On one loop.
 */
final class Leaving {

    private static final Logger LOG = Logger.getLogger(Leaving.class);
    private static final Duration LOOK = Duration.ofMillis(20);

    /**
     * What bounds the steps.
     *
     * @param delay       accepts for so long at least
     * @param known       and until this is done, well or not: those who call the workload know
     * @param application done when the workload is gone
     * @param limit       from the beginning until everything that is left is cut
     */
    record Plan(Duration delay, CompletionStage<?> known, CompletionStage<?> application, Duration limit) {}

    private enum Step { ACCEPTING, INBOUND, OUTBOUND }

    private final ListenerBinder binder;
    private final ProxyLoop loop;
    private final Ticker ticker;
    private final CompletableFuture<?> known;
    private final CompletableFuture<?> application;
    private final long acceptUntil;
    private final long end;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private Step step = Step.ACCEPTING;
    /** Done once there can be no further connection. */
    private CompletableFuture<Void> closed = new CompletableFuture<>();

    Leaving(ListenerBinder binder, ProxyLoop loop, Ticker ticker, Plan plan) {
        this.binder = binder;
        this.loop = loop;
        this.ticker = ticker;
        this.known = plan.known.toCompletableFuture();
        this.application = plan.application.toCompletableFuture();
        this.acceptUntil = ticker.nanos() + plan.delay.toNanos();
        this.end = ticker.nanos() + plan.limit.toNanos();
    }

    /** @return done when no client is connected any more */
    CompletableFuture<Void> begin() {
        loop.executor().execute(this::look);
        return done;
    }

    private void look() {
        if (step == Step.ACCEPTING && isOver(acceptUntil) && known.isDone()) {
            binder.leaveInbound();
            step = Step.INBOUND;
        }
        if (step == Step.INBOUND && binder.inboundConnections() == 0 && application.isDone()) {
            closed = binder.stopAccepting();
            binder.drain();
            step = Step.OUTBOUND;
        }
        // Asked before the connections are counted.
        boolean accepted = closed.isDone();
        int left = binder.connections();
        if (step == Step.OUTBOUND && accepted && left == 0 || isOver(end)) {
            if (left > 0) LOG.warnf("drain: %d connections did not end in time and are cut", left);
            binder.stopAccepting();
            binder.cut();
            done.complete(null);
        } else {
            loop.executor().schedule(this::look, LOOK.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private boolean isOver(long moment) {
        return ticker.nanos() - moment >= 0;
    }
}
