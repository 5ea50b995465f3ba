package mesh.proxy.exchange;

import mesh.model.FaultPolicy;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;

/** What makes a request a gRPC call, and what its fields say (gRPC over HTTP/2: github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md). */
final class Grpc {

    static final FieldName STATUS = FieldName.of("grpc-status"), MESSAGE = FieldName.of("grpc-message"), TIMEOUT = FieldName.of("grpc-timeout"),
        RETRY_PUSHBACK = FieldName.of("grpc-retry-pushback-ms");
    static final String CONTENT_TYPE = "application/grpc";

    static final int OK = 0;
    private static final int UNKNOWN = 2;
    private static final int MOST_STATUS_DIGITS = 2;

    private static final String UNITS = "HMSmun";
    private static final long[] UNIT_NANOS = {3_600_000_000_000L, 60_000_000_000L, 1_000_000_000L, 1_000_000L, 1_000L, 1L};
    private static final int MOST_DIGITS = 8;
    private static final long TOO_LONG = 100_000_000L;

    private Grpc() {}

    /** Whether a head's content type is gRPC's; gRPC-Web is another protocol. */
    static boolean isGrpc(Fields head) {
        return head.isGrpc();
    }

    /** The time the caller gives, in nanoseconds; {@code none} when it does not say, or says it wrong. */
    static long timeoutNanos(Fields head, long none) {
        int i = head.indexOf(TIMEOUT, 0);
        if (i < 0) return none;
        String value = head.value(i);
        int digits = value.length() - 1;
        if (digits < 1 || digits > MOST_DIGITS) return none;
        int unit = UNITS.indexOf(value.charAt(digits));
        long n = decimal(value.substring(0, digits), MOST_DIGITS);
        // Eight digits of hours are more nanoseconds than a long has.
        return unit < 0 || n < 0 ? none : Math.min(none, n > none / UNIT_NANOS[unit] ? none : n * UNIT_NANOS[unit]);
    }

    /** The same, written in the finest unit that it fits in with eight digits; rounded down, so that no hop gives more than it has. */
    static String timeout(long nanos) {
        for (int unit = UNITS.length() - 1; ; unit--) {
            long n = Math.max(0, nanos) / UNIT_NANOS[unit];
            if (n < TOO_LONG || unit == 0) return Math.min(n, TOO_LONG - 1) + UNITS.substring(unit, unit + 1);
        }
    }

    /** What trailers say, or a head that is also the end; UNKNOWN when they do not, or say it wrong. */
    static int status(Fields trailers) {
        int i = trailers.indexOf(STATUS, 0);
        if (i < 0) return UNKNOWN;
        if (trailers.valueEnd(i) - trailers.valueStart(i) == 1 && trailers.text()[trailers.valueStart(i)] == '0') return OK;
        long status = decimal(trailers.value(i), MOST_STATUS_DIGITS);
        return status < 0 ? UNKNOWN : (int) status;
    }

    /** A whole number in digits alone, or -1. @param mostDigits at most 18 */
    static long decimal(String text, int mostDigits) {
        if (text.isEmpty() || text.length() > mostDigits) return -1;
        long n = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) return -1;
            n = n * 10 + digit;
        }
        return n;
    }

    /** The status that an answer stands for which is not gRPC's own (doc/http-grpc-status-mapping.md). */
    static int statusOf(int httpStatus) {
        return switch (httpStatus) {
            case 400 -> 13;
            case 401 -> 16;
            case 403 -> 7;
            case 404 -> 12;
            case 429, 502, 503, 504 -> 14;
            default -> UNKNOWN;
        };
    }

    /** What a fault is to a client that does not speak gRPC, and to the log: one of gRPC's as Envoy translates it. */
    static int httpStatusOf(FaultPolicy.Status fault) {
        if (fault instanceof FaultPolicy.Http http) return http.status();
        return switch (((FaultPolicy.Grpc) fault).status()) {
            case 1 -> 499;
            case 3, 9, 11 -> 400;
            case 4 -> 504;
            case 5 -> 404;
            case 6, 10 -> 409;
            case 7 -> 403;
            case 8 -> 429;
            case 12 -> 501;
            case 14 -> 503;
            case 16 -> 401;
            default -> 500;
        };
    }
}
