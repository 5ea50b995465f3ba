package mesh.model;

import java.util.List;

/**
 * The routes of some hosts.
 *
 * @param name   for people
 * @param hosts  at least one of {@code payments}, {@code payments:8080}, {@code *.example.com}, {@code *}; compared without case.
 *               One without a port matches any port.
 * @param routes tried in order
 * @param requestHeaders  changed after what the route itself changes
 * @param responseHeaders likewise
 */
public record VirtualHost(String name, List<String> hosts, List<Route> routes, HeaderChanges requestHeaders, HeaderChanges responseHeaders) {

    /** One that changes no fields. */
    public VirtualHost(String name, List<String> hosts, List<Route> routes) {
        this(name, hosts, routes, HeaderChanges.NONE, HeaderChanges.NONE);
    }

    public VirtualHost {
        Checks.name("virtual host name", name);
        hosts = List.copyOf(hosts);
        routes = List.copyOf(routes);
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("virtual host \"" + name + "\": no hosts (expected: at least one, \"*\" for all)");
        }
        for (String host : hosts) {
            String plain = host.startsWith("*.") ? host.substring(2) : host.equals("*") ? "x" : host;
            if (plain.isEmpty() || plain.indexOf('*') >= 0 || plain.indexOf('/') >= 0 || plain.indexOf(' ') >= 0) {
                throw new IllegalArgumentException("virtual host \"" + name + "\": host \"" + host
                    + "\" (expected: a name, *.suffix or *)");
            }
        }
    }
}
