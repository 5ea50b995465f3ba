package mesh.model;

import java.time.Duration;

/**
 * How a new endpoint's weight grows: {@code (time / window) ^ (1 / aggression)} of it, but never less than the minimum. The words, the formula
 * and the defaults are Envoy's.
 *
 * @param window           how long it takes; begins when the endpoint could get its first request
 * @param aggression       1 for a straight line, above it steeper at first; above 0 and at most 1,000
 * @param minWeightPercent of its weight, 0 to 100
 */
public record SlowStart(Duration window, double aggression, int minWeightPercent) {

    public static final double DEFAULT_AGGRESSION = 1;
    public static final double MOST_AGGRESSION = 1000;
    public static final int DEFAULT_MIN_WEIGHT = 10;

    public SlowStart {
        Checks.positive("slow start window", window);
        if (!(aggression > 0 && aggression <= MOST_AGGRESSION)) {
            throw new IllegalArgumentException("slow start aggression: " + aggression + " (expected: above 0 and at most 1000)");
        }
        Checks.range("slow start minWeightPercent", minWeightPercent, 0, 100);
    }

    public static SlowStart over(Duration window) {
        return new SlowStart(window, DEFAULT_AGGRESSION, DEFAULT_MIN_WEIGHT);
    }
}
