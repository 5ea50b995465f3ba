package mesh.model;

import java.util.Optional;

/**
 * What clients may send to a route.
 *
 * @param rate         of its requests, after the listener's
 * @param maxBodyBytes of a request's body, in place of the listener's; up to 2^50; 0 leaves that
 */
public record RouteLimits(Optional<RateLimit> rate, long maxBodyBytes) {

    public static final RouteLimits NONE = new RouteLimits(Optional.empty(), 0);

    public RouteLimits {
        ListenerLimits.checkBody(maxBodyBytes);
    }
}
