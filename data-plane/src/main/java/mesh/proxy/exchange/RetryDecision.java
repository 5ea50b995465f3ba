package mesh.proxy.exchange;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Method;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.outcome.Failure;

/**
 * Whether a policy wants another try, and after which pause. A request that may have been processed is only sent again when its method is
 * idempotent (RFC 9110 section 9.2.2), or when it is a gRPC call and its policy names the status (gRFC A6). Limits of number, time and
 * budget are the exchange's.
 */
final class RetryDecision {

    /** What stands for a pause when there is to be no further try. */
    static final long NO = -1;

    private static final FieldName PUSHBACK = FieldName.of("grpc-retry-pushback-ms");
    private static final FieldName RATE_LIMITED = FieldName.of("x-envoy-ratelimited");
    private static final int CONFLICT = 409;
    /** An upstream may not keep a request here for longer than this, where nothing else limits it. Envoy's, for the same. */
    private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(300);
    private static final int MOST_DIGITS = 10;

    private final RandomGenerator random;
    private final InstantSource clock;

    /** @param clock for dates in {@code Retry-After} */
    RetryDecision(RandomGenerator random, InstantSource clock) {
        this.random = random;
        this.clock = clock;
    }

    /**
     * After a try that got no answer.
     *
     * @param unprocessed the upstream provably did nothing
     * @param doublings   of the pause, by the retries before
     * @return nanoseconds to wait, or {@link #NO}
     */
    long afterFailure(RetryPolicy policy, Method method, boolean grpc, Failure failure, boolean unprocessed, int doublings) {
        boolean wanted = switch (failure.retry()) {
            case NEVER -> false;
            case UNSENT -> names(policy, RetryOn.CONNECT_FAILURE) || grpc && namesStatus(policy, failure.grpcStatus());
            case REUSED, IDEMPOTENT ->
                unprocessed && names(policy, failure == Failure.STREAM_REFUSED ? RetryOn.REFUSED_STREAM : RetryOn.RESET_BEFORE_REQUEST)
                    || method.idempotent() && names(policy, RetryOn.RESET)
                    || grpc && namesStatus(policy, failure.grpcStatus());
        };
        return wanted ? backoff(policy, doublings) : NO;
    }

    /**
     * After an answer's head, of which nothing has been passed on yet.
     *
     * @param end       nothing follows: of gRPC, trailers-only, which has the status in it; any other head commits the call
     * @param doublings of the pause, by the retries before
     * @return nanoseconds to wait, or {@link #NO}
     */
    long afterAnswer(RetryPolicy policy, Method method, boolean grpc, ResponseHead head, boolean end, int doublings) {
        if (grpc) {
            int status = !Grpc.isGrpc(head) ? Grpc.statusOf(head.status()) : end ? Grpc.status(head) : Grpc.OK;
            return namesStatus(policy, status) ? pushback(policy, head, doublings) : NO;
        }
        if (head.status() < 400 || !method.idempotent() || !names(policy, head)) return NO;
        long asked = RetryAfter.nanos(head, clock);
        return asked > LONGEST_PAUSE ? NO : asked + backoff(policy, doublings);
    }

    /**
     * Whether a try may be made again that no policy needs to ask for: a kept connection was closed by the upstream just when it was used
     * (RFC 9112 section 9.3.1), or had served its number of requests (RFC 9113 section 6.8), which is nobody's failure. Once, on a new
     * connection.
     */
    static boolean isRace(Failure failure, boolean unprocessed, Method method) {
        return failure.retry() == Failure.Retry.REUSED && (unprocessed || method.idempotent());
    }

    /** Whether the server itself has said when to come back, so that the next pause is not doubled for this one. */
    static boolean isPushback(ResponseHead head) {
        return head.contains(PUSHBACK);
    }

    /** The conditions in which Envoy's names include one another; {@code reset} covers every way to get no answer. */
    private static boolean names(RetryPolicy policy, RetryOn condition) {
        return policy.retryOn().contains(condition) || policy.retryOn().contains(RetryOn.RESET)
            || policy.retryOn().contains(RetryOn.GATEWAY_ERROR) || policy.retryOn().contains(RetryOn.FIVE_XX);
    }

    private static boolean names(RetryPolicy policy, ResponseHead head) {
        int status = head.status();
        if (head.contains(RATE_LIMITED)) return policy.retryOn().contains(RetryOn.ENVOY_RATELIMITED);
        return status >= 500 && policy.retryOn().contains(RetryOn.FIVE_XX)
            || status >= 502 && status <= 504 && policy.retryOn().contains(RetryOn.GATEWAY_ERROR)
            || status == CONFLICT && policy.retryOn().contains(RetryOn.RETRIABLE_4XX)
            || policy.retriableStatusCodes().contains(status);
    }

    private static boolean namesStatus(RetryPolicy policy, int grpcStatus) {
        for (RetryOn condition : policy.retryOn()) {
            if (condition.grpcStatus() == grpcStatus && grpcStatus != Grpc.OK) return true;
        }
        return false;
    }

    /** Exactly as long as the server says; one that says it wrong, or less than nothing, wants no further try (gRFC A6). */
    private long pushback(RetryPolicy policy, ResponseHead head, int doublings) {
        String value = head.get(PUSHBACK);
        if (value == null) return backoff(policy, doublings);
        long millis = Grpc.decimal(value, MOST_DIGITS);
        return millis < 0 || millis > TimeUnit.NANOSECONDS.toMillis(LONGEST_PAUSE) ? NO : TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** Doubling, with full jitter, so that those who failed together do not return together. */
    private long backoff(RetryPolicy policy, int doublings) {
        Duration doubled = policy.backoffBase().multipliedBy(1L << Math.min(doublings, 16));
        long most = Math.min(doubled.toNanos(), policy.backoffMax().toNanos());
        return most <= 0 ? 0 : random.nextLong(most + 1);
    }
}
