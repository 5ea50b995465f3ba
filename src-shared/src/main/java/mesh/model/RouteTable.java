package mesh.model;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Decides where a request goes: first the virtual host by {@code Host} (exact, then the longest {@code *.suffix}, then the longest {@code
 * prefix.*}, then {@code *}), then its first route that matches, as xDS says.
 *
 * @param name         unique among route tables
 * @param virtualHosts no host may stand in two of them
 * @param order        in which a virtual host's routes are tried
 */
public record RouteTable(String name, List<VirtualHost> virtualHosts, Order order) {

    /** Which route comes first. */
    public enum Order {
        /** The one that is listed first: Envoy's order. */
        LISTED("listed"),
        /** The more specific one: Gateway API's order; see {@link Precedence}. */
        SPECIFIC("specific");

        private final String text;

        Order(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }

        public static Order parse(String text) {
            for (Order each : values()) {
                if (each.text.equals(text)) return each;
            }
            throw new IllegalArgumentException("\"" + text + "\" (expected: one of listed, specific)");
        }
    }

    /** In listed order. */
    public RouteTable(String name, List<VirtualHost> virtualHosts) {
        this(name, virtualHosts, Order.LISTED);
    }

    public RouteTable {
        Checks.name("route table name", name);
        virtualHosts = List.copyOf(virtualHosts);
        Map<String, String> owner = new HashMap<>();
        for (VirtualHost v : virtualHosts) {
            for (String host : v.hosts()) {
                String other = owner.put(host.toLowerCase(Locale.ROOT), v.name());
                if (other != null) {
                    throw new IllegalArgumentException("route table \"" + name + "\": host \"" + host
                        + "\" stands in virtual hosts \"" + other + "\" and \"" + v.name() + "\" (expected: in one)");
                }
            }
        }
    }

    /** A table that decides the same, and lists its routes in the order in which they are tried: what is compiled, and what xDS can say. */
    public RouteTable listed() {
        if (order == Order.LISTED) return this;
        return new RouteTable(name, virtualHosts.stream().map(host -> new VirtualHost(host.name(), host.hosts(),
            host.routes().stream().sorted(Precedence.MOST_SPECIFIC_FIRST).toList(), host.requestHeaders(), host.responseHeaders())).toList());
    }

    /** The name of the table a listener gets that names a cluster; no one can give such a name. */
    public static String implicitName(String listener) {
        return "@" + listener;
    }

    /** One virtual host {@code *} with one route that sends everything to a cluster. */
    public static RouteTable toCluster(String name, Route route) {
        return new RouteTable(name, List.of(new VirtualHost("all", List.of("*"), List.of(route))));
    }
}
