package mesh.proxy.telemetry;

/** Counts what one rate limit does. Any thread. */
public final class RateMeter {

    private final Counter refused;
    private final Counter shadowed;
    private final Counter shared;

    RateMeter(Counter refused, Counter shadowed, Counter shared) {
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
