package mesh.model;

import java.util.Locale;
import java.util.Set;

/**
 * What a retry may answer to, by Envoy's names; {@code reset-before-request} is Envoy's newest. Those of HTTP repeat only idempotent
 * methods. gRPC knows no such thing, so that naming one of its statuses is to say that the route's calls may be repeated (gRFC A6).
 */
public enum RetryOn {
    /** The connection could not be made, or a pooled one turned out closed before the request was written. */
    CONNECT_FAILURE,
    /** HTTP/2 REFUSED_STREAM: the upstream promises it did nothing. */
    REFUSED_STREAM,
    /** The upstream closed before any byte of the request was sent to it. */
    RESET_BEFORE_REQUEST,
    /** The upstream closed, reset or let its time pass before response headers, and the three above. */
    RESET,
    /** 502, 503 or 504, and no answer at all. */
    GATEWAY_ERROR,
    /** Any 5xx, and no answer at all. */
    FIVE_XX,
    /** 409. */
    RETRIABLE_4XX,
    /** One of {@link RetryPolicy#retriableStatusCodes}. */
    RETRIABLE_STATUS_CODES,
    /** Any answer with {@code x-envoy-ratelimited}, which is otherwise not asked for again. */
    ENVOY_RATELIMITED,
    /** gRPC's status of that name, before the answer's head: from the upstream, or because of what else went wrong. As those below. */
    CANCELLED,
    DEADLINE_EXCEEDED,
    INTERNAL,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE;

    /** What is retried when nothing is named. {@code GATEWAY_ERROR} and {@code RESET} only for idempotent methods. */
    public static final Set<RetryOn> DEFAULT = Set.of(CONNECT_FAILURE, REFUSED_STREAM, RESET_BEFORE_REQUEST, RESET, GATEWAY_ERROR);

    /** gRPC's number of the status that is meant, or 0 where none is. */
    public int grpcStatus() {
        return switch (this) {
            case CANCELLED -> 1;
            case DEADLINE_EXCEEDED -> 4;
            case RESOURCE_EXHAUSTED -> 8;
            case INTERNAL -> 13;
            case UNAVAILABLE -> 14;
            default -> 0;
        };
    }

    /** The name in configuration: {@code connect-failure}, {@code 5xx}. */
    public String text() {
        return this == FIVE_XX ? "5xx" : name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** @throws IllegalArgumentException naming the text and every name that is known */
    public static RetryOn parse(String text) {
        StringBuilder known = new StringBuilder();
        for (RetryOn value : values()) {
            if (value.text().equals(text)) {
                return value;
            }
            known.append(known.isEmpty() ? "" : ", ").append(value.text());
        }
        throw new IllegalArgumentException("\"" + text + "\" (expected: one of " + known + ")");
    }
}
