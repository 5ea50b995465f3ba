package mesh.control.gateway;

import io.fabric8.kubernetes.api.model.gatewayapi.v1.BackendObjectReference;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.control.store.Discovered;
import mesh.model.Route;

/** Where a route's requests go, by the names that it gives, and which of them lead nowhere. */
final class Backends {

    /**
     * A name that leads nowhere.
     *
     * @param reason the Gateway API's, of the condition {@code ResolvedRefs}
     */
    record Unresolved(String reason, String message) {}

    private final String namespace;
    private final Set<String> clusters;
    private final List<Unresolved> unresolved = new ArrayList<>();

    /**
     * @param namespace the route's
     * @param clusters  those that there are
     */
    Backends(String namespace, Set<String> clusters) {
        this.namespace = namespace;
        this.clusters = clusters;
    }

    List<Unresolved> unresolved() {
        return unresolved;
    }

    /** Those of a rule, by weight; a share that leads nowhere fails, and does not become the others'. */
    Route.Action action(List<HTTPBackendRef> refs) {
        List<Route.WeightedCluster> all = new ArrayList<>();
        boolean any = false;
        for (HTTPBackendRef ref : refs) {
            if (!Rule.present(ref.getFilters()).isEmpty()) {
                throw new RefusedRoute("filters of backendRef \"" + ref.getName() + "\" (expected: none, the rule has filters)");
            }
            Optional<String> cluster = cluster(ref.getGroup(), ref.getKind(), ref.getNamespace(), ref.getName(), ref.getPort());
            int weight = ref.getWeight() == null ? 1 : ref.getWeight();
            any |= cluster.isPresent() && weight > 0;
            all.add(new Route.WeightedCluster(cluster.orElse(ServiceRoutes.NOWHERE), weight));
        }
        if (!any) return new Route.DirectReply(500, "");
        return all.size() == 1 ? new Route.ToCluster(all.get(0).cluster()) : new Route.ToWeightedClusters(merged(all));
    }

    private static List<Route.WeightedCluster> merged(List<Route.WeightedCluster> all) {
        List<Route.WeightedCluster> merged = new ArrayList<>();
        for (Route.WeightedCluster each : all) {
            int weight = all.stream().filter(other -> other.cluster().equals(each.cluster())).mapToInt(Route.WeightedCluster::weight).sum();
            Route.WeightedCluster one = new Route.WeightedCluster(each.cluster(), weight);
            if (!merged.contains(one)) merged.add(one);
        }
        return merged;
    }

    Optional<String> cluster(BackendObjectReference ref) {
        return cluster(ref.getGroup(), ref.getKind(), ref.getNamespace(), ref.getName(), ref.getPort());
    }

    private Optional<String> cluster(String group, String kind, String otherNamespace, String name, Integer port) {
        String where = otherNamespace == null ? namespace : otherNamespace;
        String cluster = Discovered.PREFIX + where + "/" + name + ":" + port;
        if (group != null && !group.isEmpty() || kind != null && !kind.equals("Service")) {
            return nowhere("InvalidKind", "backendRef " + kind + " \"" + name + "\" (expected: a Service)");
        } else if (!where.equals(namespace)) {
            return nowhere("RefNotPermitted", "backendRef \"" + name + "\" in namespace \"" + where + "\" (expected: a service of \"" + namespace + "\")");
        } else if (port == null) {
            return nowhere("UnsupportedValue", "backendRef \"" + name + "\" without a port (expected: one of the service's)");
        } else if (!clusters.contains(cluster)) {
            return nowhere("BackendNotFound", "backendRef \"" + name + "\", port " + port + " (expected: a service of \"" + namespace
                + "\" with that port over TCP)");
        }
        return Optional.of(cluster);
    }

    private Optional<String> nowhere(String reason, String message) {
        unresolved.add(new Unresolved(reason, message));
        return Optional.empty();
    }
}
