package mesh.control.kubernetes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Informable;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import mesh.control.gateway.ServiceRoutes;
import mesh.control.gateway.ServiceTerms;
import mesh.control.resources.MeshResources;
import mesh.control.resources.ResourceKind;
import mesh.model.RouteTable;
import mesh.model.TrustDomain;
import mesh.model.UpstreamProtocol;
import org.jboss.logging.Logger;

/**
 * The services of a cluster by its API: informers list what there is and watch from there on, list anew where the API server has forgotten since when
 * (a resource version that has expired), and try again while it is away, with what is known until then.
 */
final class ApiServices implements ServiceSource {

    private static final Logger LOG = Logger.getLogger(ApiServices.class);
    private static final String BY_SERVICE = "service";

    private final ServiceClusters translation;
    private final PodListeners listeners;
    private final SharedIndexInformer<Service> services;
    private final SharedIndexInformer<EndpointSlice> slices;
    private final SharedIndexInformer<Pod> pods;
    private final KubernetesClient client;
    private Followed<HTTPRoute> httpRoutes;
    private Followed<GRPCRoute> grpcRoutes;
    private final Map<ResourceKind, Followed<GenericKubernetesResource>> own = new EnumMap<>(ResourceKind.class);

    ApiServices(KubernetesClient client, TrustDomain trustDomain, PodTraffic policy) {
        this.client = client;
        this.translation = new ServiceClusters(trustDomain);
        this.listeners = new PodListeners(policy);
        this.services = informer(client.services().inAnyNamespace(), "services");
        this.slices = informer(client.discovery().v1().endpointSlices().inAnyNamespace(), "endpointslices");
        this.pods = informer(client.pods().inAnyNamespace(), "pods");
        slices.addIndexers(Map.of(BY_SERVICE, slice -> {
            Map<String, String> labels = slice.getMetadata().getLabels();
            String service = labels == null ? null : labels.get(ServiceClusters.SERVICE_NAME);
            return service == null ? List.of() : List.of(key(slice.getMetadata().getNamespace(), service));
        }));
    }

    static <T extends HasMetadata> SharedIndexInformer<T> informer(Informable<T> resources, String what) {
        // No resync: what is written is compared with what is known again and again anyway.
        SharedIndexInformer<T> informer = resources.runnableInformer(0);
        informer.exceptionHandler((started, failure) -> {
            LOG.warnf("%s of Kubernetes cannot be followed, tried again: %s", what, failure.getMessage());
            return true;
        });
        return informer;
    }

    @Override
    public void start(Runnable onChange) {
        httpRoutes = new Followed<>(() -> client.supports(HTTPRoute.class), client.resources(HTTPRoute.class).inAnyNamespace(), "httproutes", onChange);
        grpcRoutes = new Followed<>(() -> client.supports(GRPCRoute.class), client.resources(GRPCRoute.class).inAnyNamespace(), "grpcroutes", onChange);
        for (ResourceKind kind : ResourceKind.values()) {
            own.put(kind, new Followed<>(() -> client.supports(ResourceKind.GROUP + "/" + ResourceKind.VERSION, kind.kind()),
                client.genericKubernetesResources(kind.definition()).inAnyNamespace(), kind.plural(), onChange));
        }
        List.of(services, slices, pods).forEach(informer -> start(informer, onChange));
    }

