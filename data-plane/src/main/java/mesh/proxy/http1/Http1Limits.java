package mesh.proxy.http1;

import java.time.Duration;

/**
 * What one HTTP/1.1 connection may cost.
 *
 * @param headBytes        of a head or a trailer section with its line ends; 431 above; default 64 KiB
 * @param requestLineBytes 414 above; default 8 KiB
 * @param fields           of a head or a trailer section; 431 above; default 100
 * @param head             from a head's first byte to its last; 408 after it; default 10 s
 * @param body             longest silence of a client that owes us body; 408 after it; default 60 s
 * @param idle             how long a connection without a request is kept; default 1 h
 * @param halfClosed       how long the answer may pause once the client has closed its half; a client that went away looks the same,
 *                         and its request is not to go on; default 500 ms
 */
public record Http1Limits(
    int headBytes, int requestLineBytes, int fields, Duration head, Duration body, Duration idle, Duration halfClosed) {

    public static final Http1Limits DEFAULT = new Http1Limits(
        64 * 1024, 8 * 1024, 100, Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofHours(1), Duration.ofMillis(500));

    public Http1Limits {
        atLeast1("headBytes", headBytes);
        atLeast1("requestLineBytes", requestLineBytes);
        atLeast1("fields", fields);
        for (Duration time : new Duration[] {head, body, idle, halfClosed}) {
            if (time.isNegative() || time.isZero()) throw new IllegalArgumentException("timeout: " + time + " (expected: > 0)");
        }
    }

    private static void atLeast1(String name, int value) {
        if (value < 1) throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
    }
}
