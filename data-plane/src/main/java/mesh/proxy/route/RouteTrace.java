package mesh.proxy.route;

import java.util.List;
import mesh.model.Route;
import mesh.model.VirtualHost;

/**
 * How a request found its route, for people. Found by {@link RouteIndex#trace}, which asks what {@link RouteIndex#match} asks.
 *
 * @param host     the pattern of the virtual host that matched; null for none, as the two below
 * @param virtualHost whose routes were tried
 * @param taken    the route that takes the request; null for none
 * @param target   what it leads to
 * @param passedBy the routes before it, or all where none takes it, in order
 */
public record RouteTrace<T>(String host, VirtualHost virtualHost, Route taken, T target, List<PassedBy> passedBy) {

    /**
     * A route that did not take the request.
     *
     * @param subject  what was looked at, such as {@code header x-canary}
     * @param found    what it is, quoted, or {@code absent}
     * @param expected what it must be, such as {@code exact "true"}
     */
    public record PassedBy(Route route, String subject, String found, String expected) {

        /** In the form of every problem: what is there, then what was expected. */
        public String why() {
            return subject + ": " + found + " (expected: " + expected + ")";
        }
    }
}
