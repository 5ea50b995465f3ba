package mesh.time;

/** Elapsed time that only moves forward: the difference of two readings is a duration, one reading alone means nothing. Any thread. */
@FunctionalInterface
public interface Ticker {

    /** Nanoseconds since some fixed moment, as {@link System#nanoTime()}. */
    long nanos();
}
