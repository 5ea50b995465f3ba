package mesh.model;

import java.time.Duration;

/**
 * What one connection or request may cost before anything of it is routed. Numbers are Envoy's advice for an edge where it has any.
 *
 * @param headKib     of a request's head, in KiB, 1 to 1024; 431 above; default 64
 * @param fields      of a request's head, 1 to 10,000; 431 above; default 100
 * @param streams     of one HTTP/2 connection at once, 1 to 10,000; more are refused; default 100
 * @param headTimeout from a head's first byte to its last; 408 after it; default 10 s
 * @param idleTimeout how long a connection without a request is kept; default 1 h
 */
public record HttpLimits(int headKib, int fields, int streams, Duration headTimeout, Duration idleTimeout) {

    public static final HttpLimits DEFAULT = new HttpLimits(64, 100, 100, Duration.ofSeconds(10), Duration.ofHours(1));
    public static final int MOST_KIB = 1024;
    public static final int MOST = 10_000;

    public HttpLimits {
        Checks.range("headKib", headKib, 1, MOST_KIB);
        Checks.range("fields", fields, 1, MOST);
        Checks.range("streams", streams, 1, MOST);
        Checks.positive("headTimeout", headTimeout);
        Checks.positive("idleTimeout", idleTimeout);
    }
}
