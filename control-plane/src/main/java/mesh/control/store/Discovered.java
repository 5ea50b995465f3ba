package mesh.control.store;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.model.Cluster;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RouteTable;

/**
 * What is not written by anybody but found out, by its names: {@code kubernetes/…}. Of clusters people write the policies, and routes to them; a whole
 * configuration that is put in place of another leaves all of it there. And the endpoints of clusters that say where these are found out
 * ({@link Cluster#discovery}).
 */
public final class Discovered {

    public static final String PREFIX = "kubernetes/";

    private Discovered() {}

    /** Of a listener, a route table or a cluster. */
    public static boolean isOne(String name) {
        return name.startsWith(PREFIX);
    }

    public static boolean hasFoundEndpoints(Cluster cluster) {
        return cluster.discovery().isPresent() || isOne(cluster.name());
    }

    /** @return {@code next} with what was found out as it is in {@code current}, also where it does not say a word of it */
    public static MeshSnapshot kept(MeshSnapshot current, MeshSnapshot next) {
        Map<String, Listener> listeners = others(next.listeners());
        Map<String, RouteTable> tables = others(next.routeTables());
        Map<String, Cluster> clusters = new LinkedHashMap<>(next.clusters());
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>(next.endpoints());
        current.listeners().forEach((name, listener) -> {
            if (isOne(name)) listeners.put(name, listener);
        });
        current.routeTables().forEach((name, table) -> {
            if (isOne(name)) tables.put(name, table);
        });
        current.clusters().forEach((name, cluster) -> {
            if (isOne(name)) clusters.putIfAbsent(name, cluster);
        });
        clusters.forEach((name, cluster) -> {
            if (hasFoundEndpoints(cluster) && current.clusters().containsKey(name)) {
                endpoints.put(name, current.endpoints().getOrDefault(name, new EndpointSet(name, List.of())));
            }
        });
        return new MeshSnapshot(next.version(), listeners, tables, clusters, endpoints, next.trust(), next.federation());
    }

    /** @return {@code current} with other endpoints of some clusters */
    public static MeshSnapshot withEndpoints(MeshSnapshot current, Map<String, List<Endpoint>> found) {
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>(current.endpoints());
        found.forEach((cluster, those) -> endpoints.put(cluster, new EndpointSet(cluster, those)));
        return new MeshSnapshot(current.version(), current.listeners(), current.routeTables(), current.clusters(), endpoints, current.trust(),
            current.federation());
    }

    private static <T> Map<String, T> others(Map<String, T> all) {
        Map<String, T> others = new LinkedHashMap<>(all);
        others.keySet().removeIf(Discovered::isOne);
        return others;
    }
}
