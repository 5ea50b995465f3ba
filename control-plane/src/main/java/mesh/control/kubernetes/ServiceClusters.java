package mesh.control.kubernetes;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import mesh.control.inject.SidecarInjector;
import mesh.control.store.Discovered;
import mesh.model.Address;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.model.UpstreamProtocol;

/**
 * Services, their endpoint slices and the pods behind them, as clusters. A pod that has a sidecar is called by mTLS as its service account; any
 * other as it is. A pure function; any thread.
 */
final class ServiceClusters {

    /** Of {@code EndpointSlice}s, which service they are of. */
    static final String SERVICE_NAME = "kubernetes.io/service-name";

    private final TrustDomain trustDomain;

    ServiceClusters(TrustDomain trustDomain) {
        this.trustDomain = trustDomain;
    }

    /**
     * @param slices of a service
     * @param pods   by {@code namespace/name}; null for one that is not known
     */
    List<FoundCluster> of(List<Service> services, Function<Service, List<EndpointSlice>> slices, Function<String, Pod> pods) {
        List<FoundCluster> clusters = new ArrayList<>();
        for (Service service : services) {
            for (ServicePort port : ports(service)) {
                clusters.add(cluster(service, port, slices.apply(service), pods));
            }
        }
        clusters.sort(Comparator.comparing(FoundCluster::name));
        return clusters;
    }

    /** Those of TCP. A name somewhere else has none: it is nothing that a slice could say. */
    static List<ServicePort> ports(Service service) {
        if ("ExternalName".equals(service.getSpec().getType())) return List.of();
        return present(service.getSpec().getPorts()).stream().filter(port -> port.getProtocol() == null || port.getProtocol().equals("TCP")).toList();
    }

    /** Of a service's port as a cluster. */
    static String name(Service service, ServicePort port) {
        return Discovered.PREFIX + service.getMetadata().getNamespace() + "/" + service.getMetadata().getName() + ":" + port.getPort();
    }

    private FoundCluster cluster(Service service, ServicePort port, List<EndpointSlice> slices, Function<String, Pod> pods) {
        String namespace = service.getMetadata().getNamespace();
        // While a pod moves from one slice to another it may stand in both.
        TreeMap<Address, Endpoint> endpoints = new TreeMap<>();
        for (EndpointSlice slice : slices) {
            if (!slice.getAddressType().equals(family(service))) continue;
            Optional<Integer> number = number(slice, port);
            if (number.isEmpty()) continue;
            for (var each : present(slice.getEndpoints())) {
                endpoint(namespace, each, number.get(), pods).ifPresent(made -> endpoints.merge(made.address(), made, ServiceClusters::better));
            }
        }
        UpstreamProtocol protocol = DeclaredProtocol.of(port) == DeclaredProtocol.HTTP2 ? UpstreamProtocol.HTTP2 : UpstreamProtocol.DOWNSTREAM;
        return new FoundCluster(name(service, port), protocol, List.copyOf(endpoints.values()));
    }

    /** The first one of a service with two: a pod counts once. */
    private static String family(Service service) {
        List<String> families = service.getSpec().getIpFamilies();
        return families == null || families.isEmpty() ? "IPv4" : families.get(0);
    }

    /** A slice has the service's port by its name, as the number that the pods listen on. */
    static Optional<Integer> number(EndpointSlice slice, ServicePort port) {
        return present(slice.getPorts()).stream().filter(each -> Objects.equals(text(each.getName()), text(port.getName())))
            .map(EndpointPort::getPort).filter(Objects::nonNull).findFirst();
    }

    private Optional<Endpoint> endpoint(
        String namespace, io.fabric8.kubernetes.api.model.discovery.v1.Endpoint each, int port, Function<String, Pod> pods) {
        Optional<EndpointHealth> health = health(each.getConditions());
        if (health.isEmpty() || each.getAddresses().isEmpty()) return Optional.empty();
        Optional<SpiffeId> identity = podName(namespace, each).map(pods).filter(SidecarInjector::isInjected)
            .map(pod -> new SpiffeId(trustDomain, "/" + workload(pod)));
        return Optional.of(new Endpoint(new Address(each.getAddresses().get(0), port), 1, identity, health.get()));
    }

    /** Not ready but still serving is one on its way out: nothing new for it. What is not known is good, as the API says. */
    private static Optional<EndpointHealth> health(EndpointConditions conditions) {
        if (conditions == null || !Boolean.FALSE.equals(conditions.getReady())) return Optional.of(EndpointHealth.HEALTHY);
        boolean leaving = Boolean.TRUE.equals(conditions.getTerminating()) && Boolean.TRUE.equals(conditions.getServing());
        return leaving ? Optional.of(EndpointHealth.DRAINING) : Optional.empty();
    }

    /** {@code namespace/name} of the pod that an endpoint is. */
    static Optional<String> podName(String namespace, io.fabric8.kubernetes.api.model.discovery.v1.Endpoint each) {
        return Optional.ofNullable(each.getTargetRef()).filter(target -> "Pod".equals(target.getKind())).map(target -> namespace + "/" + target.getName());
    }

    /** As its SPIFFE id's path names it: its account. */
    static String workload(Pod pod) {
        String account = pod.getSpec().getServiceAccountName();
        return "ns/" + pod.getMetadata().getNamespace() + "/sa/" + (account == null ? "default" : account);
    }

    private static Endpoint better(Endpoint one, Endpoint other) {
        return one.health() == EndpointHealth.HEALTHY ? one : other;
    }

    private static String text(String maybe) {
        return maybe == null ? "" : maybe;
    }

    /** A slice that has lost its last endpoint has null in the place of lists. */
    static <T> List<T> present(List<T> maybe) {
        return maybe == null ? List.of() : maybe;
    }
}
