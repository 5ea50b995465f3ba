package mesh.control.gateway;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.ParentReference;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import mesh.control.store.Discovered;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.VirtualHost;

/**
 * The routes of the Gateway API that have a service for a parent, as the route tables of those services. The older route comes first, and of two kinds
 * for one port the older is in force. A route that asks for what cannot be is left out as a whole. A pure function; any thread.
 */
public final class ServiceRoutes {

    /** Has no endpoints: what a share of requests goes to that leads nowhere. */
    public static final String NOWHERE = Discovered.PREFIX + "nowhere";

    /**
     * What becomes of them.
     *
     * @param tables   called as their service's cluster
     * @param statuses routes as they are to be, of those whose status is another now
     */
    public record Result(List<RouteTable> tables, List<HasMetadata> statuses) {}

    private final Map<String, List<ServicePort>> services;
    /** By cluster, those in force, the oldest first. */
    private final TreeMap<String, Set<Translated>> attached = new TreeMap<>();

    private ServiceRoutes(Map<String, List<ServicePort>> services) {
        this.services = services;
    }

    /**
     * @param services ports over TCP by {@code namespace/name}
     * @param clusters those of the services
     * @param now      when a condition that changes has changed
     */
    public static Result of(
        List<HTTPRoute> http, List<GRPCRoute> grpc, Map<String, List<ServicePort>> services, Set<String> clusters, Instant now) {
        List<Translated> all = new ArrayList<>();
        http.forEach(each -> all.add(Translated.of(each, clusters)));
        grpc.forEach(each -> all.add(Translated.of(each, clusters)));
        all.sort(Comparator.comparing(Translated::created).thenComparing(Translated::name));
        ServiceRoutes routes = new ServiceRoutes(services);
        List<HasMetadata> statuses = new ArrayList<>();
        for (Translated each : all) {
            Map<ParentReference, RouteConditions.Acceptance> parents = new LinkedHashMap<>();
            each.parents().forEach(parent -> parents.put(parent, routes.attach(each, parent)));
            RouteConditions.changed(each, parents, now).ifPresent(statuses::add);
        }
        return new Result(routes.tables(), statuses);
    }

    private RouteConditions.Acceptance attach(Translated route, ParentReference parent) {
        String namespace = parent.getNamespace() == null ? route.namespace() : parent.getNamespace();
        String service = namespace + "/" + parent.getName();
        if (!namespace.equals(route.namespace())) {
            return RouteConditions.refused("NotAllowedByListeners", "service " + service + " (expected: one of the route's own namespace, "
                + route.namespace() + ")");
        }
        if (!services.containsKey(service)) return RouteConditions.refused("NoMatchingParent", "service " + service + " (expected: one that exists)");
        List<ServicePort> ports = services.get(service).stream().filter(port -> parent.getPort() == null || parent.getPort().equals(port.getPort()))
            .filter(port -> parent.getSectionName() == null || parent.getSectionName().equals(port.getName())).toList();
        if (ports.isEmpty()) {
            return RouteConditions.refused("NoMatchingParent", "service " + service + " has no such port over TCP (expected: one of "
                + services.get(service).stream().map(ServicePort::getPort).toList() + ")");
        }
        if (route.refused().isPresent()) return RouteConditions.refused("UnsupportedValue", route.refused().get());
        Set<String> clusters = ports.stream().map(port -> Discovered.PREFIX + service + ":" + port.getPort())
            .collect(Collectors.toCollection(LinkedHashSet::new));
        Optional<Translated> other = clusters.stream().flatMap(cluster -> attached.getOrDefault(cluster, Set.of()).stream())
            .filter(each -> !each.kind().equals(route.kind())).findFirst();
        if (other.isPresent()) {
            return RouteConditions.refused("Conflicted", other.get().kind() + " " + other.get().name() + ", which is older, is in force for service "
                + service + " (expected: routes of one kind for a port)");
        }
        clusters.forEach(cluster -> attached.computeIfAbsent(cluster, none -> new LinkedHashSet<>()).add(route));
        return RouteConditions.ACCEPTED;
    }

    private List<RouteTable> tables() {
        List<RouteTable> tables = new ArrayList<>();
        attached.forEach((cluster, routes) -> {
            List<Route> all = routes.stream().flatMap(each -> each.routes().stream()).toList();
            tables.add(new RouteTable(cluster, List.of(new VirtualHost("all", List.of("*"), all)), RouteTable.Order.SPECIFIC));
        });
        return tables;
    }
}
