package mesh.control.resources;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ServicePort;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import mesh.control.messages.ClusterMessages;
import mesh.control.messages.ListenerMessages;
import mesh.control.messages.Problems;
import mesh.control.messages.RouteMessages;
import mesh.control.store.Discovered;
import mesh.model.AccessPolicy;
import mesh.model.Cluster;
import mesh.model.MeshSnapshot;
import mesh.model.RouteTable;
import mesh.model.UpstreamProtocol;
import mesh.v1.AccessPolicySpec;
import mesh.v1.Listener;
import mesh.v1.ServicePolicySpec;
import mesh.v1.ServiceRouteSpec;
import mesh.v1.VirtualHost;

/**
 * Routes, policies and permissions that stand in the mesh's own resources. Where two are about one port the older is in force, and of a route of the
 * Gateway API and one of these the former. One that is wrong anywhere is left out as a whole. A pure function; any thread.
 */
public final class MeshResources {

    /**
     * What becomes of them.
     *
     * @param tables   called as their service's cluster
     * @param policies clusters with them, each called {@link #policied}, by the service's cluster
     * @param access   by workload, {@code ns/NAMESPACE/sa/ACCOUNT}, or {@code ns/NAMESPACE/*}
     * @param statuses resources as they are to be, of those whose status is another now
     */
    public record Result(Map<String, RouteTable> tables, Map<String, Cluster> policies, Map<String, List<AccessPolicy>> access, List<HasMetadata> statuses) {}

    /** Why a resource is left out. */
    private static final class LeftOut extends RuntimeException {

        private static final long serialVersionUID = 1;
        private final String reason;

        LeftOut(String reason, String message) {
            super(message);
            this.reason = reason;
        }
    }

    private interface Taking {
        void take(MeshResource resource);
    }

    private final Map<String, List<ServicePort>> services;
    private final Map<String, UpstreamProtocol> clusters;
    /** By cluster, and which kind of resource. */
    private final Map<String, String> owners = new HashMap<>();
    private final Map<String, RouteTable> tables = new TreeMap<>();
    private final Map<String, Cluster> policies = new TreeMap<>();
    private final Map<String, List<AccessPolicy>> access = new TreeMap<>();
    private final List<HasMetadata> statuses = new ArrayList<>();

    /**
     * What a cluster is called that a resource gives policies to. One of its own, so that those which somebody has pushed for the service's cluster are there
     * again when the resource is gone.
     */
    public static String policied(String cluster) {
        return cluster + "/policy";
    }

    private MeshResources(Map<String, List<ServicePort>> services, Map<String, UpstreamProtocol> clusters) {
        this.services = services;
        this.clusters = clusters;
    }

    /**
     * @param services ports over TCP by {@code namespace/name}
     * @param clusters those of the services, and what their ports say that they speak
     * @param routed   those that have routes already, of the Gateway API
     * @param now      when a condition that changes has changed
     */
    public static Result of(Map<ResourceKind, List<GenericKubernetesResource>> resources, Map<String, List<ServicePort>> services,
        Map<String, UpstreamProtocol> clusters, Set<String> routed, Instant now) {
        MeshResources made = new MeshResources(services, clusters);
        routed.forEach(cluster -> made.owners.put("ServiceRoute " + cluster, "a route of the Gateway API"));
        made.take(resources.get(ResourceKind.SERVICE_ROUTE), made::route, now);
        made.take(resources.get(ResourceKind.SERVICE_POLICY), made::policy, now);
        made.take(resources.get(ResourceKind.ACCESS_POLICY), made::access, now);
        return new Result(made.tables, made.policies, made.access, made.statuses);
    }

    private void take(List<GenericKubernetesResource> all, Taking taking, Instant now) {
        List<MeshResource> sorted = all.stream().map(MeshResource::new)
            .sorted(Comparator.comparing(MeshResource::created).thenComparing(MeshResource::name)).toList();
        for (MeshResource each : sorted) {
            try {
                taking.take(each);
                each.told("Accepted", "in force", now).ifPresent(statuses::add);
            } catch (LeftOut e) {
                each.told(e.reason, e.getMessage(), now).ifPresent(statuses::add);
            } catch (IllegalArgumentException e) {
                each.told("Invalid", "spec: " + e.getMessage(), now).ifPresent(statuses::add);
            }
        }
    }

