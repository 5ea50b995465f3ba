package mesh.proxy.upstream;

import mesh.model.SlowStart;
import mesh.time.Ticker;

/** How new an endpoint is, and what it is to get of its weight for that: Envoy's slow start. Any thread. */
public final class WarmUp {

    /** What is younger counts as that old, as in Envoy. */
    private static final double YOUNGEST_NANOS = 1e9;

    private final SlowStart policy;
    private final Ticker ticker;
    private volatile long since;

    private WarmUp(SlowStart policy, Ticker ticker, long since) {
        this.policy = policy;
        this.ticker = ticker;
        this.since = since;
    }

    /** Of an endpoint that begins now. */
    public static WarmUp fromNow(SlowStart policy, Ticker ticker) {
        return new WarmUp(policy, ticker, ticker.nanos());
    }

    /** Of one that has been there for long. */
    public static WarmUp over(SlowStart policy, Ticker ticker) {
        return new WarmUp(policy, ticker, ticker.nanos() - policy.window().toNanos());
    }

    /** Goes on under another policy, or the same. */
    public WarmUp under(SlowStart other) {
        return policy.equals(other) ? this : new WarmUp(other, ticker, since);
    }

    /** It begins anew, for it has passed its first health check, or the first again. */
    void begin() {
        since = ticker.nanos();
    }

    double share() {
        double age = ticker.nanos() - since;
        double window = policy.window().toNanos();
        if (age >= window) return 1;
        double grown = Math.pow(Math.max(age, YOUNGEST_NANOS) / window, 1 / policy.aggression());
        return Math.min(1, Math.max(policy.minWeightPercent() / 100.0, grown));
    }
}
