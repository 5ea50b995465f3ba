package mesh.control.messages;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import mesh.control.messages.ClusterMessages.ClusterParts;
import mesh.control.messages.ListenerMessages.ListenerParts;
import mesh.model.Cluster;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.RouteTable;
import mesh.model.TrustBundle;
import mesh.v1.FieldChange;

/**
 * {@code mesh.v1.Config} and {@link MeshSnapshot}: what people write and what the mesh works with. {@code decode(encode(x))} is x,
 * but for the version and the trust bundle, which are the store's to know.
 */
public final class ConfigMessages {

    private ConfigMessages() {}

    /** Reads a whole configuration. References between its parts are checked too; version 0, no trust bundle. */
    public static MeshSnapshot decode(mesh.v1.Config m, String path, Problems problems) {
        List<ListenerParts> listeners = problems.readAll(path + ".listeners", m.getListenersList(), "name",
            mesh.v1.Listener::getName, (x, at) -> ListenerMessages.decode(x, at, problems));
        List<RouteTable> tables = problems.readAll(path + ".routes", m.getRoutesList(), "name",
            mesh.v1.RouteTable::getName, (x, at) -> RouteMessages.decode(x, at, problems));
        List<ClusterParts> clusters = problems.readAll(path + ".clusters", m.getClustersList(), "name",
            mesh.v1.Cluster::getName, (x, at) -> ClusterMessages.decode(x, at, problems));
        List<TrustBundle> federation = problems.readAll(path + ".federation", m.getFederationList(), "name",
            mesh.v1.FederatedTrustDomain::getName, (x, at) -> FederationMessages.decode(x, at, problems));
        if (!problems.none()) {
            // References to parts that could not be read would only say the same again.
            return MeshSnapshot.EMPTY;
        }
        MeshSnapshot snapshot = assemble(listeners, tables, clusters).withFederation(federation);
        List<Problem> broken = snapshot.problems();
        if (!broken.isEmpty()) {
            Map<String, String> places = places(m, path);
            broken.forEach(p -> problems.add(requestPath(p.path(), places), p.message()));
        }
        return snapshot;
    }

    private static MeshSnapshot assemble(List<ListenerParts> listeners, List<RouteTable> tables, List<ClusterParts> clusters) {
        List<RouteTable> all = new ArrayList<>(tables);
        listeners.forEach(l -> l.implicit().ifPresent(all::add));
        return new MeshSnapshot(0,
            MeshSnapshot.byName(listeners.stream().map(ListenerParts::listener).toList(), Listener::name),
            MeshSnapshot.byName(all, RouteTable::name),
            MeshSnapshot.byName(clusters.stream().map(ClusterParts::cluster).toList(), Cluster::name),
            MeshSnapshot.byName(clusters.stream().map(ClusterParts::endpoints).toList(), EndpointSet::cluster),
            Optional.empty());
    }

    /**
     * The model tells places by name ({@code routes.outbound.payments.all.cluster}), a request by index. Names may hold dots, but what
     * follows a place is one word.
     */
    private static String requestPath(String modelPath, Map<String, String> places) {
        int word = modelPath.lastIndexOf('.') + 1;
        String place = places.get(modelPath.substring(0, word));
        return place == null ? modelPath : place + modelPath.substring(word);
    }

    private static Map<String, String> places(mesh.v1.Config m, String path) {
        Map<String, String> places = new HashMap<>();
        for (int i = 0; i < m.getListenersCount(); i++) {
            places.put("listeners." + m.getListeners(i).getName() + ".", path + ".listeners[" + i + "].");
        }
        for (int i = 0; i < m.getRoutesCount(); i++) {
            mesh.v1.RouteTable table = m.getRoutes(i);
            for (int v = 0; v < table.getVirtualHostsCount(); v++) {
                mesh.v1.VirtualHost host = table.getVirtualHosts(v);
                for (int r = 0; r < host.getRoutesCount(); r++) {
                    places.put("routes." + table.getName() + "." + host.getName() + "." + host.getRoutes(r).getName() + ".",
                        path + ".routes[" + i + "].virtual_hosts[" + v + "].routes[" + r + "].");
                }
            }
        }
        return places;
    }

    /** The configuration as it was written, defaults spelled out. */
    public static mesh.v1.Config encode(MeshSnapshot snapshot) {
        return encodeBeside(MeshSnapshot.EMPTY, snapshot);
    }

    /** Field by field, what differs between two configurations. Costs what differs, and a comparison of the rest. */
    public static List<FieldChange> differences(MeshSnapshot before, MeshSnapshot after) {
        return FieldChanges.between(encodeBeside(after, before), encodeBeside(before, after));
    }

    /** Of parts that are the same in both only the names, which keep their places. */
    private static mesh.v1.Config encodeBeside(MeshSnapshot other, MeshSnapshot snapshot) {
        mesh.v1.Config.Builder m = mesh.v1.Config.newBuilder();
        for (Listener listener : snapshot.listeners().values()) {
            RouteTable table = table(snapshot, listener);
            boolean same = listener.equals(other.listeners().get(listener.name())) && Objects.equals(table, table(other, listener));
            m.addListeners(same ? mesh.v1.Listener.newBuilder().setName(listener.name()).build() : ListenerMessages.encode(listener, table));
        }
        for (RouteTable table : snapshot.routeTables().values()) {
            if (!table.name().startsWith("@")) {
                boolean same = table.equals(other.routeTables().get(table.name()));
                m.addRoutes(same ? mesh.v1.RouteTable.newBuilder().setName(table.name()).build() : RouteMessages.encode(table));
            }
        }
        for (Cluster cluster : snapshot.clusters().values()) {
            List<Endpoint> endpoints = snapshot.endpointsOf(cluster.name());
            boolean same = cluster.equals(other.clusters().get(cluster.name())) && endpoints.equals(other.endpointsOf(cluster.name()));
            m.addClusters(same ? mesh.v1.Cluster.newBuilder().setName(cluster.name()).build() : ClusterMessages.encode(cluster, endpoints));
        }
        snapshot.federation().values().forEach(bundle -> m.addFederation(FederationMessages.encode(bundle)));
        return m.build();
    }

    private static RouteTable table(MeshSnapshot snapshot, Listener listener) {
        return listener.traffic() instanceof Listener.HttpTraffic http ? snapshot.routeTables().get(http.routeTable()) : null;
    }
}
