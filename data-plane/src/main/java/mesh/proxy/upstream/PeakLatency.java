package mesh.proxy.upstream;

import java.util.concurrent.atomic.AtomicLong;
import mesh.time.Ticker;

/**
 * How long an endpoint takes to begin its answer: an average that forgets with time, and that a slower answer raises at once (Finagle's peak
 * EWMA). Without answers it fades, so that an endpoint that was slow is asked again. A failure counts as an answer that took a second, but
 * does not raise it at once: a rare one does little, and many outweigh that they came quickly.
 *
 * <p>Any thread; one compare-and-set an answer, and no allocation.
 */
public final class PeakLatency {

    /** After this time what was seen weighs 1/e; Finagle's and Linkerd's. */
    private static final double MEMORY_NANOS = 10e9;
    private static final double FAILURE_NANOS = 1e9;
    private static final int TICK_SHIFT = 20;

    private final Ticker ticker;
    private final long start;
    /** The average as a float in the upper half, and when it was that, in ticks of a millisecond, in the lower. */
    private final AtomicLong state = new AtomicLong();

    public PeakLatency(Ticker ticker) {
        this.ticker = ticker;
        this.start = ticker.nanos();
    }

    /** In nanoseconds; 0 while nothing is known. */
    double nanos() {
        long seen = state.get();
        return average(seen) * weight(seen, tick());
    }

    void answered(long nanos) {
        update(nanos, false);
    }

    void failed(long nanos) {
        update(nanos, true);
    }

    private void update(long nanos, boolean failed) {
        int now = tick();
        long seen;
        long next;
        do {
            seen = state.get();
            double before = average(seen);
            double weight = weight(seen, now);
            double sample = failed ? Math.max(nanos, FAILURE_NANOS) : nanos;
            boolean first = seen == 0;
            boolean peak = !failed && sample > before;
            double after = first || peak ? sample : before * weight + sample * (1 - weight);
            // Never quite 0, which means that nothing is known.
            next = (long) Float.floatToIntBits((float) Math.max(1, after)) << 32 | now & 0xffff_ffffL;
        } while (!state.compareAndSet(seen, next));
    }

    private int tick() {
        return (int) (ticker.nanos() - start >> TICK_SHIFT);
    }

    private static double average(long state) {
        return Float.intBitsToFloat((int) (state >>> 32));
    }

    private static double weight(long state, int now) {
        return Math.exp(-(double) ((long) Math.max(0, now - (int) state) << TICK_SHIFT) / MEMORY_NANOS);
    }
}
