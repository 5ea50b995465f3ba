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
 * A route table in the form in which it is searched: first the virtual host (a whole name, then the longest suffix, then the longest beginning,
 * then {@code *}), then its first route that matches. Compares the head's bytes where they lie; only expressions, and fields that are there
 * several times, allocate. Immutable; any event loop.
 *
 * @param <T> what a route leads to
 */
public final class RouteIndex<T> {

    /** A virtual host under one of its names. */
    private record Named<T>(String pattern, HostRoutes<T> routes) {}

    /**
     * A name that is open at one end.
     *
     * @param text     the other end
     * @param withPort it is compared with the whole authority
     */
    private record Wildcard<T>(byte[] text, boolean atEnd, boolean withPort, Named<T> target) {

        boolean matches(RequestHead head) {
            if (!atEnd) return head.hostStartsWith(text);
            return withPort ? head.authorityEndsWith(text) : head.hostEndsWith(text);
        }
    }

    private final HostNames<Named<T>> names;
    /** In the order in which they are tried. */
    private final List<Wildcard<T>> wildcards;
    private final Named<T> anyHost;

    private RouteIndex(HostNames<Named<T>> names, List<Wildcard<T>> wildcards, Named<T> anyHost) {
        this.names = names;
        this.wildcards = wildcards;
        this.anyHost = anyHost;
    }

    /** @param target is asked once for each route */
    public static <T> RouteIndex<T> compile(RouteTable table, Function<Route, T> target) {
        List<HostNames.Named<Named<T>>> names = new ArrayList<>();
        List<Wildcard<T>> wildcards = new ArrayList<>();
        Named<T> anyHost = null;
        for (VirtualHost virtual : table.listed().virtualHosts()) {
            HostRoutes<T> routes = new HostRoutes<>(virtual, target);
            for (String given : virtual.hosts()) {
                String host = given.toLowerCase(Locale.ROOT);
                Named<T> named = new Named<>(given, routes);
                if (host.equals("*")) anyHost = anyHost == null ? named : anyHost;
                else if (host.startsWith("*.")) wildcards.add(new Wildcard<>(bytes(host.substring(1)), true, hasPort(host), named));
                else if (host.endsWith(".*")) wildcards.add(new Wildcard<>(bytes(host.substring(0, host.length() - 1)), false, false, named));
                else names.add(new HostNames.Named<>(host, hasPort(host), named));
            }
        }
        wildcards.sort(Comparator.<Wildcard<T>>comparingInt(each -> each.atEnd() ? 0 : 1).thenComparingInt(each -> -each.text().length));
        return new RouteIndex<>(new HostNames<>(names), List.copyOf(wildcards), anyHost);
    }

    /** What the request's route leads to, or null when none matches: a virtual host that matches is the only one asked. */
    public T match(RequestHead head) {
        Named<T> host = host(head);
        HostRoutes.Rule<T> rule = host == null ? null : host.routes().find(head);
        return rule == null ? null : rule.target();
    }

    /** How {@link #match} comes to its answer: the same search, and then each route before the one it found, with the condition that did not hold. */
    public RouteTrace<T> trace(RequestHead head) {
        Named<T> host = host(head);
        if (host == null) return new RouteTrace<>(null, null, null, null, List.of());
        HostRoutes.Rule<T> taken = host.routes().find(head);
        List<RouteTrace.PassedBy> passedBy = new ArrayList<>();
        for (HostRoutes.Rule<T> rule : host.routes().rules()) {
            if (rule == taken) break;
            Condition broken = rule.broken(head);
            if (broken == null) throw new IllegalStateException("route \"" + rule.route().name() + "\" takes the request and was not found");
            passedBy.add(new RouteTrace.PassedBy(rule.route(), broken.subject(), broken.found(head), broken.expected()));
        }
        return new RouteTrace<>(host.pattern(), host.routes().model(), taken == null ? null : taken.route(),
            taken == null ? null : taken.target(), List.copyOf(passedBy));
    }

    private Named<T> host(RequestHead head) {
        Named<T> named = names.find(head);
        if (named != null) return named;
        for (int i = 0; i < wildcards.size(); i++) {
            if (wildcards.get(i).matches(head)) return wildcards.get(i).target();
        }
        return anyHost;
    }

    /** An IPv6 address is written in brackets. */
    private static boolean hasPort(String host) {
        return host.indexOf(':') >= 0 && !host.endsWith("]");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
