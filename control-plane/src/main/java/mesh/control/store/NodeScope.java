package mesh.control.store;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import mesh.model.Arrival;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RouteTable;

/** What one sidecar may see of the mesh: what its own listeners need, and nothing else. */
public final class NodeScope {

    private NodeScope() {}

    /**
     * The listeners whose scope includes the sidecar, the route tables they name, the clusters those name with their endpoints, and the
     * trust bundle. The version is the whole mesh's.
     *
     * @param workload proven by a certificate: the path of the SPIFFE id without its leading slash
     * @param node     as the sidecar calls itself
     */
    public static MeshSnapshot view(MeshSnapshot mesh, String workload, String node) {
        return view(mesh, listeners(mesh, workload, node));
    }

    static Set<String> listeners(MeshSnapshot mesh, String workload, String node) {
        Set<String> names = new HashSet<>();
        Set<Place> taken = new HashSet<>();
        mesh.listeners().forEach((name, listener) -> {
            if (!listener.scope().includes(workload, node)) return;
            names.add(name);
            if (!Discovered.isOne(name)) taken.add(Place.of(listener));
        });
        // Where somebody has written one, that one is meant.
        if (!taken.isEmpty()) names.removeIf(name -> Discovered.isOne(name) && taken.contains(Place.of(mesh.listeners().get(name))));
        return names;
    }

    /** Of which there can be one in a sidecar: a port with a socket, whatever host it has, or an address without one. */
    private record Place(boolean socket, String host, int port) {
        static Place of(Listener listener) {
            boolean socket = listener.arrival() != Arrival.HANDED_OVER;
            return new Place(socket, socket ? "" : listener.bind().host(), listener.bind().port());
        }
    }

    /** What these listeners lead to. */
    static MeshSnapshot view(MeshSnapshot mesh, Set<String> listenerNames) {
        Map<String, Listener> listeners = keep(mesh.listeners(), listenerNames::contains);
        Set<String> tables = new LinkedHashSet<>();
        Set<String> clusters = new LinkedHashSet<>();
        for (Listener listener : listeners.values()) {
            if (listener.traffic() instanceof Listener.HttpTraffic http) {
                tables.add(http.routeTable());
            }
            clusters.addAll(listener.clusters());
        }
        Map<String, RouteTable> routeTables = keep(mesh.routeTables(), tables::contains);
        routeTables.values().stream()
            .flatMap(table -> table.virtualHosts().stream())
            .flatMap(host -> host.routes().stream())
            .forEach(route -> clusters.addAll(MeshSnapshot.clustersOf(route)));
        return new MeshSnapshot(mesh.version(), listeners, routeTables,
            keep(mesh.clusters(), clusters::contains), keep(mesh.endpoints(), clusters::contains), mesh.trust(), mesh.federation());
    }

    private static <T> Map<String, T> keep(Map<String, T> all, Predicate<String> name) {
        Map<String, T> kept = new LinkedHashMap<>();
        all.forEach((key, value) -> {
            if (name.test(key)) {
                kept.put(key, value);
            }
        });
        return kept;
    }
}
