package mesh.model;

import java.util.List;

/**
 * The routes of some hosts.
 *
 * @param name   for people
 * @param hosts  at least one of {@code payments}, {@code payments:8080}, {@code *.example.com}, {@code payments.*}, {@code *}; compared without
 *               case. One without a port matches any port.
 * @param routes tried in the order that their table says
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
            if (!isHost(host)) {
                throw new IllegalArgumentException("virtual host \"" + name + "\": host \"" + host
                    + "\" (expected: a name, *.suffix, prefix.* or *)");
            }
        }
    }

    private static boolean isHost(String host) {
        if (host.equals("*")) return true;
        // No port behind a name that may end in any way.
        boolean open = host.endsWith(".*");
        String plain = open ? host.substring(0, host.length() - 2) : host.startsWith("*.") ? host.substring(2) : host;
        return !plain.isEmpty() && plain.chars().noneMatch(c -> c == '*' || c == '/' || c == ' ' || open && c == ':');
    }
}
