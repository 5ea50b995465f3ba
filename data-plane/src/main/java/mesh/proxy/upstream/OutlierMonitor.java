package mesh.proxy.upstream;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import mesh.model.BreakerFailure;
import mesh.model.OutlierPolicy;

/**
 * What one endpoint's requests have come to, and whether its {@link OutlierDetector} has ejected it. Lives as long as the endpoint is named
 * and the policy is the same. Shared by all event loops: each count is an atomic, its standing one immutable object behind one reference.
 */
public final class OutlierMonitor {

    /** Told once of each change, on the thread that caused it, after it is in force. */
    public interface Observer {

        void onEjected(Ejection ejection);

        /** @param after how long it was out */
        void onReturned(Duration after);
    }

    /** Which detector it was; the words of the metric are Envoy's. */
    public enum Reason {
        CONSECUTIVE_5XX, CONSECUTIVE_GATEWAY_FAILURE, CONSECUTIVE_LOCAL_ORIGIN_FAILURE, SUCCESS_RATE, FAILURE_PERCENTAGE
    }

    /**
     * @param numbers what was counted, for people
     * @param time    how long it will last, at least
     * @param ejected endpoints of the cluster that are out now, this one included
     * @param hosts   endpoints of the cluster
     */
    public record Ejection(Reason reason, String numbers, Duration time, int ejected, int hosts) {}

    /** Requests of one interval. */
    record Share(int requests, int failures) {

        double successPercent() {
            return 100.0 * (requests - failures) / requests;
        }
    }

    private sealed interface Standing permits Serving, Out, Gone {}

    /** @param times by how much the next ejection is longer than the base: ejections, less the intervals that went well since */
    private record Serving(int times) implements Standing {}

    private record Out(int times, long since, long until) implements Standing {}

    private record Gone() implements Standing {}

    private static final long ONE_REQUEST = 1L << 32;

    private final OutlierDetector detector;
    private final OutlierPolicy policy;
    private final Observer observer;
    private final AtomicInteger fiveXx = new AtomicInteger();
    private final AtomicInteger gatewayFailures = new AtomicInteger();
    private final AtomicInteger localFailures = new AtomicInteger();
    private final boolean shares;
    /** Requests in the upper half, failures among them in the lower; only where a detector asks for shares. */
    private final AtomicLong interval = new AtomicLong();
    private final AtomicReference<Standing> standing = new AtomicReference<>(new Serving(0));

    OutlierMonitor(OutlierDetector detector, OutlierPolicy policy, Observer observer) {
        this.detector = detector;
        this.policy = policy;
        this.observer = observer;
        this.shares = policy.successRate().isPresent() || policy.failurePercentage().isPresent();
    }

    /** Asked on every pick, and reads no clock. One that is watched no more is not. */
    public boolean isEjected() {
        return standing.get() instanceof Out;
    }

    // What requests come to.

    /** A good answer, or one that is the client's fault. */
    void succeeded() {
        clear(fiveXx);
        clear(gatewayFailures);
        clear(localFailures);
        count(false);
    }

    /** @param status of the answer, where it is a 5xx */
    void failed(BreakerFailure how, int status) {
        switch (how) {
            case FIVE_XX -> answered(status >= 502 && status <= 504);
            case UNAVAILABLE, DEADLINE_EXCEEDED -> answered(true);
            case UNKNOWN, INTERNAL, DATA_LOSS -> answered(false);
            case CONNECT_FAILURE, TIMEOUT, RESET -> unanswered();
            default -> succeeded();
        }
    }

    /** Badly. @param gateway in the way of a gateway that cannot reach who should answer */
    private void answered(boolean gateway) {
        clear(localFailures);
        bad(gateway);
    }

    private void unanswered() {
        if (!policy.splitLocalOriginErrors()) {
            bad(true);
        } else if (isRun(localFailures, policy.consecutiveLocalOriginFailure())) {
            detector.eject(this, Reason.CONSECUTIVE_LOCAL_ORIGIN_FAILURE, policy.consecutiveLocalOriginFailure() + " without an answer in a row");
        }
    }

    private void bad(boolean gateway) {
        count(true);
        if (!gateway) {
            clear(gatewayFailures);
        } else if (isRun(gatewayFailures, policy.consecutiveGatewayFailure())) {
            detector.eject(this, Reason.CONSECUTIVE_GATEWAY_FAILURE, policy.consecutiveGatewayFailure() + " gateway failures in a row");
        }
        if (isRun(fiveXx, policy.consecutive5xx())) {
            detector.eject(this, Reason.CONSECUTIVE_5XX, policy.consecutive5xx() + " 5xx in a row");
        }
    }

    /** Counts one more; true for exactly one of each {@code length}, which begins the count anew. */
    private static boolean isRun(AtomicInteger count, int length) {
        if (length == 0) return false;
        int before;
        int after;
        do {
            before = count.get();
            after = before + 1 == length ? 0 : before + 1;
        } while (!count.compareAndSet(before, after));
        return after == 0;
    }

    /** Written only when there is something to forget: what goes well leaves the line in every core's cache. */
    private static void clear(AtomicInteger count) {
        if (count.get() != 0) count.set(0);
    }

    private void count(boolean failed) {
        if (shares) interval.getAndAdd(failed ? ONE_REQUEST + 1 : ONE_REQUEST);
    }

    // What its detector does with it.

    /** What was counted since it was last asked. */
    Share takeShare() {
        long counted = interval.getAndSet(0);
        return new Share((int) (counted >>> 32), (int) counted);
    }

    /** How long it is out now, or null where it was not serving. */
    Duration tryEject(long now, Duration jitter) {
        while (true) {
            if (!(standing.get() instanceof Serving serving)) return null;
            Duration longest = policy.maxEjectionTime();
            // No more than what makes the longest: beyond, it would only take longer to be forgiven.
            int most = (int) Math.min(Integer.MAX_VALUE, longest.plus(policy.baseEjectionTime()).minusNanos(1).dividedBy(policy.baseEjectionTime()));
            int times = Math.min(serving.times + 1, most);
            Duration base = policy.baseEjectionTime().multipliedBy(times);
            Duration time = (base.compareTo(longest) > 0 ? longest : base).plus(jitter);
            if (standing.compareAndSet(serving, new Out(times, now, now + time.toNanos()))) return time;
        }
    }

    void onEjected(Ejection ejection) {
        observer.onEjected(ejection);
    }

    /** An interval is over: who has been out for long enough returns, and who did well in it is forgiven a little. True for a return. */
    boolean tick(long now) {
        Standing before = standing.get();
        if (before instanceof Serving serving) {
            if (serving.times > 0) standing.compareAndSet(serving, new Serving(serving.times - 1));
        } else if (before instanceof Out out && now - out.until >= 0 && standing.compareAndSet(out, new Serving(out.times))) {
            // Answers that came while it was out would send it back at the first failure.
            clear(fiveXx);
            clear(gatewayFailures);
            clear(localFailures);
            interval.set(0);
            observer.onReturned(Duration.ofNanos(now - out.since));
            return true;
        }
        return false;
    }

    /** It is named no more. True where it was out. */
    boolean leave() {
        return standing.getAndSet(new Gone()) instanceof Out;
    }
}
