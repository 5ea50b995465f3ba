package mesh.proxy.upstream;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;
import mesh.model.BreakerFailure;
import mesh.model.CircuitBreakerPolicy;
import mesh.time.Ticker;

/**
 * Leaves one upstream alone after too many failures, then tries it with one request at a time.
 *
 * <p>CLOSED lets traffic flow and counts its last outcomes; too many failures in a full window open it. OPEN refuses, for the policy's
 * reset timeout. Then the next request is the probe, HALF_OPEN: its success closes the breaker with an empty window, its failure opens it
 * again, and until it ends all others are refused.
 *
 * <p>Shared by all event loops. Everything it is stands in one immutable {@link Phase} behind one reference; a permit is the number of
 * the phase that gave it, so an outcome that comes late, in another phase, is told by its number and ignored. Nothing is allocated but
 * on a change of phase (and per outcome for windows above 62).
 */
public final class CircuitBreaker {

    /** The words of the metric: closed is 0, the others are 1. */
    public enum State { CLOSED, OPEN, HALF_OPEN }

    /** Told once of each change of state, on the thread that caused it, after it is in force. */
    @FunctionalInterface
    public interface Observer {

        /**
         * @param failures what was counted: failures in the window, or 1 of 1 and 0 of 1 for a probe; 0 of 0 when a probe begins
         * @param window   among how many
         */
        void onChange(State from, State to, int failures, int window);
    }

    /** Open a little longer than asked, by chance, so that the probes of many sidecars do not come at once. */
    private static final double JITTER = 0.05;
    /** A probe that has not ended by then is given up and its late outcome ignored. Longer than a request may take by default. */
    private static final Duration PROBE_LIMIT = Duration.ofSeconds(30);

    /**
     * What it is at one moment, for people.
     *
     * @param failures     in the window, while it is closed; else 0, as the next
     * @param recorded     outcomes in the window
     * @param nanosToProbe while it is open, until a request is let through; 0 when the next one is
     */
    public record View(State state, int failures, int recorded, long nanosToProbe) {}

    private final int windowSize;
    private final int failuresToOpen;
    /** A bit for each {@link BreakerFailure}, by its place. */
    private final int counted;
    private final long resetNanos;
    private final long probeNanos;
    private final Ticker ticker;
    private final RandomGenerator random;
    private final Observer observer;
    private final AtomicReference<Phase> phase;

    /** One that opens for exactly the reset timeout. */
    public CircuitBreaker(CircuitBreakerPolicy policy, Ticker ticker, Observer observer) {
        this(policy, ticker, () -> 0, observer);
    }

    /** @param random any thread may call it */
    public CircuitBreaker(CircuitBreakerPolicy policy, Ticker ticker, RandomGenerator random, Observer observer) {
        this.windowSize = policy.windowSize();
        // The small subtrahend takes back what doubles add: 0.55 of 20 is 11, not 12.
        this.failuresToOpen = Math.max(1, (int) Math.ceil(policy.failureThreshold() * windowSize - 1e-9));
        this.counted = policy.failures().stream().mapToInt(each -> 1 << each.ordinal()).sum();
        this.resetNanos = policy.resetTimeout().toNanos();
        this.probeNanos = Math.max(resetNanos, PROBE_LIMIT.toNanos());
        this.ticker = ticker;
        this.random = random;
        this.observer = observer;
        this.phase = new AtomicReference<>(new Closed(1, OutcomeWindow.of(windowSize)));
    }

    /** Whether a request would be let through now; asked by balancers, takes nothing. */
    public boolean usable() {
        Phase now = phase.get();
        return now instanceof Closed || ((Waiting) now).over(ticker.nanos());
    }

    /** A permit (a positive number) that is ended once by one of the three below, or 0 when refused. */
    public long tryAcquire() {
        while (true) {
            Phase now = phase.get();
            if (now instanceof Closed) {
                return now.number();
            }
            long nanos = ticker.nanos();
            if (!((Waiting) now).over(nanos)) {
                return 0;
            }
            Phase probing = new HalfOpen(now.number() + 1, nanos + probeNanos);
            if (phase.compareAndSet(now, probing)) {
                if (now instanceof Open) {
                    observer.onChange(State.OPEN, State.HALF_OPEN, 0, 0);
                }
                return probing.number();
            }
        }
    }

    public void succeeded(long permit) {
        Phase now = phase.get();
        if (now.number() != permit) {
            return;
        }
        if (now instanceof Closed closed) {
            count(closed, false);
        } else if (phase.compareAndSet(now, new Closed(permit + 1, OutcomeWindow.of(windowSize)))) {
            observer.onChange(State.HALF_OPEN, State.CLOSED, 0, 1);
        }
    }

    /** What the policy does not count is as good as a success if it is an answer, and says nothing if it is none. */
    public void failed(long permit, BreakerFailure how) {
        if ((counted & 1 << how.ordinal()) != 0) {
            failed(permit);
        } else if (how.isAnswer()) {
            succeeded(permit);
        } else {
            ignored(permit);
        }
    }

    void failed(long permit) {
        Phase now = phase.get();
        if (now.number() != permit) {
            return;
        }
        if (now instanceof Closed closed) {
            count(closed, true);
        } else if (phase.compareAndSet(now, open(permit + 1))) {
            observer.onChange(State.HALF_OPEN, State.OPEN, 1, 1);
        }
    }

    /** The outcome says nothing about the upstream: cancelled, lost hedge. Of a probe: the next request may be one at once. */
    public void ignored(long permit) {
        Phase now = phase.get();
        if (now.number() == permit && now instanceof HalfOpen) {
            phase.compareAndSet(now, new HalfOpen(permit + 1, ticker.nanos()));
        }
    }

    /** OPEN until a probe begins, also after the reset timeout. */
    public State state() {
        return phase.get().state();
    }

    public View view() {
        Phase now = phase.get();
        if (now instanceof Closed closed) {
            OutcomeWindow.Counts counts = closed.window.counts();
            return new View(State.CLOSED, counts.failures(), counts.recorded(), 0);
        }
        return new View(now.state(), 0, 0, now instanceof Open open ? Math.max(0, open.until - ticker.nanos()) : 0);
    }

    private void count(Closed closed, boolean failed) {
        int failures = closed.window.record(failed);
        if (failures >= failuresToOpen && phase.compareAndSet(closed, open(closed.number + 1))) {
            observer.onChange(State.CLOSED, State.OPEN, failures, windowSize);
        }
    }

    private Open open(long number) {
        return new Open(number, ticker.nanos() + resetNanos + (long) (resetNanos * JITTER * random.nextDouble()));
    }

    private sealed interface Phase {
        /** Grows by one with each change. */
        long number();

        State state();
    }

    /** The window is the one thing in it that changes; one that belongs to a phase gone by is written without effect. */
    private record Closed(long number, OutcomeWindow window) implements Phase {
        @Override
        public State state() {
            return State.CLOSED;
        }
    }

    /** A phase that refuses until a moment. */
    private sealed interface Waiting extends Phase {
        long until();

        default boolean over(long nanos) {
            return nanos - until() >= 0;
        }
    }

    private record Open(long number, long until) implements Waiting {
        @Override
        public State state() {
            return State.OPEN;
        }
    }

    /** A probe is under way until then at most; a moment gone by means that the next request is the probe. */
    private record HalfOpen(long number, long until) implements Waiting {
        @Override
        public State state() {
            return State.HALF_OPEN;
        }
    }
}
