package mesh.model;

import java.time.Duration;
import java.util.Set;

/**
 * How often and when a request is tried again.
 *
 * @param attempts             all tries, the first included: 3 means at most 2 retries; 1 to 10
 * @param perTryTimeout        time one try may take before response headers; zero means only the route's timeout
 * @param perTryIdleTimeout    how long a try's upstream may say nothing once it has the request, before response headers and after; zero means for
 *                             as long as the route's own idle timeout lets it
 * @param retryOn              what a retry may answer to; a request whose method is not idempotent is only repeated when it provably was
 *                             not processed
 * @param retriableStatusCodes 100 to 599; some exactly when {@code retryOn} has {@link RetryOn#RETRIABLE_STATUS_CODES}
 * @param backoffBase          wait before the first retry, doubled for each further one, with full jitter
 * @param backoffMax           longest wait
 */
public record RetryPolicy(
    int attempts, Duration perTryTimeout, Duration perTryIdleTimeout, Set<RetryOn> retryOn, Set<Integer> retriableStatusCodes, Duration backoffBase,
    Duration backoffMax) {

    /** One try. */
    public static final RetryPolicy NONE = of(1, Duration.ZERO);

    public RetryPolicy {
        Checks.range("attempts", attempts, 1, 10);
        Checks.notNegative("perTryTimeout", perTryTimeout);
        Checks.notNegative("perTryIdleTimeout", perTryIdleTimeout);
        Checks.notNegative("backoffBase", backoffBase);
        Checks.notNegative("backoffMax", backoffMax);
        retryOn = Set.copyOf(retryOn);
        retriableStatusCodes = Set.copyOf(retriableStatusCodes);
        retriableStatusCodes.forEach(code -> Checks.range("retriableStatusCodes", code, 100, 599));
        if (retryOn.contains(RetryOn.RETRIABLE_STATUS_CODES) == retriableStatusCodes.isEmpty()) {
            throw new IllegalArgumentException(retriableStatusCodes.isEmpty()
                ? "retryOn: \"retriable-status-codes\" (expected: some in retriableStatusCodes)"
                : "retriableStatusCodes: " + retriableStatusCodes + " (expected: retriable-status-codes in retryOn)");
        }
    }

    /** Whose upstreams may be silent. */
    public RetryPolicy(
        int attempts, Duration perTryTimeout, Set<RetryOn> retryOn, Set<Integer> retriableStatusCodes, Duration backoffBase, Duration backoffMax) {
        this(attempts, perTryTimeout, Duration.ZERO, retryOn, retriableStatusCodes, backoffBase, backoffMax);
    }

    public RetryPolicy(int attempts, Duration perTryTimeout, Set<RetryOn> retryOn, Duration backoffBase, Duration backoffMax) {
        this(attempts, perTryTimeout, retryOn, Set.of(), backoffBase, backoffMax);
    }

    /** With the default conditions and backoff (25 ms doubling to 250 ms, Envoy's). */
    public static RetryPolicy of(int attempts, Duration perTryTimeout) {
        return new RetryPolicy(attempts, perTryTimeout, RetryOn.DEFAULT, Duration.ofMillis(25), Duration.ofMillis(250));
    }
}
