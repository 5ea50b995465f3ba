package mesh.model;

import java.util.Comparator;

/**
 * Which of two routes is the more specific, and so comes first in a table whose order is {@link RouteTable.Order#SPECIFIC}: Gateway API's
 * rule (HTTPRouteRule, {@code matches}): an exact path, the longest prefix, a method, the most headers, the most query parameters; of equals
 * the one that was listed first.
 *
 * <p>Where expressions come Gateway API leaves open. Here it is behind exact paths and before prefixes, the longest first, as in Envoy Gateway:
 * behind them none would ever be asked beside a route for {@code /}. Of prefixes that are equally long one of whole segments comes first; that
 * it is gRPC counts as a header.
 */
final class Precedence {

    static final Comparator<Route> MOST_SPECIFIC_FIRST = Comparator.<Route>comparingInt(route -> kind(route.match()))
        .thenComparingInt(route -> -length(route.match()))
        .thenComparingInt(route -> route.match() instanceof Route.Prefix ? 1 : 0)
        .thenComparingInt(route -> route.conditions().methods().isEmpty() ? 1 : 0)
        .thenComparingInt(route -> -headers(route.conditions()))
        .thenComparingInt(route -> -route.conditions().queryParams().size());

    private Precedence() {}

    private static int kind(Route.PathMatch match) {
        if (match instanceof Route.Exact) return 0;
        return match instanceof Route.Regex ? 1 : 2;
    }

    /** Of an exact path nothing: two that both match are the same. */
    private static int length(Route.PathMatch match) {
        if (match instanceof Route.Regex regex) return regex.regex().length();
        String prefix = PathRewrite.replaced(match);
        return prefix == null ? 0 : prefix.length();
    }

    private static int headers(RequestMatch conditions) {
        return conditions.headers().size() + (conditions.grpc() ? 1 : 0);
    }
}
