package mesh.model;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * When a request that has no answer yet is sent to a second endpoint as well; the first good answer is taken. Only idempotent methods.
 *
 * @param after    how long the first endpoint is waited for
 * @param maxExtra the most requests that may be sent twice, as a share of those that could be; above 0 and at most 1
 */
public record HedgePolicy(Trigger after, double maxExtra) {

    /** Who waits longer than 95 of 100 is helped, which costs at most 5 requests more of 100 (J. Dean, L. A. Barroso: The Tail at Scale). */
    public static final HedgePolicy DEFAULT = new HedgePolicy(new Percentile(95), 0.05);

    public HedgePolicy {
        if (!(maxExtra > 0 && maxExtra <= 1)) {
            throw new IllegalArgumentException("maxExtra: " + maxExtra + " (expected: above 0 and at most 1)");
        }
    }

    /** What ends the wait for the first endpoint. */
    public sealed interface Trigger permits Delay, Percentile {

        /** As {@link #parse} reads it. */
        String text();

        /**
         * Reads a duration or a percentile.
         *
         * @throws IllegalArgumentException naming the text and what was expected
         */
        static Trigger parse(String text) {
            try {
                Matcher percentile = PERCENTILE.matcher(text);
                return percentile.matches() ? new Percentile(Double.parseDouble(percentile.group(1))) : new Delay(Durations.parse(text));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("\"" + text + "\" (expected: " + EXPECTED + ")", e);
            }
        }
    }

    private static final String EXPECTED = "a delay such as 50ms, or a percentile from p50 to p99.9";
    private static final Pattern PERCENTILE = Pattern.compile("p([0-9]{2,3}(?:\\.[0-9])?)");

    /** That long. */
    public record Delay(Duration delay) implements Trigger {
        public Delay {
            Checks.positive("hedge after", delay);
        }

        @Override
        public String text() {
            return Durations.format(delay);
        }
    }

    /**
     * As long as that share of the route's recent requests took to be answered.
     *
     * @param percent 50 to 99.9, to a tenth
     */
    public record Percentile(double percent) implements Trigger {
        public Percentile {
            if (!(percent >= 50 && percent <= 99.9)) {
                throw new IllegalArgumentException("hedge after: p" + percent + " (expected: p50 to p99.9)");
            }
        }

        @Override
        public String text() {
            return percent == Math.rint(percent) ? "p" + (int) percent : "p" + percent;
        }
    }
}