    static <T> void start(SharedIndexInformer<T> informer, Runnable onChange) {
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(T object) {
                onChange.run();
            }

            @Override
            public void onUpdate(T before, T after) {
                onChange.run();
            }

            @Override
            public void onDelete(T object, boolean unknown) {
                onChange.run();
            }

            @Override
            public void onNothing() {
                onChange.run();
            }
        });
        informer.start();
    }

    @Override
    public boolean isComplete() {
        return services.hasSynced() && slices.hasSynced() && pods.hasSynced();
    }

    @Override
    public Optional<Found> found() {
        if (!isComplete()) {
            return Optional.empty();
        }
        boolean complete = httpRoutes.isComplete() & grpcRoutes.isComplete();
        for (Followed<GenericKubernetesResource> each : own.values()) complete &= each.isComplete();
        if (!complete) {
            return Optional.empty();
        }
        List<Service> all = services.getStore().list();
        Function<Service, List<EndpointSlice>> slicesOf = service ->
            slices.getIndexer().byIndex(BY_SERVICE, key(service.getMetadata().getNamespace(), service.getMetadata().getName()));
        List<FoundCluster> clusters = translation.of(all, slicesOf, name -> pods.getStore().getByKey(name));
        Said said = said(all, clusters);
        return Optional.of(new Found(clusters, List.of(), List.of(), List.of()).and(said.found())
            .and(listeners.of(all, slicesOf, pods.getStore().list(), said.terms())));
    }

    /** What routes and resources say. */
    private record Said(Found found, PodListeners.Terms terms) {}

    private Said said(List<Service> all, List<FoundCluster> clusters) {
        Map<String, List<ServicePort>> ports = new HashMap<>();
        all.forEach(each -> ports.put(key(each.getMetadata().getNamespace(), each.getMetadata().getName()), ServiceClusters.ports(each)));
        Map<String, FoundCluster> byName = clusters.stream().collect(Collectors.toMap(FoundCluster::name, each -> each));
        Instant now = Instant.now();
        ServiceRoutes.Result routes = ServiceRoutes.of(httpRoutes.list(), grpcRoutes.list(), ports, byName.keySet(), now);
        Map<ResourceKind, List<GenericKubernetesResource>> resources = new EnumMap<>(ResourceKind.class);
        own.forEach((kind, followed) -> resources.put(kind, followed.list()));
        MeshResources.Result said = MeshResources.of(resources, ports,
            clusters.stream().collect(Collectors.toMap(FoundCluster::name, FoundCluster::protocol)), routes.tables().stream().map(RouteTable::name).collect(Collectors.toSet()), now);

        Map<String, RouteTable> tables = new TreeMap<>(said.tables());
        routes.tables().forEach(each -> tables.put(each.name(), each));
        PodListeners.Terms terms = new PodListeners.Terms(Set.copyOf(tables.keySet()), said.policies().keySet(), said.access());
        // Also for who finds a service by the name of its table.
        said.policies().keySet().forEach(each -> tables.computeIfAbsent(each, name -> ServiceTerms.toCluster(name, name)));
        List<FoundCluster> more = new ArrayList<>();
        said.policies().forEach((name, policies) -> more.add(byName.get(name).with(policies)));
        if (!tables.isEmpty()) more.add(new FoundCluster(ServiceRoutes.NOWHERE, UpstreamProtocol.DOWNSTREAM, List.of()));
        List<HasMetadata> statuses = new ArrayList<>(routes.statuses());
        statuses.addAll(said.statuses());
        return new Said(new Found(more, List.of(), tables.values().stream().map(each -> RenamedClusters.in(each, terms::named)).toList(), statuses), terms);
    }

    @Override
    public void tell(List<HasMetadata> statuses) {
        for (HasMetadata each : statuses) {
            String name = each.getKind() + " " + key(each.getMetadata().getNamespace(), each.getMetadata().getName());
            try {
                client.resource(each).updateStatus();
                LOG.debugf("status of %s written", name);
            } catch (KubernetesClientException e) {
                if (e.getCode() != 404 && e.getCode() != 409) LOG.warnf("status of %s could not be written, tried again: %s", name, e.getMessage());
            }
        }
    }

    private static String key(String namespace, String name) {
        return namespace + "/" + name;
    }

    @Override
    public void close() {
        List.of(services, slices, pods).forEach(SharedIndexInformer::stop);
        httpRoutes.close();
        grpcRoutes.close();
        own.values().forEach(Followed::close);
    }
}
