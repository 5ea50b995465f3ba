package mesh.xds;

import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;

/**
 * A cluster's endpoints in one locality for each weight that occurs in a real one. A gRPC client goes by the weights of localities and, within
 * one, treats all endpoints alike; so each endpoint gets the share of requests that it is to have. Those that are
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
        List<Endpoint> serving = set.endpoints().stream().filter(endpoint -> endpoint.health() == EndpointHealth.HEALTHY).toList();
        // A gRPC client refuses priorities with gaps between them.
        List<Integer> priorities = serving.stream().map(Endpoint::priority).distinct().sorted().toList();
        Map<Group, List<Endpoint>> groups = new TreeMap<>();
        serving.forEach(endpoint -> groups.computeIfAbsent(Group.of(endpoint, priorities), group -> new ArrayList<>()).add(endpoint));
        // The weights of all localities together must fit an unsigned 32 bits.
        long total = serving.stream().mapToLong(Endpoint::weight).sum();
        long unit = total / Integer.MAX_VALUE + 1;
        ClusterLoadAssignment.Builder message = ClusterLoadAssignment.newBuilder().setClusterName(set.cluster());
        groups.forEach((group, endpoints) -> {
            LocalityLbEndpoints.Builder locality = message.addEndpointsBuilder()
                .setPriority(group.priority)
                .setLocality(group.locality())
                .setLoadBalancingWeight(Wire.uint32((int) Math.max(1, group.weight * (long) endpoints.size() / unit)));
            endpoints.forEach(endpoint -> locality.addLbEndpointsBuilder().getEndpointBuilder()
                .setAddress(SocketAddresses.encode(endpoint.address())));
        });
        return message.build();
    }

    /** Endpoints that are one locality to a gRPC client. */
    private record Group(int priority, String place, int weight) implements Comparable<Group> {

        private static final Comparator<Group> ORDER =
            Comparator.comparingInt(Group::priority).thenComparingInt(Group::weight).thenComparing(Group::place);

        static Group of(Endpoint endpoint, List<Integer> priorities) {
            return new Group(priorities.indexOf(endpoint.priority()), endpoint.locality().map(Object::toString).orElse(""), endpoint.weight());
        }

        Locality locality() {
            Locality where = place.isEmpty() ? Locality.getDefaultInstance() : Localities.encode(mesh.model.Locality.parse(place));
            String narrow = where.getSubZone().isEmpty() ? "" : where.getSubZone() + "/";
            return where.toBuilder().setSubZone(narrow + "weight-" + weight).build();
        }

        @Override
        public int compareTo(Group other) {
            return ORDER.compare(this, other);
        }
    }
}
