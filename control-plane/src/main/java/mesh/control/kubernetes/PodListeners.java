package mesh.control.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import mesh.control.gateway.ServiceRoutes;
import mesh.control.gateway.ServiceTerms;
import mesh.control.inject.SidecarInjector;
import mesh.control.resources.MeshResources;
import mesh.control.store.Discovered;
import mesh.model.AccessPolicy;
import mesh.model.Address;
import mesh.model.Arrival;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.Listener;
import mesh.model.Listener.HttpTraffic;
import mesh.model.Listener.TcpTraffic;
import mesh.model.Listener.Traffic;
import mesh.model.ListenerLimits;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.UpstreamProtocol;

/**
 * What sidecars do with the connections that a pod's rules send to them. Out of the pod, to 15001: by the service whose address was asked for, or
 * where nobody's was, onward or nowhere. Into it, to 15006: mTLS ends, and on to the application; request by request where a service says that the
 * port is HTTP. A pure function; any thread.
 */
final class PodListeners {

    private static final int MOST = 255;
    private static final Scope EVERY_POD = new Scope("ns/*", "");
    /**
     * What is said about services and pods.
     *
     * @param routed   clusters for which there are routes already, which are of HTTP whatever the port says
     * @param policied those that a resource gives policies to
     * @param access   by workload, or by the beginning of some
     */
    record Terms(Set<String> routed, Set<String> policied, Map<String, List<AccessPolicy>> access) {

        static final Terms NONE = new Terms(Set.of(), Set.of(), Map.of());

        /** The cluster that a service's requests go to. */
        String named(String cluster) {
            return policied.contains(cluster) ? MeshResources.policied(cluster) : cluster;
        }

        List<AccessPolicy> access(String workload) {
            return access.entrySet().stream().filter(each -> new Scope(each.getKey(), "").includes(workload, "")).flatMap(each -> each.getValue().stream())
                .toList();
        }
    }

    private static final String PASSTHROUGH = Discovered.PREFIX + "passthrough";
    private static final String APPLICATION = Discovered.PREFIX + "application:";

    private final PodTraffic policy;

    PodListeners(PodTraffic policy) {
        this.policy = policy;
    }

    /**
     * With nothing in it where no pod's connections are intercepted.
     *
     * @param services of which each port is a cluster already
     * @param slices   of a service
     * @param pods     all of them
     * @param terms    what is said about services and pods
     */
    Found of(List<Service> services, Function<Service, List<EndpointSlice>> slices, Collection<Pod> pods, Terms terms) {
        TreeMap<String, Pod> intercepted = new TreeMap<>();
        TreeSet<String> workloads = new TreeSet<>();
        for (Pod pod : pods) {
            if (!SidecarInjector.isIntercepted(pod)) continue;
            intercepted.put(pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName(), pod);
            workloads.add(ServiceClusters.workload(pod));
        }
        if (workloads.isEmpty()) return Found.NOTHING;
        return new Made(slices, intercepted, terms).of(services, workloads);
    }

    /** Under construction. */
    private final class Made {

        private final Function<Service, List<EndpointSlice>> slices;
        private final TreeMap<String, Pod> pods;
        private final Terms terms;
        private final TreeMap<String, FoundCluster> clusters = new TreeMap<>();
        private final TreeMap<String, Listener> listeners = new TreeMap<>();
        private final TreeMap<String, RouteTable> tables = new TreeMap<>();

        Made(Function<Service, List<EndpointSlice>> slices, TreeMap<String, Pod> pods, Terms terms) {
            this.slices = slices;
            this.pods = pods;
            this.terms = terms;
        }

        Found of(List<Service> services, Set<String> workloads) {
            clusters.put(PASSTHROUGH, new FoundCluster(PASSTHROUGH, UpstreamProtocol.DOWNSTREAM, List.of(), true, Optional.empty()));
            clusters.put(ServiceRoutes.NOWHERE, new FoundCluster(ServiceRoutes.NOWHERE, UpstreamProtocol.DOWNSTREAM, List.of()));
            workloads.forEach(this::sockets);
            for (Service service : sorted(services)) {
                for (ServicePort port : ServiceClusters.ports(service)) {
                    boolean http = DeclaredProtocol.of(port) != DeclaredProtocol.TCP || terms.routed().contains(ServiceClusters.name(service, port));
                    outbound(service, port, http);
                    if (http) inbound(service, port);
                }
            }
            return new Found(List.copyOf(clusters.values()), List.copyOf(listeners.values()), List.copyOf(tables.values()), List.of());
        }

