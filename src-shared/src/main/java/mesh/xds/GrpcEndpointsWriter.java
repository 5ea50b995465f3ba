package mesh.xds;

import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;

/**
 * A cluster's endpoints in one locality for each weight that occurs. A gRPC client goes by the weights of localities and, within one,
 * treats all endpoints alike; so each endpoint gets the share of requests that it is to have. Those that are
 * unhealthy or draining, which it would not use either, would only add to their locality's share and are left out.
 */
final class GrpcEndpointsWriter implements ResourceWriter<EndpointSet, ClusterLoadAssignment> {

    private final EndpointSetCodec proxies = new EndpointSetCodec();

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        return proxies.names(snapshot);
    }

    @Override
    public EndpointSet find(MeshSnapshot snapshot, String name) {
        return proxies.find(snapshot, name);
    }

    @Override
    public ClusterLoadAssignment encode(EndpointSet set, MeshSnapshot snapshot) {
        Map<Integer, List<Endpoint>> byWeight = new TreeMap<>();
        List<Endpoint> serving = set.endpoints().stream().filter(endpoint -> endpoint.health() == EndpointHealth.HEALTHY).toList();
        serving.forEach(endpoint -> byWeight.computeIfAbsent(endpoint.weight(), weight -> new ArrayList<>()).add(endpoint));
        // The weights of all localities together must fit an unsigned 32 bits.
        long total = serving.stream().mapToLong(Endpoint::weight).sum();
        long unit = total / Integer.MAX_VALUE + 1;
        ClusterLoadAssignment.Builder message = ClusterLoadAssignment.newBuilder().setClusterName(set.cluster());
        byWeight.forEach((weight, endpoints) -> {
            LocalityLbEndpoints.Builder locality = message.addEndpointsBuilder()
                .setLocality(Locality.newBuilder().setSubZone("weight-" + weight))
                .setLoadBalancingWeight(Wire.uint32((int) Math.max(1, weight * (long) endpoints.size() / unit)));
            endpoints.forEach(endpoint -> locality.addLbEndpointsBuilder().getEndpointBuilder()
                .setAddress(SocketAddresses.encode(endpoint.address())));
        });
        return message.build();
    }
}
