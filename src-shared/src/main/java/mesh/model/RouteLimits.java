package mesh.model;

import java.util.Optional;

/**
 * What clients may send to a route.
 *
 * @param rate of its requests, after the listener's
 */
public record RouteLimits(Optional<RateLimit> rate) {

    public static final RouteLimits NONE = new RouteLimits(Optional.empty());
}