        /** What the rules redirect to. */
        private void sockets(String workload) {
            Scope scope = new Scope(workload, "");
            String other = policy.outbound() == PodTraffic.Outbound.ALLOW_ANY ? PASSTHROUGH : ServiceRoutes.NOWHERE;
            add(Discovered.PREFIX + "outbound/" + workload, new Address("", SidecarInjector.OUTBOUND_PORT), scope, new TcpTraffic(other), Optional.empty(),
                Arrival.INTERCEPTED);
            // What is no request cannot be looked at: where somebody has said who may ask what, nothing else gets in.
            String inside = terms.access(workload).isEmpty() ? PASSTHROUGH : ServiceRoutes.NOWHERE;
            add(Discovered.PREFIX + "inbound/" + workload, new Address("", SidecarInjector.INBOUND_PORT), scope, new TcpTraffic(inside), inboundTls(),
                Arrival.INTERCEPTED);
        }

        private void outbound(Service service, ServicePort port, boolean http) {
            String cluster = ServiceClusters.name(service, port);
            List<String> addresses = addresses(service);
            for (int i = 0; i < addresses.size(); i++) {
                add(i == 0 ? cluster : cluster + "/" + (i + 1), new Address(addresses.get(i), port.getPort()), EVERY_POD,
                    http ? new HttpTraffic(cluster, "") : new TcpTraffic(terms.named(cluster)), Optional.empty(), Arrival.HANDED_OVER);
            }
            if (http && !addresses.isEmpty()) tables.put(cluster, ServiceTerms.toCluster(cluster, terms.named(cluster)));
        }

        /** Of each pod by its own address: a listener of every address would get what is opened to others, too. */
        private void inbound(Service service, ServicePort port) {
            for (EndpointSlice slice : slices.apply(service)) {
                Optional<Integer> number = ServiceClusters.number(slice, port);
                if (number.isEmpty()) continue;
                for (var each : ServiceClusters.present(slice.getEndpoints())) {
                    Pod pod = ServiceClusters.podName(service.getMetadata().getNamespace(), each).map(pods::get).orElse(null);
                    if (pod == null || each.getAddresses().isEmpty()) continue;
                    inbound(pod, each.getAddresses().get(0), number.get());
                }
            }
        }

        private void inbound(Pod pod, String address, int port) {
            String namespace = pod.getMetadata().getNamespace();
            String name = pod.getMetadata().getName();
            String table = APPLICATION + port;
            clusters.computeIfAbsent(table, cluster ->
                new FoundCluster(cluster, UpstreamProtocol.DOWNSTREAM, List.of(new Endpoint(new Address("127.0.0.1", port), 1, Optional.empty()))));
            tables.computeIfAbsent(table, cluster -> ServiceTerms.toCluster(cluster, cluster));
            // An IPv6 address besides is another listener of the same pod and port.
            String workload = ServiceClusters.workload(pod);
            String listener = Discovered.PREFIX + "pods/" + namespace + "/" + name + "/" + new Address(address, port);
            add(listener, new Address(address, port), new Scope(workload, name + "." + namespace), new HttpTraffic(table, workload), inboundTls(),
                Arrival.HANDED_OVER);
            listeners.computeIfPresent(listener, (same, made) -> made.withAccess(terms.access(workload)));
        }

        private void add(String name, Address bind, Scope scope, Traffic traffic, Optional<DownstreamTls> tls, Arrival arrival) {
            // Names of Kubernetes may be longer together than one of ours: such a pod has none, rather than nobody any.
            if (name.length() > MOST) return;
            listeners.put(name, new Listener(name, bind, scope, traffic, tls, ListenerLimits.NONE).withArrival(arrival));
        }

        private Optional<DownstreamTls> inboundTls() {
            return policy.inboundTls().map(mode -> new DownstreamTls(mode, Set.of()));
        }
    }

    private static List<Service> sorted(List<Service> services) {
        List<Service> sorted = new ArrayList<>(services);
        sorted.sort(Comparator.comparing((Service each) -> each.getMetadata().getNamespace()).thenComparing(each -> each.getMetadata().getName()));
        return sorted;
    }

    /** None of a headless service: who calls one of those calls a pod. */
    private static List<String> addresses(Service service) {
        List<String> addresses = ServiceClusters.present(service.getSpec().getClusterIPs());
        String first = service.getSpec().getClusterIP();
        List<String> all = addresses.isEmpty() && first != null ? List.of(first) : addresses;
        return all.stream().filter(each -> !each.isEmpty() && !each.equals("None")).toList();
    }
}
