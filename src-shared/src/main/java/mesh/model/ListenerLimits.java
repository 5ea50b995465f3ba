package mesh.model;

import java.util.Optional;

/**
 * What strangers may cost a listener.
 *
 * @param rate           of all its requests, before any route's own; only for HTTP
 * @param trustedHops    proxies before this listener whose {@code x-forwarded-for} is believed, 0 to 16: with n, the client is the n-th
 *                       address from the end, and with fewer there, whoever has connected
 * @param maxConnections open at once, 1 to 1,000,000; more are closed as they come; 0 for no limit
 * @param maxBodyBytes   of a request's body, where its route says nothing else, up to 2^50; 413 above; 0 for no limit; only for HTTP
 * @param http           only for HTTP
 */
public record ListenerLimits(Optional<RateLimit> rate, int trustedHops, int maxConnections, long maxBodyBytes, HttpLimits http) {

    public static final int MOST_HOPS = 16;
    public static final int MOST_CONNECTIONS = 1_000_000;
    public static final long MOST_BODY_BYTES = 1L << 50;
    public static final ListenerLimits NONE = new ListenerLimits(Optional.empty(), 0);

    public ListenerLimits {
        Checks.range("trustedHops", trustedHops, 0, MOST_HOPS);
        Checks.range("maxConnections", maxConnections, 0, MOST_CONNECTIONS);
        checkBody(maxBodyBytes);
    }

    /** With the default limits of HTTP and no others. */
    public ListenerLimits(Optional<RateLimit> rate, int trustedHops) {
        this(rate, trustedHops, 0, 0, HttpLimits.DEFAULT);
    }

    static void checkBody(long maxBodyBytes) {
        if (maxBodyBytes < 0 || maxBodyBytes > MOST_BODY_BYTES) {
            throw new IllegalArgumentException(
                "maxBodyBytes: " + Long.toUnsignedString(maxBodyBytes) + " (expected: 0 to " + MOST_BODY_BYTES + ")");
        }
    }

    /** Whether any of them is only for HTTP. */
    boolean needHttp() {
        return rate.isPresent() || trustedHops > 0 || maxBodyBytes > 0 || !http.equals(HttpLimits.DEFAULT);
    }
}
