package mesh.proxy.exchange;

import java.time.Duration;
import java.util.random.RandomGenerator;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.proxy.http.Method;
import mesh.proxy.outcome.Failure;

/**
 * Whether a policy wants another try, and after which pause. A request that may have been processed is only sent again when its method is
 * idempotent (RFC 9110 section 9.2.2). Limits of number, time and budget are the exchange's.
 */
final class RetryDecision {

    private RetryDecision() {}

    /**
     * After a try that got no answer.
     *
     * @param unprocessed the upstream provably did nothing
     */
    static boolean wants(RetryPolicy policy, Failure failure, boolean unprocessed, Method method) {
        return switch (failure.retry()) {
            case NEVER -> false;
            case UNSENT -> names(policy, RetryOn.CONNECT_FAILURE);
            case REUSED, IDEMPOTENT ->
                unprocessed && names(policy, failure == Failure.STREAM_REFUSED ? RetryOn.REFUSED_STREAM : RetryOn.RESET_BEFORE_REQUEST)
                    || method.idempotent() && names(policy, RetryOn.RESET);
        };
    }

    /**
     * Whether a try may be made again that no policy needs to ask for: a kept connection was closed by the upstream just when it was used
     * (RFC 9112 section 9.3.1), or had served its number of requests (RFC 9113 section 6.8), which is nobody's failure. Once, on a new
     * connection.
     */
    static boolean isRace(Failure failure, boolean unprocessed, Method method) {
        return failure.retry() == Failure.Retry.REUSED && (unprocessed || method.idempotent());
    }

    /** After an answer that says the upstream could not. */
    static boolean wants(RetryPolicy policy, int status, Method method) {
        if (status < 500 || !method.idempotent()) return false;
        boolean gateway = status >= 502 && status <= 504;
        return gateway && policy.retryOn().contains(RetryOn.GATEWAY_ERROR) || policy.retryOn().contains(RetryOn.FIVE_XX);
    }

    /** Nanoseconds before try number {@code tries + 1}: doubling, with full jitter, so that those who failed together do not return together. */
    static long backoff(RetryPolicy policy, int tries, RandomGenerator random) {
        Duration doubled = policy.backoffBase().multipliedBy(1L << Math.min(tries - 1, 16));
        long most = Math.min(doubled.toNanos(), policy.backoffMax().toNanos());
        return most <= 0 ? 0 : random.nextLong(most + 1);
    }

    private static boolean names(RetryPolicy policy, RetryOn condition) {
        return policy.retryOn().contains(condition) || policy.retryOn().contains(RetryOn.FIVE_XX);
    }
}
