package mesh.proxy.route;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.VirtualHost;
import mesh.proxy.http.RequestHead;

/**
 * A route table in the form in which it is searched: first the virtual host (an exact name, then the longest suffix, then {@code *}), then
 * its first route that matches. Compares the head's bytes where they lie; nothing is allocated. Immutable; any event loop.
 *
 * @param <T> what a route leads to
 */
public final class RouteIndex<T> {

    private record Entry<T>(byte[] path, boolean exact, T target) {

        boolean matches(RequestHead head) {
            return exact ? head.pathIs(path) : head.pathStartsWith(path);
        }
    }

    private record Host<T>(Match match, byte[] name, List<Entry<T>> routes) {

        boolean matches(RequestHead head) {
            return switch (match) {
                case AUTHORITY -> head.authorityIs(name);
                case NAME -> head.hostIs(name);
                case SUFFIX -> head.hostEndsWith(name);
                case ANY -> true;
            };
        }
    }

    /** How a host is compared, the most specific first. */
    private enum Match { AUTHORITY, NAME, SUFFIX, ANY }

    private final List<Host<T>> hosts;

    private RouteIndex(List<Host<T>> hosts) {
        this.hosts = hosts;
    }

    /** @param target is asked once for each route */
    public static <T> RouteIndex<T> compile(RouteTable table, Function<Route, T> target) {
        List<Host<T>> hosts = new ArrayList<>();
        for (VirtualHost virtual : table.virtualHosts()) {
            List<Entry<T>> routes = virtual.routes().stream().map(route -> entry(route, target.apply(route))).toList();
            for (String name : virtual.hosts()) hosts.add(host(name.toLowerCase(Locale.ROOT), routes));
        }
        Comparator<Host<T>> longest = Comparator.comparing(host -> -host.name().length);
        hosts.sort(Comparator.<Host<T>, Match>comparing(Host::match).thenComparing(longest));
        return new RouteIndex<>(List.copyOf(hosts));
    }

    /** What the request's route leads to, or null when none matches: a virtual host that matches is the only one asked. */
    public T match(RequestHead head) {
        // Indexed: an iterator would be the only allocation of a match.
        for (int i = 0; i < hosts.size(); i++) {
            Host<T> host = hosts.get(i);
            if (host.matches(head)) return match(host.routes(), head);
        }
        return null;
    }

    private static <T> T match(List<Entry<T>> routes, RequestHead head) {
        for (int i = 0; i < routes.size(); i++) {
            Entry<T> route = routes.get(i);
            if (route.matches(head)) return route.target();
        }
        return null;
    }

    private static <T> Entry<T> entry(Route route, T target) {
        if (route.match() instanceof Route.Exact exact) return new Entry<>(bytes(exact.path()), true, target);
        return new Entry<>(bytes(((Route.Prefix) route.match()).prefix()), false, target);
    }

    private static <T> Host<T> host(String name, List<Entry<T>> routes) {
        if (name.equals("*")) return new Host<>(Match.ANY, new byte[0], routes);
        if (name.startsWith("*.")) return new Host<>(Match.SUFFIX, bytes(name.substring(1)), routes);
        boolean hasPort = name.indexOf(':') >= 0 && !name.endsWith("]");
        return new Host<>(hasPort ? Match.AUTHORITY : Match.NAME, bytes(name), routes);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
