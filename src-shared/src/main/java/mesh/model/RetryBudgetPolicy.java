package mesh.model;

import java.time.Duration;

/**
 * How many retries a cluster may make, as a share of its requests.
 *
 * <p>Each request deposits {@code ratio} of a retry, each retry withdraws one. With 0.2, ten requests pay for two retries. The idea and its
 * words are Finagle's ({@code service/RetryBudget.scala}), the defaults Linkerd's.
 *
 * @param ratio        retries per request, 0 to 10, counted to a thousandth; 0 leaves only the floor. Default 0.2
 * @param minPerSecond retries always allowed, per second and sidecar, so that a quiet cluster can retry at all; 0 to 1,000,000. Default 10
 * @param ttl          how long deposits and withdrawals count, 1 s to 60 s. Default 10 s
 */
public record RetryBudgetPolicy(double ratio, int minPerSecond, Duration ttl) {

    public static final int MOST_PER_SECOND = 1_000_000;
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofSeconds(60);

    public static final RetryBudgetPolicy DEFAULT = new RetryBudgetPolicy(0.2, 10, Duration.ofSeconds(10));

    public RetryBudgetPolicy {
        if (!(ratio >= 0 && ratio <= 10)) throw new IllegalArgumentException("ratio: " + ratio + " (expected: 0 to 10)");
        Checks.range("minPerSecond", minPerSecond, 0, MOST_PER_SECOND);
        if (ttl.compareTo(SHORTEST) < 0 || ttl.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("ttl: " + Durations.format(ttl) + " (expected: 1s to 1m)");
        }
    }
}
