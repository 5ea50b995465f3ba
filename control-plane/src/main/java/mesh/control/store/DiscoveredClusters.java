package mesh.control.store;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.model.Cluster;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;

/**
 * Clusters whose endpoints are not written by anybody but found out, by their names: {@code kubernetes/NAMESPACE/SERVICE:PORT}. People write
 * their policies, and routes to them; a whole configuration that is put in place of another leaves them there.
 */
public final class DiscoveredClusters {

    public static final String PREFIX = "kubernetes/";

    private DiscoveredClusters() {}

    public static boolean isOne(String cluster) {
        return cluster.startsWith(PREFIX);
    }

    /** @return {@code next} with what was found out as it is in {@code current}, also where it does not say a word of it */
    public static MeshSnapshot kept(MeshSnapshot current, MeshSnapshot next) {
        if (current.clusters().keySet().stream().noneMatch(DiscoveredClusters::isOne)) {
            return next;
        }
        Map<String, Cluster> clusters = new LinkedHashMap<>(next.clusters());
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>(next.endpoints());
        current.clusters().forEach((name, cluster) -> {
            if (!isOne(name)) return;
            clusters.putIfAbsent(name, cluster);
            endpoints.put(name, current.endpoints().getOrDefault(name, new EndpointSet(name, List.of())));
        });
        return new MeshSnapshot(next.version(), next.listeners(), next.routeTables(), clusters, endpoints, next.trust(), next.federation());
    }
}
