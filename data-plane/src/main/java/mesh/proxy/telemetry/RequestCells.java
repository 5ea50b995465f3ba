package mesh.proxy.telemetry;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** One service's requests as one event loop has seen them. The loop writes, a scrape reads; neither waits for the other. */
final class RequestCells {

    static final int STATUSES = 1000;

    private static final int BLOCK = 100;

    /** Counts by status, a block for each hundred, made when the first of it is seen: most services use two. */
    private final AtomicReferenceArray<long[]> statuses = new AtomicReferenceArray<>(STATUSES / BLOCK);
    private final DurationCells durations = new DurationCells();
    /** Nanoseconds of all of them, and how many gRPC has called failures of the server in an answer of another status. */
    private final long[] sums = new long[2];

    /** On its loop. */
    void add(int status, long duration) {
        long[] block = statuses.getPlain(status / BLOCK);
        if (block == null) {
            block = new long[BLOCK];
            statuses.setRelease(status / BLOCK, block);
        }
        LoopCounter.add(block, status % BLOCK, 1);
        LoopCounter.add(sums, 0, duration);
        durations.add(TimeUnit.NANOSECONDS.toMicros(duration));
    }

    /** Adds the counts up into {@code sums}, by status. */
    void addStatusesTo(long[] sums) {
        for (int i = 0; i < STATUSES / BLOCK; i++) {
            long[] block = statuses.getAcquire(i);
            for (int j = 0; block != null && j < BLOCK; j++) sums[i * BLOCK + j] += LoopCounter.get(block, j);
        }
    }

    long count() {
        long sum = 0;
        for (int i = 0; i < STATUSES / BLOCK; i++) {
            long[] block = statuses.getAcquire(i);
            for (int j = 0; block != null && j < BLOCK; j++) sum += LoopCounter.get(block, j);
        }
        return sum;
    }

    long nanos() {
        return LoopCounter.get(sums, 0);
    }

    /** On its loop, beside {@link #add}. */
    void addGrpcFailure() {
        LoopCounter.add(sums, 1, 1);
    }

    long grpcFailures() {
        return LoopCounter.get(sums, 1);
    }

    DurationCells durations() {
        return durations;
    }
}
