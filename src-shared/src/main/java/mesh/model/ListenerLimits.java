package mesh.model;

import java.util.Optional;

/**
 * What strangers may cost a listener.
 *
 * @param rate        of all its requests, before any route's own; only for HTTP
 * @param trustedHops proxies before this listener whose {@code x-forwarded-for} is believed, 0 to 16: with n, the client is the n-th address
 *                    from the end, and with fewer there, whoever has connected
 */
public record ListenerLimits(Optional<RateLimit> rate, int trustedHops) {

    public static final ListenerLimits NONE = new ListenerLimits(Optional.empty(), 0);
    public static final int MOST_HOPS = 16;

    public ListenerLimits {
        Checks.range("trustedHops", trustedHops, 0, MOST_HOPS);
    }
}
