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
 * A route table in the form in which it is searched: first the virtual host (a whole name, then the longest suffix, then {@code *}), then
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

    /** @param withPort it is compared with the whole authority */
    private record Suffix<T>(byte[] suffix, boolean withPort, List<Entry<T>> routes) {

        boolean matches(RequestHead head) {
            return withPort ? head.authorityEndsWith(suffix) : head.hostEndsWith(suffix);
        }
    }

    private final HostNames<List<Entry<T>>> names;
    private final List<Suffix<T>> suffixes;
    private final List<Entry<T>> anyHost;

    private RouteIndex(HostNames<List<Entry<T>>> names, List<Suffix<T>> suffixes, List<Entry<T>> anyHost) {
        this.names = names;
        this.suffixes = suffixes;
        this.anyHost = anyHost;
    }

    /** @param target is asked once for each route */
    public static <T> RouteIndex<T> compile(RouteTable table, Function<Route, T> target) {
        List<HostNames.Named<List<Entry<T>>>> names = new ArrayList<>();
        List<Suffix<T>> suffixes = new ArrayList<>();
        List<Entry<T>> anyHost = null;
        for (VirtualHost virtual : table.virtualHosts()) {
            List<Entry<T>> routes = virtual.routes().stream().map(route -> entry(route, target.apply(route))).toList();
            for (String given : virtual.hosts()) {
                String host = given.toLowerCase(Locale.ROOT);
                if (host.equals("*")) anyHost = anyHost == null ? routes : anyHost;
                else if (host.startsWith("*.")) suffixes.add(new Suffix<>(bytes(host.substring(1)), hasPort(host), routes));
                else names.add(new HostNames.Named<>(host, hasPort(host), routes));
            }
        }
        suffixes.sort(Comparator.comparing(each -> -each.suffix().length));
        return new RouteIndex<>(new HostNames<>(names), List.copyOf(suffixes), anyHost == null ? List.of() : anyHost);
    }

    /** What the request's route leads to, or null when none matches: a virtual host that matches is the only one asked. */
    public T match(RequestHead head) {
        List<Entry<T>> routes = routes(head);
        // Indexed, as below: an iterator would be the only allocation of a match.
        for (int i = 0; i < routes.size(); i++) {
            Entry<T> route = routes.get(i);
            if (route.matches(head)) return route.target();
        }
        return null;
    }

    private List<Entry<T>> routes(RequestHead head) {
        List<Entry<T>> named = names.find(head);
        if (named != null) return named;
        for (int i = 0; i < suffixes.size(); i++) {
            if (suffixes.get(i).matches(head)) return suffixes.get(i).routes();
        }
        return anyHost;
    }

    private static <T> Entry<T> entry(Route route, T target) {
        if (route.match() instanceof Route.Exact exact) return new Entry<>(bytes(exact.path()), true, target);
        return new Entry<>(bytes(((Route.Prefix) route.match()).prefix()), false, target);
    }

    /** An IPv6 address is written in brackets. */
    private static boolean hasPort(String host) {
        return host.indexOf(':') >= 0 && !host.endsWith("]");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
