package mesh.control.admin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.control.messages.ClusterMessages.ClusterParts;
import mesh.control.messages.ListenerMessages.ListenerParts;
import mesh.control.store.Change;
import mesh.control.store.Discovered;
import mesh.model.Cluster;
import mesh.model.Endpoint;
import mesh.model.EndpointDiscovery;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.RouteTable;

/** The changes that the admin RPCs make. What is replaced keeps its place; what is new comes last. */
final class Edits {

    private Edits() {}

    static Change replaceAll(MeshSnapshot config) {
        return current -> Discovered.kept(current, config);
    }

    static Change put(ListenerParts parts) {
        String name = parts.listener().name();
        return current -> {
            Map<String, RouteTable> tables = parts.implicit().isPresent()
                ? with(current.routeTables(), RouteTable.implicitName(name), parts.implicit().get())
                : without(current.routeTables(), RouteTable.implicitName(name));
            return of(current, with(current.listeners(), name, parts.listener()), tables);
        };
    }

    static Change deleteListener(String name) {
        return current -> {
            NotThereException.unless("listener", name, current.listeners());
            return of(current, without(current.listeners(), name),
                without(current.routeTables(), RouteTable.implicitName(name)));
        };
    }

    static Change put(RouteTable table) {
        return current -> of(current, current.listeners(), with(current.routeTables(), table.name(), table));
    }

    static Change deleteRoute(String name) {
        return current -> {
            Map<String, RouteTable> written = new LinkedHashMap<>(current.routeTables());
            written.keySet().removeIf(table -> table.startsWith("@"));
            NotThereException.unless("route table", name, written);
            return of(current, current.listeners(), without(current.routeTables(), name));
        };
    }

    static Change put(ClusterParts parts) {
        String name = parts.cluster().name();
        return current -> new MeshSnapshot(current.version(), current.listeners(), current.routeTables(),
            with(current.clusters(), name, parts.cluster()), with(current.endpoints(), name, endpoints(current, parts)), current.trust(),
            current.federation());
    }

    /** Those that are found out stay as they were found. */
    private static EndpointSet endpoints(MeshSnapshot current, ClusterParts parts) {
        String name = parts.cluster().name();
        boolean found = Discovered.hasFoundEndpoints(parts.cluster()) && current.endpoints().containsKey(name);
        return found ? current.endpoints().get(name) : parts.endpoints();
    }

    static Change deleteCluster(String name) {
        return current -> {
            NotThereException.unless("cluster", name, current.clusters());
            Map<String, Cluster> clusters = without(current.clusters(), name);
            return new MeshSnapshot(current.version(), current.listeners(), current.routeTables(),
                clusters, without(current.endpoints(), name), current.trust(), current.federation());
        };
    }

    static Change putEndpoint(String cluster, Endpoint endpoint) {
        return current -> {
            refuseFound(current, cluster);
            List<Endpoint> endpoints = new ArrayList<>(current.endpointsOf(cluster));
            int at = indexOf(endpoints, endpoint.address().toString());
            if (at < 0) {
                endpoints.add(endpoint);
            } else {
                endpoints.set(at, endpoint);
            }
            return withEndpoints(current, cluster, endpoints);
        };
    }

    static Change deleteEndpoint(String cluster, String address) {
        return current -> {
            refuseFound(current, cluster);
            List<Endpoint> endpoints = new ArrayList<>(current.endpointsOf(cluster));
            int at = indexOf(endpoints, address);
            if (at < 0) {
                throw new NotThereException("endpoint of cluster \"" + cluster + "\":", address,
                    endpoints.stream().map(e -> e.address().toString()).toList());
            }
            endpoints.remove(at);
            return withEndpoints(current, cluster, endpoints);
        };
    }

    /** What is found out would be as it was at the next look. */
    private static void refuseFound(MeshSnapshot current, String name) {
        NotThereException.unless("cluster", name, current.clusters());
        Cluster cluster = current.clusters().get(name);
        if (Discovered.hasFoundEndpoints(cluster)) {
            String by = cluster.discovery().map(EndpointDiscovery::text).orElse("Kubernetes");
            throw Refusal.of(List.of(new Problem("cluster", "\"" + name + "\" has the endpoints that are found out by " + by
                + " (expected: a cluster whose endpoints are written)")));
        }
    }

    private static int indexOf(List<Endpoint> endpoints, String address) {
        return endpoints.stream().map(e -> e.address().toString()).toList().indexOf(address);
    }

    private static MeshSnapshot withEndpoints(MeshSnapshot current, String cluster, List<Endpoint> endpoints) {
        return new MeshSnapshot(current.version(), current.listeners(), current.routeTables(), current.clusters(),
            with(current.endpoints(), cluster, new EndpointSet(cluster, endpoints)), current.trust(), current.federation());
    }

    private static MeshSnapshot of(MeshSnapshot current, Map<String, Listener> listeners, Map<String, RouteTable> tables) {
        return new MeshSnapshot(current.version(), listeners, tables, current.clusters(), current.endpoints(), current.trust(), current.federation());
    }

    private static <T> Map<String, T> with(Map<String, T> map, String name, T value) {
        Map<String, T> copy = new LinkedHashMap<>(map);
        copy.put(name, value);
        return copy;
    }

    private static <T> Map<String, T> without(Map<String, T> map, String name) {
        Map<String, T> copy = new LinkedHashMap<>(map);
        copy.remove(name);
        return copy;
    }
}
