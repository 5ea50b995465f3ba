package mesh.proxy.telemetry;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** How many sets of labels are shown at most, of all metrics together: a mistake may cost its own series, and not the scraper's memory. Any thread. */
final class SeriesLimit {

    private final int most;
    private final AtomicInteger taken = new AtomicInteger();
    private final LongAdder dropped = new LongAdder();

    SeriesLimit(int most) {
        this.most = most;
    }

    boolean tryTake() {
        if (taken.incrementAndGet() <= most) return true;
        taken.decrementAndGet();
        return false;
    }

    void giveBack() {
        taken.decrementAndGet();
    }

    /** So many events are told nowhere. */
    void dropped(long events) {
        dropped.add(events);
    }

    long dropped() {
        return dropped.sum();
    }
}
