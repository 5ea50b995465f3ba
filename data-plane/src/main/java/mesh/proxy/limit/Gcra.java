package mesh.proxy.limit;

import mesh.model.RateLimit;

/**
 * A token bucket in one number: the moment at which it will be full again. A token taken moves that moment on by what a token takes to come
 * back, and a bucket has none left when it lies too far ahead. This is the generic cell rate algorithm of ATM (ITU-T I.371), which is a leaky
 * bucket that needs no clock of its own. Immutable.
 *
 * <p>Moments are counted in sixteenths of a nanosecond, so that a million tokens a second are not rounded to much fewer.
 */
final class Gcra {

    private static final int FRACTION_BITS = 4;

    /** Between two tokens; rounded up, so that a rate is never exceeded. */
    private final long interval;
    /** How far ahead of now the moment may lie for one more token to be there. */
    private final long tolerance;

    Gcra(RateLimit limit) {
        interval = -Math.floorDiv(-(limit.per().toNanos() << FRACTION_BITS), limit.requests());
        tolerance = interval * (limit.burst() - 1);
    }

    /** A moment out of nanoseconds since the limiter began: 18 years of them. */
    static long moment(long nanos) {
        return nanos << FRACTION_BITS;
    }

    /** How long, in nanoseconds, the next token takes to be there; 0 when there is one. */
    long wait(long full, long now) {
        long ahead = full - now - tolerance;
        return ahead <= 0 ? 0 : (ahead - 1 >> FRACTION_BITS) + 1;
    }

    /** When a bucket will be full after one token more is taken. */
    long take(long full, long now) {
        return Math.max(full, now) + interval;
    }
}
