package mesh.xds;

import java.util.ArrayList;
import java.util.List;
import mesh.model.BreakerFailure;
import mesh.model.CircuitBreakerPolicy;
import mesh.v1.CircuitBreaker;

/** The count breaker, which has no equal in Envoy, as the mesh's own message. */
final class BreakerPolicies {

    private BreakerPolicies() {}

    static CircuitBreaker encode(CircuitBreakerPolicy breaker) {
        CircuitBreaker.Builder message = CircuitBreaker.newBuilder()
            .setWindowSize(breaker.windowSize())
            .setFailureThreshold(breaker.failureThreshold())
            .setResetTimeout(Wire.duration(breaker.resetTimeout()));
        if (!breaker.failures().equals(BreakerFailure.DEFAULT)) {
            breaker.failures().stream().sorted().forEach(failure -> message.addFailures(failure.text()));
        }
        return message.build();
    }

    /** Null after a problem. */
    static CircuitBreakerPolicy decode(CircuitBreaker breaker, Reading reading) {
        CircuitBreakerPolicy standard = CircuitBreakerPolicy.DEFAULT;
        List<BreakerFailure> failures = new ArrayList<>();
        for (int i = 0; i < breaker.getFailuresCount(); i++) {
            String text = breaker.getFailures(i);
            failures.add(reading.at("failures", i).check(() -> BreakerFailure.parse(text)));
        }
        if (failures.contains(null)) return null;
        return reading.check(() -> new CircuitBreakerPolicy(
            breaker.getWindowSize() == 0 ? standard.windowSize() : breaker.getWindowSize(),
            breaker.getFailureThreshold() == 0 ? standard.failureThreshold() : breaker.getFailureThreshold(),
            breaker.hasResetTimeout()
                ? reading.at("reset_timeout").duration(breaker.getResetTimeout(), standard.resetTimeout())
                : standard.resetTimeout(),
            BreakerFailure.orDefault(failures)));
    }
}
