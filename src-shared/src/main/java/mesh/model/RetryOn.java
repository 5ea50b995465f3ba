package mesh.model;

import java.util.Locale;
import java.util.Set;

/** What a retry may answer to, by Envoy's names; {@code reset-before-request} is Envoy's newest. */
public enum RetryOn {
    /** The connection could not be made, or a pooled one turned out closed before the request was written. */
    CONNECT_FAILURE,
    /** HTTP/2 REFUSED_STREAM: the upstream promises it did nothing. */
    REFUSED_STREAM,
    /** The upstream closed before any byte of the request was sent to it. */
    RESET_BEFORE_REQUEST,
    /** The upstream closed or reset before response headers. */
    RESET,
    /** 502, 503 or 504. */
    GATEWAY_ERROR,
    /** Any 5xx, and no answer at all. */
    FIVE_XX;

    /** What is retried when nothing is named. {@code GATEWAY_ERROR} and {@code RESET} only for idempotent methods. */
    public static final Set<RetryOn> DEFAULT = Set.of(CONNECT_FAILURE, REFUSED_STREAM, RESET_BEFORE_REQUEST, RESET, GATEWAY_ERROR);

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
