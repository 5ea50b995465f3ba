package mesh.model;

import java.time.Duration;
import java.util.Optional;

/**
 * When an endpoint that does worse than it should is left out of its cluster for a while. Words, numbers and defaults are Envoy's
 * ({@code OutlierDetection}); a detector is on or off here, Envoy's {@code enforcing_*} of 100 or 0.
 *
 * @param consecutive5xx               5xx in a row that eject, 0 to 1,000,000; 0 for off
 * @param consecutiveGatewayFailure    502, 503 and 504 in a row, as above
 * @param splitLocalOriginErrors       whether requests without an answer (no connection, reset, timeout) count apart, and not as a gateway
 *                                     failure
 * @param consecutiveLocalOriginFailure those in a row, where they are split; as above
 * @param interval                     how often shares are computed and ejected endpoints looked at
 * @param baseEjectionTime             how long the first ejection lasts; the n-th lasts n times as long
 * @param maxEjectionTime              the longest ejection, jitter apart; at least {@code baseEjectionTime}
 * @param maxEjectionTimeJitter        at most this is added by chance
 * @param maxEjectionPercent           share of the cluster's endpoints that may be out at once, 0 to 100
 * @param alwaysEjectOneHost           whether one may be out where the share is less than one; never the only one
 * @param successRate                  empty for off
 * @param failurePercentage            empty for off
 */
public record OutlierPolicy(
    int consecutive5xx,
    int consecutiveGatewayFailure,
    boolean splitLocalOriginErrors,
    int consecutiveLocalOriginFailure,
    Duration interval,
    Duration baseEjectionTime,
    Duration maxEjectionTime,
    Duration maxEjectionTimeJitter,
    int maxEjectionPercent,
    boolean alwaysEjectOneHost,
    Optional<SuccessRate> successRate,
    Optional<FailurePercentage> failurePercentage) {

    public static final int MOST = 1_000_000;

    /**
     * Ejects an endpoint whose share of good answers in an interval is below the mean by more than so many standard deviations.
     *
     * @param minimumHosts  endpoints with enough requests, at least; 1 to 1,000,000
     * @param requestVolume requests in the interval that are enough, as above
     * @param stdevFactor   thousandths of a standard deviation, 0 to 1,000,000
     */
    public record SuccessRate(int minimumHosts, int requestVolume, int stdevFactor) {

        public static final SuccessRate DEFAULT = new SuccessRate(5, 100, 1900);

        public SuccessRate {
            Checks.range("successRate minimumHosts", minimumHosts, 1, MOST);
            Checks.range("successRate requestVolume", requestVolume, 1, MOST);
            Checks.range("successRate stdevFactor", stdevFactor, 0, MOST);
        }
    }

    /**
     * Ejects an endpoint of whose requests in an interval at least this share failed.
     *
     * @param threshold     percent, 0 to 100
     * @param minimumHosts  as above
     * @param requestVolume as above
     */
    public record FailurePercentage(int threshold, int minimumHosts, int requestVolume) {

        public static final FailurePercentage DEFAULT = new FailurePercentage(85, 5, 50);

        public FailurePercentage {
            Checks.range("failurePercentage threshold", threshold, 0, 100);
            Checks.range("failurePercentage minimumHosts", minimumHosts, 1, MOST);
            Checks.range("failurePercentage requestVolume", requestVolume, 1, MOST);
        }
    }

    /** Five 5xx in a row and the success rate, 10 % out at most, for 30 s and up to 300 s. */
    public static final OutlierPolicy DEFAULT = new OutlierPolicy(5, 0, false, 5, Duration.ofSeconds(10), Duration.ofSeconds(30),
        Duration.ofSeconds(300), Duration.ZERO, 10, true, Optional.of(SuccessRate.DEFAULT), Optional.empty());

    public OutlierPolicy {
        Checks.range("consecutive5xx", consecutive5xx, 0, MOST);
        Checks.range("consecutiveGatewayFailure", consecutiveGatewayFailure, 0, MOST);
        Checks.range("consecutiveLocalOriginFailure", consecutiveLocalOriginFailure, 0, MOST);
        Checks.positive("interval", interval);
        Checks.positive("baseEjectionTime", baseEjectionTime);
        Checks.positive("maxEjectionTime", maxEjectionTime);
        Checks.notNegative("maxEjectionTimeJitter", maxEjectionTimeJitter);
        Checks.range("maxEjectionPercent", maxEjectionPercent, 0, 100);
        if (maxEjectionTime.compareTo(baseEjectionTime) < 0) {
            throw new IllegalArgumentException("maxEjectionTime: " + Durations.format(maxEjectionTime)
                + " (expected: at least baseEjectionTime, " + Durations.format(baseEjectionTime) + ")");
        }
    }
}
