package mesh.control.stream;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.Timeouts;
import mesh.model.UpstreamProtocol;

/** Small meshes for tests: each service has a listener, a route table, a cluster and endpoints, all of its name. */
final class Meshes {

    private final Map<String, Listener> listeners = new LinkedHashMap<>();
    private final Map<String, RouteTable> tables = new LinkedHashMap<>();
    private final Map<String, Cluster> clusters = new LinkedHashMap<>();
    private final Map<String, EndpointSet> endpoints = new LinkedHashMap<>();
    private long version;

    static MeshSnapshot of(long version, String... services) {
        return from(MeshSnapshot.EMPTY, version, m -> Arrays.stream(services).forEach(s -> m.service(s, "10.0.0.1:80")));
    }

    /** The same mesh with changes. */
    static MeshSnapshot from(MeshSnapshot base, long version, Consumer<Meshes> changes) {
        Meshes mesh = new Meshes();
        mesh.listeners.putAll(base.listeners());
        mesh.tables.putAll(base.routeTables());
        mesh.clusters.putAll(base.clusters());
        mesh.endpoints.putAll(base.endpoints());
        mesh.version = version;
        changes.accept(mesh);
        return new MeshSnapshot(mesh.version, mesh.listeners, mesh.tables, mesh.clusters, mesh.endpoints, Optional.empty());
    }

    Meshes service(String name, String... addresses) {
        listener(name, 15000 + listeners.size(), name);
        route(name, name);
        cluster(name, 1);
        return endpoints(name, addresses);
    }

    Meshes listener(String name, int port, String table) {
        listeners.put(name, new Listener(name, new Address("127.0.0.1", port), Scope.ALL, new Listener.HttpTraffic(table, name), Optional.empty()));
        return this;
    }

    Meshes route(String table, String cluster) {
        tables.put(table, RouteTable.toCluster(table, new Route(table, new Route.Prefix("/"), new Route.ToCluster(cluster), Optional.empty(),
            Timeouts.DEFAULT, RetryPolicy.NONE)));
        return this;
    }

    Meshes cluster(String name, int maxConnections) {
        clusters.put(name, new Cluster(name, BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), new ConnectionPolicy(
            ConnectionPolicy.DEFAULT.connectTimeout(), Optional.empty(), UpstreamProtocol.DOWNSTREAM, maxConnections, 1, 1)));
        return this;
    }

    Meshes endpoints(String cluster, String... addresses) {
        List<Endpoint> list = Arrays.stream(addresses).map(a -> new Endpoint(Address.parse(a), 1, Optional.empty())).toList();
        endpoints.put(cluster, new EndpointSet(cluster, list));
        return this;
    }

    Meshes without(String service) {
        listeners.remove(service);
        tables.remove(service);
        clusters.remove(service);
        endpoints.remove(service);
        return this;
    }

    Meshes withoutListener(String name) {
        listeners.remove(name);
        return this;
    }
}
