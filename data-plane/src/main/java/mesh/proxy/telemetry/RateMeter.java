package mesh.proxy.telemetry;

import java.util.concurrent.atomic.LongAdder;

/** Counts what one rate limit does. Any thread. */
public final class RateMeter {

    private final LongAdder refused;
    private final LongAdder shadowed;
    private final LongAdder shared;

    RateMeter(LongAdder refused, LongAdder shadowed, LongAdder shared) {
        this.refused = refused;
        this.shadowed = shadowed;
        this.shared = shared;
    }

    public void refused() {
        refused.increment();
    }

    /** It would have been refused if the limit were enforced. */
    public void shadowed() {
        shadowed.increment();
    }

    /** A request was judged by a bucket that its client had to share, because there were more clients than buckets. */
    public void shared() {
        shared.increment();
    }
}
