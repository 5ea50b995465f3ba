package mesh.proxy.upstream;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a share of the recent requests took at most, to within a sixteenth, and never less than they did. A duration is counted in one of
 * sixteen equal steps of its power of two; every ten seconds each count is halved, so that the past fades.
 *
 * <p>Shared by all event loops: one increment a duration, and a read to ask. Ten times a second one of those that count adds up all
 * steps, which takes a microsecond. Moments are a loop's own; that loops disagree by microseconds does not matter here.
 */
public final class LatencyQuantile {

    /** What stands for a quantile that is not known. */
    public static final long UNKNOWN = Long.MAX_VALUE / 2;

    /** Of 95 of 100, five are above. With fewer, one slow request would say what is slow. */
    static final int LEAST = 100;

    private static final int UNIT_SHIFT = 10;
    private static final int STEP_BITS = 4;
    private static final int STEPS = 1 << STEP_BITS;
    /** Up to 70 s. */
    private static final int OCTAVES = 22;
    private static final long REFRESH_NANOS = 100_000_000L;
    private static final long HALF_LIFE_NANOS = 10_000_000_000L;

    private final double share;
    private final AtomicIntegerArray counts = new AtomicIntegerArray(OCTAVES * STEPS);
    private final AtomicLong refreshAt = new AtomicLong();
    /** Written by whoever refreshes, one at a time. */
    private volatile long halveAt = HALF_LIFE_NANOS;
    private volatile long nanos = UNKNOWN;

    /** @param share above 0 and below 1 */
    public LatencyQuantile(double share) {
        this.share = share;
    }

    /** As of a moment ago; {@link #UNKNOWN} before {@value #LEAST} durations. */
    public long nanos() {
        return nanos;
    }

    /** @param now elapsed time, as a loop tells it */
    public void add(long duration, long now) {
        counts.incrementAndGet(step(duration));
        long at = refreshAt.get();
        if (now >= at && refreshAt.compareAndSet(at, now + REFRESH_NANOS)) refresh(now);
    }

    private void refresh(long now) {
        if (now >= halveAt) {
            halveAt = now + HALF_LIFE_NANOS;
            for (int i = 0; i < counts.length(); i++) counts.addAndGet(i, -(counts.get(i) + 1 >> 1));
        }
        long all = 0;
        for (int i = 0; i < counts.length(); i++) all += counts.get(i);
        if (all < LEAST) {
            nanos = UNKNOWN;
            return;
        }
        // As many as may be above it; counted from the top, where there are few.
        long above = (long) (all * (1 - share));
        int i = counts.length() - 1;
        for (long seen = counts.get(i); seen <= above && i > 0; seen += counts.get(i)) i--;
        nanos = end(i);
    }

    private static int step(long nanos) {
        long units = (Math.max(0, nanos) >> UNIT_SHIFT) + STEPS;
        int octave = Long.SIZE - 1 - STEP_BITS - Long.numberOfLeadingZeros(units);
        return octave >= OCTAVES ? OCTAVES * STEPS - 1 : octave * STEPS + (int) (units >>> octave) - STEPS;
    }

    /** Where a step ends. */
    private static long end(int step) {
        long units = (long) (step % STEPS + STEPS + 1) << step / STEPS;
        return units - STEPS << UNIT_SHIFT;
    }
}
