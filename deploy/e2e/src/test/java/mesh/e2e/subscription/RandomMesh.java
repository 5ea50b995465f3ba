package mesh.e2e.subscription;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.SpiffeId;
import mesh.model.Timeouts;
import mesh.model.TrustBundle;
import mesh.model.UpstreamProtocol;
import mesh.model.UpstreamTls;
import mesh.pki.TestPki;
import mesh.time.Env;

/** A mesh of a few names that changes at random, so that the same name comes, changes, goes and comes back. Always without problems. */
final class RandomMesh {

    private static final List<String> NAMES = List.of("a", "b", "c", "d", "e");
    private static final List<TrustBundle> BUNDLES = List.of(bundle(), bundle());

    private final Random random;
    private MeshSnapshot current = MeshSnapshot.EMPTY.withTrust(Optional.of(BUNDLES.get(0)));

    RandomMesh(Random random) {
        this.random = random;
    }

    private static TrustBundle bundle() {
        return TestPki.create(Env.system().clock()).bundle();
    }

    MeshSnapshot current() {
        return current;
    }

    /** One to three changes at once, under the next version. */
    void edit() {
        MeshSnapshot next = changed(current);
        for (int more = random.nextInt(3); more > 0; more--) {
            next = changed(next);
        }
        current = next.withVersion(current.version() + 1);
    }

    /** A change that every sidecar sees. */
    void editForAll() {
        Map<String, Listener> listeners = new LinkedHashMap<>(current.listeners());
        Map<String, Cluster> clusters = new LinkedHashMap<>(current.clusters());
        clusters.put("all", new Cluster("all", BalancerKind.RANDOM, Optional.empty(), Optional.empty(), limited(1 + (int) current.version())));
        listeners.put("all", new Listener("all", new Address("127.0.0.1", 0), Scope.ALL, new Listener.TcpTraffic("all"), Optional.empty()));
        current = new MeshSnapshot(current.version() + 1, listeners, current.routeTables(), clusters, current.endpoints(), current.trust());
    }

    private MeshSnapshot changed(MeshSnapshot mesh) {
        Map<String, Listener> listeners = new LinkedHashMap<>(mesh.listeners());
        Map<String, RouteTable> tables = new LinkedHashMap<>(mesh.routeTables());
        Map<String, Cluster> clusters = new LinkedHashMap<>(mesh.clusters());
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>(mesh.endpoints());
        Optional<TrustBundle> trust = mesh.trust();
        String name = one(NAMES);
        switch (random.nextInt(9)) {
            case 0, 1 -> {
                clusters.put(name, cluster(name));
                endpoints.put(name, endpoints(name));
            }
            case 2, 3 -> endpoints.computeIfPresent(name, (n, set) -> endpoints(name));
            case 4 -> {
                clusters.remove(name);
                endpoints.remove(name);
            }
            case 5 -> clusters.keySet().stream().findFirst().ifPresent(some -> tables.put(name, table(name, List.copyOf(clusters.keySet()))));
            case 6 -> listeners.put(name, listener(name, tables.containsKey(name)));
            case 7 -> {
                listeners.remove(name);
                if (random.nextBoolean()) {
                    tables.remove(name);
                }
            }
            case 8 -> trust = Optional.of(one(BUNDLES));
            default -> throw new AssertionError();
        }
        MeshSnapshot changed = new MeshSnapshot(mesh.version(), listeners, tables, clusters, endpoints, trust);
        return changed.problems().isEmpty() ? changed : mesh;
    }

    private Cluster cluster(String name) {
        Optional<UpstreamTls> tls = one(List.of(Optional.empty(), Optional.empty(), Optional.of(new UpstreamTls(Set.of(id())))));
        Optional<CircuitBreakerPolicy> breaker = random.nextBoolean() ? Optional.empty()
            : Optional.of(new CircuitBreakerPolicy(10 + random.nextInt(3), 0.5, Duration.ofSeconds(3)));
        return new Cluster(name, one(List.of(BalancerKind.values())), tls, breaker, limited(1 + random.nextInt(3)));
    }

    private static ConnectionPolicy limited(int connections) {
        return new ConnectionPolicy(Duration.ofSeconds(1), Optional.empty(), UpstreamProtocol.DOWNSTREAM, connections, 1, 1);
    }

    private EndpointSet endpoints(String cluster) {
        List<Endpoint> list = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            if (random.nextBoolean()) {
                list.add(new Endpoint(new Address("10.0.0." + i, 80), 1 + random.nextInt(3),
                    random.nextInt(3) == 0 ? Optional.of(id()) : Optional.empty()));
            }
        }
        return new EndpointSet(cluster, list);
    }

    private RouteTable table(String name, List<String> clusters) {
        return RouteTable.toCluster(name, new Route(name, new Route.Prefix("/" + random.nextInt(3)), random.nextBoolean()
            ? new Route.ToCluster(one(clusters))
            : new Route.ToWeightedClusters(List.of(new Route.WeightedCluster(clusters.get(0), 1), new Route.WeightedCluster(one(clusters), 2))),
            Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE));
    }

    private Listener listener(String name, boolean http) {
        Scope scope = one(List.of(Scope.ALL, new Scope("one", ""), new Scope("two", "")));
        Listener.Traffic traffic = http && random.nextBoolean() ? new Listener.HttpTraffic(name, name) : new Listener.TcpTraffic(name);
        return new Listener(name, new Address("127.0.0.1", 0), scope, traffic,
            random.nextInt(4) == 0 ? Optional.of(new DownstreamTls(Set.of(id()))) : Optional.empty());
    }

    private SpiffeId id() {
        return SpiffeId.parse("spiffe://mesh.local/" + one(NAMES));
    }

    private <T> T one(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
