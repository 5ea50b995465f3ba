package mesh.proxy.telemetry;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** For lines of the log that strangers can cause as often as they like: one a second, which tells how many others there were. Any thread. */
public final class Seldom {

    /** Not now. */
    public static final long NOT_NOW = -1;

    private final AtomicLong atSecond = new AtomicLong(Long.MIN_VALUE);
    private final LongAdder unsaid = new LongAdder();

    /** @return how many were not said since the last one that was; {@link #NOT_NOW} to say nothing */
    public long ask(long epochSecond) {
        long last = atSecond.get();
        if (last != epochSecond && atSecond.compareAndSet(last, epochSecond)) return unsaid.sumThenReset();
        unsaid.increment();
        return NOT_NOW;
    }

    /** What to put behind a line. */
    public static String others(long n) {
        return n == 0 ? "" : " (and " + n + " others since the last such line)";
    }
}
