package mesh.control.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRoute;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import mesh.control.gateway.ServiceRoutes;
import mesh.control.resources.MeshResources;
import mesh.control.resources.ResourceKind;
import mesh.model.RouteTable;
import mesh.model.TrustDomain;
import org.junit.jupiter.api.Test;

/** {@code deploy/examples/kubernetes/shop.yaml}: everything in it is taken as it is meant. */
class ShopExampleTest {

    @Test
    void everyRouteAndResourceIsInForce() throws Exception {
        List<HasMetadata> all;
        try (InputStream file = Files.newInputStream(Path.of("../deploy/examples/kubernetes/shop.yaml"))) {
            all = Serialization.unmarshal(file);
        }
        List<Service> services = of(all, Service.class);
        Map<String, List<ServicePort>> ports = services.stream()
            .collect(Collectors.toMap(each -> "shop/" + each.getMetadata().getName(), ServiceClusters::ports));
        List<FoundCluster> clusters = new ServiceClusters(new TrustDomain("mesh.local")).of(services, service -> List.of(), name -> null);
        Map<ResourceKind, List<GenericKubernetesResource>> resources = new EnumMap<>(ResourceKind.class);
        for (ResourceKind kind : ResourceKind.values()) {
            resources.put(kind, of(all, GenericKubernetesResource.class).stream().filter(each -> each.getKind().equals(kind.kind())).toList());
        }

        ServiceRoutes.Result routes = ServiceRoutes.of(of(all, HTTPRoute.class), of(all, GRPCRoute.class), ports,
            clusters.stream().map(FoundCluster::name).collect(Collectors.toSet()), Instant.EPOCH);
        MeshResources.Result own = MeshResources.of(resources, ports, clusters.stream().collect(Collectors.toMap(FoundCluster::name, FoundCluster::protocol)),
            routes.tables().stream().map(RouteTable::name).collect(Collectors.toSet()), Instant.EPOCH);

        assertThat(routes.tables()).extracting(RouteTable::name).containsExactly("kubernetes/shop/payments:80", "kubernetes/shop/payments:9000");
        assertThat(own.policies()).containsOnlyKeys("kubernetes/shop/payments:80", "kubernetes/shop/payments:9000");
        assertThat(own.access()).containsOnlyKeys("ns/shop/sa/payments");
        assertThat(Serialization.asYaml(List.of(routes.statuses(), own.statuses()))).contains("status: \"True\"").doesNotContain("status: \"False\"");
    }

    private static <T> List<T> of(List<HasMetadata> all, Class<T> kind) {
        return all.stream().filter(kind::isInstance).map(kind::cast).toList();
    }
}
