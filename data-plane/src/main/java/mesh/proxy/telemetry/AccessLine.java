package mesh.proxy.telemetry;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.TimeUnit;
import mesh.model.AccessLogField;
import mesh.model.AccessLogPolicy;
import mesh.proxy.outcome.ResponseFlags;

/** How an entry is written: {@link AccessLogField} says in what order, the same in both formats. Nothing that a client sends can end a line. */
final class AccessLine {

    private static final AccessLogField[] FIELDS = AccessLogField.values();
    private static final int MICROS_A_MILLI = 1000;
    /** {@code 00-} before the trace's id, which has 32 digits. */
    private static final int TRACE = 3, TRACE_END = 35;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private AccessLine() {}

    static void append(StringBuilder to, AccessEntry entry) {
        if (entry.format() == AccessLogPolicy.Format.JSON) json(to, entry);
        else text(to, entry);
        to.append('\n');
    }

    private static void json(StringBuilder to, AccessEntry entry) {
        char before = '{';
        for (AccessLogField field : FIELDS) {
            to.append(before).append('"').append(field.text()).append("\":");
            before = ',';
            if (field.isNumber()) {
                number(to, field, entry, "null");
                continue;
            }
            String value = text(field, entry);
            if (value == null) to.append("null");
            else escaped(to.append('"'), value, "\\u00").append('"');
        }
        to.append('}');
    }

    private static void text(StringBuilder to, AccessEntry entry) {
        for (AccessLogField field : FIELDS) {
            if (field != AccessLogField.TIME) to.append(' ');
            if (field == AccessLogField.TIME) to.append('[');
            if (field == AccessLogField.METHOD || field.isQuoted()) to.append('"');
            if (field.isNumber()) {
                number(to, field, entry, "-");
            } else {
                String value = text(field, entry);
                escaped(to, value == null || value.isEmpty() ? "-" : value, "\\x");
            }
            if (field == AccessLogField.TIME) to.append(']');
            if (field == AccessLogField.PROTOCOL || field.isQuoted()) to.append('"');
        }
    }

    private static String text(AccessLogField field, AccessEntry entry) {
        return switch (field) {
            case TIME -> TIME.format(Instant.ofEpochMilli(entry.begunMillis()));
            case METHOD -> entry.method();
            case PATH -> entry.path();
            case PROTOCOL -> entry.protocol();
            case FLAGS -> flags(entry);
            case ROUTE -> entry.route();
            case CLUSTER -> entry.cluster();
            case ENDPOINT -> entry.endpoint();
            case PEER -> entry.peer();
            case CLIENT -> entry.client();
            case AUTHORITY -> entry.authority();
            case REQUEST_ID -> entry.requestId();
            case TRACE_ID -> entry.traceparent() == null || entry.traceparent().length() < TRACE_END ? null
                : entry.traceparent().substring(TRACE, TRACE_END);
            case USER_AGENT -> entry.userAgent();
            default -> throw new IllegalArgumentException(field + " (expected: a field of text)");
        };
    }

    private static String flags(AccessEntry entry) {
        String flags = ResponseFlags.of(entry.delayed(), entry.failure(), entry.unretried());
        return flags.isEmpty() ? "-" : flags;
    }

    private static void number(StringBuilder to, AccessLogField field, AccessEntry entry, String none) {
        switch (field) {
            case STATUS -> whole(to, entry.status(), none);
            case ATTEMPTS -> whole(to, entry.attempts(), none);
            case BYTES_IN -> whole(to, entry.bytesIn(), none);
            case BYTES_OUT -> whole(to, entry.bytesOut(), none);
            case GRPC_STATUS -> whole(to, entry.grpcStatus(), none);
            case DURATION -> millis(to, entry.nanos(), none);
            case UPSTREAM_TIME -> millis(to, entry.upstreamNanos(), none);
            default -> throw new IllegalArgumentException(field + " (expected: a number's field)");
        }
    }

    private static void whole(StringBuilder to, long value, String none) {
        if (value < 0) to.append(none);
        else to.append(value);
    }

    /** Milliseconds to the microsecond: an Envoy writes whole ones, and most calls in a mesh are shorter than one. */
    private static void millis(StringBuilder to, long nanos, String none) {
        if (nanos < 0) {
            to.append(none);
            return;
        }
        long micros = TimeUnit.NANOSECONDS.toMicros(nanos);
        int rest = (int) (micros % MICROS_A_MILLI);
        to.append(micros / MICROS_A_MILLI).append('.');
        if (rest < 100) to.append('0');
        if (rest < 10) to.append('0');
        to.append(rest);
    }

    private static StringBuilder escaped(StringBuilder to, String text, String control) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') to.append('\\').append(c);
            else if (c < ' ' || c == 0x7f) to.append(control).append(Character.forDigit(c >> 4, 16)).append(Character.forDigit(c & 15, 16));
            else to.append(c);
        }
        return to;
    }
}
