package mesh.model;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Decides where a request goes: first the virtual host by {@code Host} (exact, then the longest {@code *.suffix}, then {@code *}), then
 * its first route that matches, in listed order, as xDS says.
 *
 * @param name         unique among route tables
 * @param virtualHosts no host may stand in two of them
 */
public record RouteTable(String name, List<VirtualHost> virtualHosts) {

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

    /** The name of the table a listener gets that names a cluster; no one can give such a name. */
    public static String implicitName(String listener) {
        return "@" + listener;
    }

    /** One virtual host {@code *} with one route that sends everything to a cluster. */
    public static RouteTable toCluster(String name, Route route) {
        return new RouteTable(name, List.of(new VirtualHost("all", List.of("*"), List.of(route))));
    }
}
