package mesh.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * One complete configuration: of the whole mesh in the control plane's store, of one sidecar on the data plane. Keys are names.
 *
 * @param version     grows with each change; 0 before the first
 * @param listeners   sockets
 * @param routeTables what HTTP listeners decide by
 * @param clusters    where requests go
 * @param endpoints   by cluster; a cluster without an entry has no endpoints
 * @param trust       who vouches for identities; empty where no mTLS is in use
 * @param federation  who vouches for those of other trust domains, by its name
 */
public record MeshSnapshot(
    long version,
    Map<String, Listener> listeners,
    Map<String, RouteTable> routeTables,
    Map<String, Cluster> clusters,
    Map<String, EndpointSet> endpoints,
    Optional<TrustBundle> trust,
    Map<String, TrustBundle> federation) {

    public static final MeshSnapshot EMPTY = new MeshSnapshot(0, Map.of(), Map.of(), Map.of(), Map.of(), Optional.empty());

    public MeshSnapshot {
        listeners = copy(listeners);
        routeTables = copy(routeTables);
        clusters = copy(clusters);
        endpoints = copy(endpoints);
        federation = copy(federation);
    }

    /** Without other trust domains. */
    public MeshSnapshot(long version, Map<String, Listener> listeners, Map<String, RouteTable> routeTables, Map<String, Cluster> clusters,
        Map<String, EndpointSet> endpoints, Optional<TrustBundle> trust) {
        this(version, listeners, routeTables, clusters, endpoints, trust, Map.of());
    }

    /** Keeps the order in which things were listed, so that what is printed reads as what was written. */
    private static <T> Map<String, T> copy(Map<String, T> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    /** By name, in order. */
    public static <T> Map<String, T> byName(List<T> items, Function<T, String> name) {
        Map<String, T> map = new LinkedHashMap<>();
        items.forEach(item -> map.put(name.apply(item), item));
        return map;
    }

    /** The same configuration under another version. */
    public MeshSnapshot withVersion(long newVersion) {
        return new MeshSnapshot(newVersion, listeners, routeTables, clusters, endpoints, trust, federation);
    }

    /** Whether both hold the same, whatever their versions. */
    public boolean holdsSameAs(MeshSnapshot other) {
        return listeners.equals(other.listeners) && routeTables.equals(other.routeTables) && clusters.equals(other.clusters)
            && endpoints.equals(other.endpoints) && trust.equals(other.trust) && federation.equals(other.federation);
    }

    /** The same configuration with another trust bundle. */
    public MeshSnapshot withTrust(Optional<TrustBundle> newTrust) {
        return new MeshSnapshot(version, listeners, routeTables, clusters, endpoints, newTrust, federation);
    }

    /** The same configuration with other trust domains. */
    public MeshSnapshot withFederation(List<TrustBundle> bundles) {
        return new MeshSnapshot(version, listeners, routeTables, clusters, endpoints, trust, byName(bundles, bundle -> bundle.trustDomain().name()));
    }

    /** The endpoints of a cluster, none if it has no entry. */
    public List<Endpoint> endpointsOf(String cluster) {
        EndpointSet set = endpoints.get(cluster);
        return set == null ? List.of() : set.endpoints();
    }

    /** Every reference to something that is not there, and every pair of listeners that cannot both be bound by one sidecar. */
    public List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        listeners.forEach((name, listener) -> {
            String at = "listeners." + name;
            for (String cluster : listener.clusters()) {
                check(problems, at + ".cluster", "listener \"" + name + "\"", "cluster", cluster, clusters);
                if (listener.arrival() == Arrival.DIRECT && isOriginalDst(cluster)) {
                    problems.add(new Problem(at + ".cluster", "listener \"" + name + "\" names cluster \"" + cluster
                        + "\" of type original_dst (expected: only where connections are intercepted)"));
                }
            }
            if (listener.traffic() instanceof Listener.HttpTraffic http) {
                check(problems, at + ".route", "listener \"" + name + "\"", "route table", http.routeTable(), routeTables);
                if (listener.arrival() == Arrival.DIRECT && routeTables.containsKey(http.routeTable())) {
                    originalsOf(routeTables.get(http.routeTable())).forEach(cluster -> problems.add(new Problem(at + ".route", "listener \"" + name
                        + "\" leads to cluster \"" + cluster + "\" of type original_dst (expected: only where connections are intercepted)")));
                }
            }
        });
        routeTables.forEach((name, table) -> {
            for (VirtualHost host : table.virtualHosts()) {
                for (Route route : host.routes()) {
                    // A table "@x" is what listener "x" wrote as a cluster: the writer never saw it.
                    boolean implicit = name.startsWith("@");
                    String at = implicit ? "listeners." + name.substring(1) : "routes." + name + "." + host.name() + "." + route.name();
                    String who = implicit ? "listener \"" + name.substring(1) + "\"" : "route \"" + route.name() + "\"";
                    for (String cluster : clustersOf(route)) {
                        check(problems, at + ".cluster", who, "cluster", cluster, clusters);
                    }
                    for (Mirror mirror : route.filters().mirrors()) {
                        if (isOriginalDst(mirror.cluster())) {
                            problems.add(new Problem(at + ".mirrors", who + " copies to cluster \"" + mirror.cluster()
                                + "\" of type original_dst (expected: one with endpoints)"));
                        }
                    }
                }
            }
        });
        endpoints.forEach((name, set) -> {
            check(problems, "endpoints." + name, "endpoint set \"" + name + "\"", "cluster", name, clusters);
            if (isOriginalDst(name) && !set.endpoints().isEmpty()) {
                problems.add(new Problem("clusters." + name + ".endpoints",
                    "cluster \"" + name + "\" has endpoints beside type original_dst (expected: none)"));
            }
        });
        trust.filter(own -> federation.containsKey(own.trustDomain().name())).ifPresent(own -> problems.add(new Problem(
            "federation." + own.trustDomain() + ".name", "trust domain \"" + own.trustDomain() + "\" is this mesh's own (expected: another)")));
        conflicts(problems);
        return problems;
    }

    /** Clusters to which its routes pass on what was intercepted. */
    private List<String> originalsOf(RouteTable table) {
        return table.virtualHosts().stream().flatMap(host -> host.routes().stream()).flatMap(route -> targetsOf(route).stream())
            .filter(this::isOriginalDst).distinct().toList();
    }

    private boolean isOriginalDst(String cluster) {
        return clusters.containsKey(cluster) && clusters.get(cluster).originalDst();
    }

    /** The clusters a route may send to, copies included. */
    public static List<String> clustersOf(Route route) {
        List<String> clusters = new ArrayList<>(targetsOf(route));
        route.filters().mirrors().forEach(mirror -> clusters.add(mirror.cluster()));
        return clusters;
    }

    private static List<String> targetsOf(Route route) {
        if (route.action() instanceof Route.ToCluster to) {
            return List.of(to.cluster());
        }
        if (route.action() instanceof Route.ToWeightedClusters to) {
            return to.clusters().stream().map(Route.WeightedCluster::cluster).toList();
        }
        return List.of();
    }

    private static void check(List<Problem> problems, String path, String who, String kind, String name, Map<String, ?> known) {
        if (known.containsKey(name)) {
            return;
        }
        TreeSet<String> written = new TreeSet<>(known.keySet());
        written.removeIf(each -> each.startsWith("@"));
        problems.add(new Problem(path, who + " names " + kind + " \"" + name + "\", which is not among " + kind + "s " + written));
    }

    private void conflicts(List<Problem> problems) {
        Map<String, Listener> byAddress = new HashMap<>();
        for (Listener listener : listeners.values()) {
            if (listener.bind().port() == 0) {
                continue;
            }
            // What has no socket is in nobody's way but another's that has none.
            boolean bound = listener.arrival() != Arrival.HANDED_OVER;
            Listener other = byAddress.putIfAbsent(listener.scope() + " " + bound + " " + listener.bind(), listener);
            if (other != null) {
                problems.add(new Problem("listeners." + listener.name() + ".listen", "listener \"" + listener.name() + "\" and listener \""
                    + other.name() + "\" both listen on " + listener.bind() + " (expected: different addresses)"));
            }
        }
    }
}