    private void route(MeshResource resource) {
        ServiceRouteSpec spec = resource.spec(ServiceRouteSpec.newBuilder()).build();
        List<String> of = clusters(resource, "ServiceRoute", spec.getService(), spec.getPort());
        Map<String, RouteTable> read = new TreeMap<>();
        for (String cluster : of) {
            mesh.v1.RouteTable message = mesh.v1.RouteTable.newBuilder().setName(cluster).setOrder(spec.getOrder().isEmpty() ? "specific" : spec.getOrder())
                .addVirtualHosts(VirtualHost.newBuilder().setName("all").addHosts("*").addAllRoutes(spec.getRoutesList())).build();
            Problems problems = new Problems();
            RouteTable table = RouteMessages.decode(message, "spec", problems);
            refuse(problems, "spec.virtual_hosts[0].", "spec.");
            refuseOthers(resource, table);
            read.put(cluster, table);
        }
        of.forEach(cluster -> owners.put("ServiceRoute " + cluster, "ServiceRoute " + resource.name()));
        tables.putAll(read);
    }

    private void refuseOthers(MeshResource resource, RouteTable table) {
        String own = Discovered.PREFIX + resource.namespace() + "/";
        Set<String> others = table.virtualHosts().stream().flatMap(host -> host.routes().stream()).flatMap(route -> MeshSnapshot.clustersOf(route).stream())
            .filter(name -> !name.startsWith(own) || !clusters.containsKey(name)).collect(Collectors.toSet());
        if (!others.isEmpty()) {
            throw new LeftOut("NotFound", "clusters " + others + " (expected: " + own + "SERVICE:PORT of services that exist)");
        }
    }

    private void policy(MeshResource resource) {
        ServicePolicySpec spec = resource.spec(ServicePolicySpec.newBuilder()).build();
        mesh.v1.Cluster asked = spec.getCluster();
        if (!asked.getName().isEmpty() || asked.getEndpointsCount() > 0 || !asked.getType().isEmpty()) {
            throw new LeftOut("Invalid", "spec.cluster has a name, endpoints or a type (expected: none, they are the service's)");
        }
        List<String> of = clusters(resource, "ServicePolicy", spec.getService(), spec.getPort());
        Problems problems = new Problems();
        of.forEach(cluster -> {
            // What the port says of itself holds as long as the resource says nothing.
            String protocol = asked.getProtocol().isEmpty() ? clusters.get(cluster).text() : asked.getProtocol();
            ClusterMessages.ClusterParts parts =
                ClusterMessages.decode(asked.toBuilder().setName(policied(cluster)).setProtocol(protocol).build(), "spec.cluster", problems);
            refuse(problems, "", "");
            policies.put(cluster, parts.cluster());
        });
        of.forEach(cluster -> owners.put("ServicePolicy " + cluster, "ServicePolicy " + resource.name()));
    }

    private void access(MeshResource resource) {
        AccessPolicySpec spec = resource.spec(AccessPolicySpec.newBuilder()).build();
        Problems problems = new Problems();
        ListenerMessages.ListenerParts parts = ListenerMessages.decode(Listener.newBuilder().setName("a").setListen(":1").setCluster("a")
            .addAllAuthorization(spec.getAuthorizationList()).build(), "spec", problems);
        refuse(problems, "", "");
        String workload = "ns/" + resource.namespace() + (spec.getServiceAccount().isEmpty() ? "/*" : "/sa/" + spec.getServiceAccount());
        List<AccessPolicy> all = access.computeIfAbsent(workload, none -> new ArrayList<>());
        // A listener has each name once.
        parts.listener().access().forEach(each -> all.add(new AccessPolicy(resource.name() + "/" + each.name(), each.action(), each.dryRun(), each.from(),
            each.paths(), each.methods(), each.headers())));
    }

    /** That a resource is about, none of them another's. */
    private List<String> clusters(MeshResource resource, String kind, String service, int port) {
        String name = resource.namespace() + "/" + service;
        List<ServicePort> ports = services.getOrDefault(name, List.of());
        if (!services.containsKey(name) || port != 0 && ports.stream().noneMatch(each -> each.getPort() == port)) {
            throw new LeftOut("NotFound", "spec.service: \"" + service + "\"" + (port == 0 ? "" : ", port " + port)
                + " (expected: a service of " + resource.namespace() + (services.containsKey(name) ? ", whose ports over TCP are "
                + ports.stream().map(ServicePort::getPort).toList() : "") + ")");
        }
        List<String> of = ports.stream().filter(each -> port == 0 || each.getPort() == port).map(each -> Discovered.PREFIX + name + ":" + each.getPort())
            .toList();
        of.stream().map(cluster -> owners.get(kind + " " + cluster)).filter(owner -> owner != null).findFirst().ifPresent(owner -> {
            throw new LeftOut("Conflicted", owner + " is in force for service " + name + " (expected: one of them)");
        });
        return of;
    }

    private static void refuse(Problems problems, String path, String shown) {
        if (problems.none()) return;
        throw new LeftOut("Invalid", problems.list().stream().map(each -> each.toString().replace(path, shown)).collect(Collectors.joining("; ")));
    }
}
