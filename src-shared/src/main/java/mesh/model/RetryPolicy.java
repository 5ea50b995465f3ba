package mesh.model;

import java.time.Duration;
import java.util.Set;

/**
 * How often and when a request is tried again.
 *
 * @param attempts      all tries, the first included: 3 means at most 2 retries; 1 to 10
 * @param perTryTimeout time one try may take before response headers; zero means only the route's timeout
 * @param retryOn       what a retry may answer to; a request whose method is not idempotent is only repeated when it provably was not
 *                      processed
 * @param backoffBase   wait before the first retry, doubled for each further one, with full jitter
 * @param backoffMax    longest wait
 */
public record RetryPolicy(int attempts, Duration perTryTimeout, Set<RetryOn> retryOn, Duration backoffBase, Duration backoffMax) {

    /** One try. */
    public static final RetryPolicy NONE = of(1, Duration.ZERO);

    public RetryPolicy {
        Checks.range("attempts", attempts, 1, 10);
        Checks.notNegative("perTryTimeout", perTryTimeout);
        Checks.notNegative("backoffBase", backoffBase);
        Checks.notNegative("backoffMax", backoffMax);
        retryOn = Set.copyOf(retryOn);
    }

    /** With the default conditions and backoff (25 ms doubling to 250 ms, Envoy's). */
    public static RetryPolicy of(int attempts, Duration perTryTimeout) {
        return new RetryPolicy(attempts, perTryTimeout, RetryOn.DEFAULT, Duration.ofMillis(25), Duration.ofMillis(250));
    }
}
