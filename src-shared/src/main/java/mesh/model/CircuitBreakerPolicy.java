package mesh.model;

import java.time.Duration;
import java.util.Set;

/**
 * When one upstream is left alone for a while.
 *
 * @param windowSize       requests in the count window, 1 to 1024; nothing trips before it is full
 * @param failureThreshold share of failures in a full window that opens the breaker, above 0 and at most 1
 * @param resetTimeout     how long it stays open before one probe
 * @param failures         what counts as one; at least one
 */
public record CircuitBreakerPolicy(int windowSize, double failureThreshold, Duration resetTimeout, Set<BreakerFailure> failures) {

    /** 10 failures of 20 open it for 10 s (the specification's). */
    public static final CircuitBreakerPolicy DEFAULT = new CircuitBreakerPolicy(20, 0.5, Duration.ofSeconds(10));

    public CircuitBreakerPolicy {
        Checks.range("windowSize", windowSize, 1, 1024);
        if (!(failureThreshold > 0 && failureThreshold <= 1)) {
            throw new IllegalArgumentException("failureThreshold: " + failureThreshold + " (expected: above 0 and at most 1)");
        }
        Checks.positive("resetTimeout", resetTimeout);
        failures = Set.copyOf(failures);
        if (failures.isEmpty()) {
            throw new IllegalArgumentException("failures: none (expected: at least one, such as 5xx)");
        }
    }

    /** That counts what is counted when nothing is named. */
    public CircuitBreakerPolicy(int windowSize, double failureThreshold, Duration resetTimeout) {
        this(windowSize, failureThreshold, resetTimeout, BreakerFailure.DEFAULT);
    }
}
