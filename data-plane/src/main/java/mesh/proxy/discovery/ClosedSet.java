package mesh.proxy.discovery;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.model.Cluster;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.RouteTable;
import mesh.model.Trust;
import mesh.model.TrustBundle;
import mesh.xds.ResourceType;

/**
 * The largest part of what has arrived in which every reference leads somewhere. In place of something that refers to what is missing
 * stands its last published form, if that one is closed; otherwise it is left out.
 *
 * @param leftOut what refers to something missing, and what that is
 */
record ClosedSet(MeshSnapshot snapshot, List<Problem> leftOut) {

    static ClosedSet of(Arrived arrived, MeshSnapshot published, long version) {
        return new Closing(arrived, published).close(version);
    }

    /** The work, from what is referred to towards what refers. */
    private static final class Closing {

        private final Arrived arrived;
        private final MeshSnapshot published;
        private final Map<String, Cluster> clusters = new LinkedHashMap<>();
        private final Map<String, EndpointSet> endpoints = new LinkedHashMap<>();
        private final Map<String, RouteTable> tables = new LinkedHashMap<>();
        private final Map<String, Listener> listeners = new LinkedHashMap<>();
        private final List<Problem> leftOut = new ArrayList<>();

        Closing(Arrived arrived, MeshSnapshot published) {
            this.arrived = arrived;
            this.published = published;
        }

        ClosedSet close(long version) {
            closeClusters();
            closeTables();
            closeListeners();
            MeshSnapshot snapshot = new MeshSnapshot(version, listeners, tables, clusters, endpoints, trust(), published.federation());
            if (arrived.answered(ResourceType.TRUST, ResourceType.FEDERATED_TRUST_NAME)) {
                snapshot = snapshot.withFederation(arrivedTrust(ResourceType.FEDERATED_TRUST_NAME).map(Trust::federated).orElse(List.of()));
            }
            return new ClosedSet(snapshot, leftOut);
        }

        private Optional<TrustBundle> trust() {
            return arrived.answered(ResourceType.TRUST, ResourceType.TRUST_NAME) ? arrivedTrust(ResourceType.TRUST_NAME).map(Trust::own)
                : published.trust();
        }

        private Optional<Trust> arrivedTrust(String name) {
            return Optional.ofNullable(arrived.all(ResourceType.TRUST, Trust.class).get(name));
        }

        private void closeClusters() {
            Map<String, EndpointSet> sets = arrived.all(ResourceType.ENDPOINTS, EndpointSet.class);
            arrived.all(ResourceType.CLUSTER, Cluster.class).forEach((name, cluster) -> {
                if (cluster.originalDst()) {
                    put(cluster, null);
                } else if (arrived.answered(ResourceType.ENDPOINTS, name)) {
                    put(cluster, sets.get(name));
                } else if (published.clusters().containsKey(name)) {
                    put(published.clusters().get(name), published.endpoints().get(name));
                } else {
                    leftOut.add(new Problem("clusters." + name, "its endpoints have not arrived"));
                }
            });
        }

        private void put(Cluster cluster, EndpointSet set) {
            clusters.put(cluster.name(), cluster);
            if (set != null) {
                endpoints.put(cluster.name(), set);
            }
        }

        private void closeTables() {
            Map<String, RouteTable> all = arrived.all(ResourceType.ROUTES, RouteTable.class);
            for (String name : arrived.wanted(ResourceType.ROUTES)) {
                RouteTable table = all.get(name);
                RouteTable last = published.routeTables().get(name);
                if (table != null && closed(table)) {
                    tables.put(name, table);
                } else if (last != null && closed(last)) {
                    tables.put(name, last);
                    leftOut.add(new Problem("routes." + name, why(table) + "; the last one is kept"));
                } else {
                    leftOut.add(new Problem("routes." + name, why(table)));
                }
            }
        }

        private boolean closed(RouteTable table) {
            return clustersOf(table).stream().allMatch(clusters::containsKey);
        }

        private String why(RouteTable table) {
            return table == null
                ? "has not arrived"
                : "names clusters " + clustersOf(table).stream().filter(c -> !clusters.containsKey(c)).toList() + ", which have not arrived";
        }

        private static List<String> clustersOf(RouteTable table) {
            return table.virtualHosts().stream()
                .flatMap(host -> host.routes().stream())
                .flatMap(route -> MeshSnapshot.clustersOf(route).stream())
                .distinct()
                .toList();
        }

        private void closeListeners() {
            arrived.all(ResourceType.LISTENER, Listener.class).forEach((name, listener) -> {
                Listener last = published.listeners().get(name);
                if (closed(listener)) {
                    listeners.put(name, listener);
                } else if (last != null && closed(last)) {
                    listeners.put(name, last);
                    leftOut.add(new Problem("listeners." + name, why(listener) + "; the last one is kept"));
                } else {
                    leftOut.add(new Problem("listeners." + name, why(listener)));
                }
            });
        }

        private boolean closed(Listener listener) {
            return clusters.keySet().containsAll(listener.clusters())
                && (!(listener.traffic() instanceof Listener.HttpTraffic http) || tables.containsKey(http.routeTable()));
        }

        private String why(Listener listener) {
            Optional<String> missing = listener.clusters().stream().filter(name -> !clusters.containsKey(name)).findFirst();
            return missing.isPresent() ? "names cluster \"" + missing.get() + "\", which has not arrived"
                : "names route table \"" + ((Listener.HttpTraffic) listener.traffic()).routeTable() + "\", which has not arrived";
        }
    }
}
