package mesh.proxy.runtime;

import java.time.Duration;
import mesh.model.HedgePolicy;
import mesh.model.RetryBudgetPolicy;
import mesh.proxy.upstream.LatencyQuantile;
import mesh.proxy.upstream.RetryBudget;
import mesh.time.Ticker;

/**
 * When a route sends a request twice, and how often it may. Of all requests that were made, no more than the policy's share have ever been
 * sent twice. Shared by all event loops; the same through configurations.
 */
public final class RouteHedge {

    /** What a request has paid for is good for that long. */
    private static final Duration MEMORY = Duration.ofSeconds(10);

    private final long delayNanos;
    /** Null for a fixed delay. */
    private final LatencyQuantile quantile;
    private final RetryBudget budget;

    public RouteHedge(HedgePolicy policy, Ticker ticker) {
        this.delayNanos = policy.after() instanceof HedgePolicy.Delay fixed ? fixed.delay().toNanos() : LatencyQuantile.UNKNOWN;
        this.quantile = policy.after() instanceof HedgePolicy.Percentile p ? new LatencyQuantile(p.percent() / 100) : null;
        this.budget = new RetryBudget(new RetryBudgetPolicy(policy.maxExtra(), 0, MEMORY), ticker);
    }

    /** A request begins that could be sent twice: after how many nanoseconds without an answer; 146 years while that is not known. */
    public long begin() {
        budget.deposit();
        return quantile == null ? delayNanos : quantile.nanos();
    }

    /**
     * How long a first endpoint took to answer, or has taken when the second was quicker: leaving those out would make the slow look rare.
     *
     * @param now elapsed time, as a loop tells it
     */
    public void answered(long nanos, long now) {
        if (quantile != null) quantile.add(nanos, now);
    }

    /** Whether one more request may be sent twice; then it is counted. */
    public boolean tryWithdraw() {
        return budget.tryWithdraw();
    }
}
