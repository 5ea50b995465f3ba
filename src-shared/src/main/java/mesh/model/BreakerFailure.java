package mesh.model;

import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** What a circuit breaker may count as a failure of its upstream. Those after {@link #RESET} are gRPC's statuses, in their order. */
public enum BreakerFailure {
    /** An answer of 500 or above. */
    FIVE_XX,
    /** No connection: refused, unreachable, too slow, or its TLS handshake failed. */
    CONNECT_FAILURE,
    /** No answer within the try's time, or the request's. */
    TIMEOUT,
    /** The connection or the stream broke, or what came was no answer. */
    RESET,
    CANCELLED,
    UNKNOWN,
    INVALID_ARGUMENT,
    DEADLINE_EXCEEDED,
    NOT_FOUND,
    ALREADY_EXISTS,
    PERMISSION_DENIED,
    RESOURCE_EXHAUSTED,
    FAILED_PRECONDITION,
    ABORTED,
    OUT_OF_RANGE,
    UNIMPLEMENTED,
    INTERNAL,
    UNAVAILABLE,
    DATA_LOSS,
    UNAUTHENTICATED;

    /**
     * What is counted when nothing is named: what Envoy's outlier detection counts. Of gRPC it takes the statuses that stand for a 5xx; not
     * UNIMPLEMENTED here, which says that the client asks for the wrong thing.
     */
    public static final Set<BreakerFailure> DEFAULT =
        Set.of(FIVE_XX, CONNECT_FAILURE, TIMEOUT, RESET, UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE, DATA_LOSS);

    private static final BreakerFailure[] ALL = values();

    /** What a gRPC status is, by its number; null for OK. A number that gRPC does not know is UNKNOWN, as it is to its clients. */
    public static BreakerFailure ofGrpc(int status) {
        if (status == 0) {
            return null;
        }
        return status > 0 && RESET.ordinal() + status < ALL.length ? ALL[RESET.ordinal() + status] : UNKNOWN;
    }

    /** Whether a gRPC status stands for a 5xx, by {@link #DEFAULT}. @param status by its number; below 0 for none */
    public static boolean isServerFault(int status) {
        BreakerFailure failure = status > 0 ? ofGrpc(status) : null;
        return failure != null && DEFAULT.contains(failure);
    }

    /** Whether the upstream has answered, be it badly. */
    public boolean isAnswer() {
        return this == FIVE_XX || ordinal() > RESET.ordinal();
    }

    /** The name in configuration: {@code 5xx}, {@code connect-failure}, {@code data-loss}. */
    public String text() {
        return this == FIVE_XX ? "5xx" : name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException naming the text and every name that is known */
    public static BreakerFailure parse(String text) {
        for (BreakerFailure each : ALL) {
            if (each.text().equals(text)) {
                return each;
            }
        }
        throw new IllegalArgumentException("\"" + text + "\" (expected: one of "
            + Arrays.stream(ALL).map(BreakerFailure::text).collect(Collectors.joining(", ")) + ")");
    }

    /** Those that are named, or the default when none is. */
    public static Set<BreakerFailure> orDefault(Collection<BreakerFailure> named) {
        return named.isEmpty() ? DEFAULT : EnumSet.copyOf(named);
    }
}
