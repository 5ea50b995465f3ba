package mesh.proxy.telemetry;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * How many durations of each length one event loop has seen, since the beginning. The loop writes, a scrape reads; neither waits for the
 * other. A block covers one doubling in {@value #STEPS} steps, so a length is known to within a hundred and twenty-eighth, and is made when
 * the first duration falls into it: a service whose answers take from 1 to 8 ms needs four, of a kilobyte each.
 */
final class DurationCells {

    static final int STEPS = 128;

    private static final int STEP_BITS = 7;
    /** The last one ends after 71 minutes; what took longer is counted as that. */
    static final int BLOCKS = 26;
    private static final long MOST_MICROS = ((long) STEPS << BLOCKS - 1) - 1;

    private final AtomicReferenceArray<long[]> blocks = new AtomicReferenceArray<>(BLOCKS);

    /** On its loop. @param micros at least 0 */
    void add(long micros) {
        long known = Math.min(micros, MOST_MICROS);
        int index = block(known);
        long[] block = blocks.getPlain(index);
        if (block == null) {
            block = new long[STEPS];
            blocks.setRelease(index, block);
        }
        LoopCounter.add(block, step(known, index), 1);
    }

    /** Adds one block's counts up into {@code sums}. @return false where there are none */
    boolean addTo(long[] sums, int index) {
        long[] block = blocks.getAcquire(index);
        if (block == null) return false;
        for (int i = 0; i < STEPS; i++) sums[i] += LoopCounter.get(block, i);
        return true;
    }

    /** The first block has the lengths below {@link #STEPS} one by one, each further one those of one number of bits. */
    private static int block(long micros) {
        return Math.max(0, Long.SIZE - STEP_BITS - Long.numberOfLeadingZeros(micros));
    }

    private static int step(long micros, int block) {
        return (int) (block == 0 ? micros : (micros >> block - 1) - STEPS);
    }

    /** The shortest and the longest that are counted in that place. */
    static long least(int block, int step) {
        return block == 0 ? step : (long) (STEPS + step) << block - 1;
    }

    static long most(int block, int step) {
        return block == 0 ? step : ((long) (STEPS + step + 1) << block - 1) - 1;
    }
}
