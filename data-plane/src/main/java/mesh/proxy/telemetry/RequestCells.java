package mesh.proxy.telemetry;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/** One service's requests as one event loop has seen them. The loop writes, a scrape reads; neither waits for the other. */
final class RequestCells {

    static final int STATUSES = 1000;

    private static final int BLOCK = 100;
    private static final long MAX_MICROS = TimeUnit.HOURS.toMicros(1);
    /** Two decimal digits: an error of at most 1 %. */
    private static final int DIGITS = 2;

    /** Counts by status, a block for each hundred, made when the first of it is seen: most services use two. */
    private final AtomicReferenceArray<long[]> statuses = new AtomicReferenceArray<>(STATUSES / BLOCK);
    private final SingleWriterRecorder micros = new SingleWriterRecorder(1, MAX_MICROS, DIGITS);
    private final long[] nanos = new long[1];

    static Histogram histogram() {
        return new Histogram(1, MAX_MICROS, DIGITS);
    }

    /** On its loop. */
    void add(int status, long duration) {
        long[] block = statuses.getPlain(status / BLOCK);
        if (block == null) {
            block = new long[BLOCK];
            statuses.setRelease(status / BLOCK, block);
        }
        LoopCounter.add(block, status % BLOCK, 1);
        LoopCounter.add(nanos, 0, duration);
        micros.recordValue(Math.min(duration / 1000, MAX_MICROS));
    }

    /** Adds the counts up into {@code sums}, by status. */
    void addStatusesTo(long[] sums) {
        for (int i = 0; i < STATUSES / BLOCK; i++) {
            long[] block = statuses.getAcquire(i);
            for (int j = 0; block != null && j < BLOCK; j++) sums[i * BLOCK + j] += LoopCounter.get(block, j);
        }
    }

    long nanos() {
        return LoopCounter.get(nanos, 0);
    }

    /** Moves what was recorded since the last call; one thread at a time. */
    void moveDurationsTo(Histogram sum) {
        Histogram interval = micros.getIntervalHistogram();
        sum.add(interval);
    }
}
