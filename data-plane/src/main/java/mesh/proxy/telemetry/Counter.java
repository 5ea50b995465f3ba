package mesh.proxy.telemetry;

import java.util.concurrent.atomic.LongAdder;

/** A count of what is rare enough to be shared by all threads; for what every request adds to, there is {@link LoopCounter}. Any thread. */
final class Counter implements SeriesTable.Series {

    private final LongAdder count = new LongAdder();

    void increment() {
        count.increment();
    }

    void add(long n) {
        count.add(n);
    }

    long sum() {
        return count.sum();
    }

    @Override
    public long changes() {
        return count.sum();
    }

    @Override
    public boolean isShownAtZero() {
        return true;
    }
}
