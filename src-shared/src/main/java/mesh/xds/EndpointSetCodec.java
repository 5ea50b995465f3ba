package mesh.xds;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.Address;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;

/**
 * A cluster's endpoints, those of one locality and priority together: one message for subscribers everywhere, who find out themselves what
 * is near. An endpoint's identity is metadata of Envoy's own transport socket match, see {@link ClusterCodec}.
 */
final class EndpointSetCodec implements ResourceCodec<EndpointSet, ClusterLoadAssignment> {

    private static final String SOCKET_MATCH = "envoy.transport_socket_match";

    private static final Set<String> LOCALITY_FIELDS = Set.of("locality", "priority", "lb_endpoints", "load_balancing_weight", "metadata");
    private static final Set<String> LB_ENDPOINT_FIELDS = Set.of("endpoint", "health_status", "metadata", "load_balancing_weight");
    private static final Set<String> ENDPOINT_FIELDS = Set.of("address", "hostname", "health_check_config");

    @Override
    public Class<ClusterLoadAssignment> wireType() {
        return ClusterLoadAssignment.class;
    }

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        return snapshot.clusters().keySet();
    }

    @Override
    public EndpointSet find(MeshSnapshot snapshot, String name) {
        EndpointSet set = snapshot.endpoints().get(name);
        return set != null || !snapshot.clusters().containsKey(name) ? set : new EndpointSet(name, List.of());
    }

    @Override
    public String name(ClusterLoadAssignment message) {
        return message.getClusterName();
    }

    /** Takes any name, also one that the model would refuse. */
    static ClusterLoadAssignment empty(String cluster) {
        return ClusterLoadAssignment.newBuilder().setClusterName(cluster).build();
    }

    @Override
    public ClusterLoadAssignment encode(EndpointSet set, MeshSnapshot snapshot) {
        ClusterLoadAssignment.Builder message = ClusterLoadAssignment.newBuilder().setClusterName(set.cluster());
        Map<Place, List<Endpoint>> places = new LinkedHashMap<>();
        set.endpoints().forEach(endpoint -> places.computeIfAbsent(Place.of(endpoint), place -> new ArrayList<>()).add(endpoint));
        places.forEach((place, endpoints) -> message.addEndpoints(encode(place, endpoints)));
        return message.build();
    }

    /** What the endpoints of one message have in common. */
    private record Place(Optional<Locality> locality, int priority) {

        static Place of(Endpoint endpoint) {
            return new Place(endpoint.locality(), endpoint.priority());
        }
    }

    private static LocalityLbEndpoints encode(Place place, List<Endpoint> endpoints) {
        LocalityLbEndpoints.Builder message = LocalityLbEndpoints.newBuilder().setPriority(place.priority);
        place.locality.ifPresent(locality -> message.setLocality(Localities.encode(locality)));
        endpoints.forEach(endpoint -> message.addLbEndpoints(encode(endpoint)));
        return message.build();
    }

    private static LbEndpoint encode(Endpoint endpoint) {
        LbEndpoint.Builder message = LbEndpoint.newBuilder()
            .setEndpoint(io.envoyproxy.envoy.config.endpoint.v3.Endpoint.newBuilder()
                .setAddress(SocketAddresses.encode(endpoint.address())))
            .setLoadBalancingWeight(Wire.uint32(endpoint.weight()))
            .setHealthStatus(switch (endpoint.health()) {
                case HEALTHY -> HealthStatus.UNKNOWN;
                case UNHEALTHY -> HealthStatus.UNHEALTHY;
                case DRAINING -> HealthStatus.DRAINING;
            });
        endpoint.spiffeId().ifPresent(id ->
            message.setMetadata(Metadata.newBuilder().putFilterMetadata(SOCKET_MATCH, ClusterCodec.chooses(id))));
        return message.build();
    }

    @Override
    public EndpointSet decode(ClusterLoadAssignment message, Reading reading) {
        reading.only(message, Set.of("cluster_name", "endpoints"));
        List<Endpoint> endpoints = new ArrayList<>();
        for (int l = 0; l < message.getEndpointsCount(); l++) {
            LocalityLbEndpoints locality = message.getEndpoints(l);
            Reading at = reading.at("endpoints", l);
            at.only(locality, LOCALITY_FIELDS);
            Optional<Locality> place = Localities.decode(locality.getLocality(), at.at("locality"));
            int priority = priority(locality, at);
            for (int e = 0; e < locality.getLbEndpointsCount(); e++) {
                decode(locality.getLbEndpoints(e), at.at("lb_endpoints", e)).ifPresent(endpoint -> endpoints.add(endpoint.at(place, priority)));
            }
        }
        return reading.clean() ? reading.check(() -> new EndpointSet(message.getClusterName(), endpoints)) : null;
    }

    private static int priority(LocalityLbEndpoints message, Reading reading) {
        int priority = message.getPriority();
        if (priority >= 0 && priority <= Endpoint.LAST_PRIORITY) return priority;
        reading.at("priority").unexpected(Integer.toUnsignedString(priority), "0 to " + Endpoint.LAST_PRIORITY);
        return 0;
    }

    private static Optional<Endpoint> decode(LbEndpoint message, Reading reading) {
        reading.only(message, LB_ENDPOINT_FIELDS);
        reading.at("endpoint").only(message.getEndpoint(), ENDPOINT_FIELDS);
        // Checks go to the endpoint itself, by the cluster's name for it.
        reading.at("endpoint").at("health_check_config").only(message.getEndpoint().getHealthCheckConfig(), Set.of());
        Address address = SocketAddresses.decode(message.getEndpoint().getAddress(), reading.at("endpoint").at("address"));
        Optional<SpiffeId> id = identity(message.getMetadata(), reading.at("metadata").at(SOCKET_MATCH));
        int weight = message.hasLoadBalancingWeight() ? message.getLoadBalancingWeight().getValue() : 1;
        EndpointHealth health = switch (message.getHealthStatus()) {
            case UNKNOWN, HEALTHY -> EndpointHealth.HEALTHY;
            case UNHEALTHY, TIMEOUT -> EndpointHealth.UNHEALTHY;
            case DRAINING -> EndpointHealth.DRAINING;
            default -> {
                reading.at("health_status").unexpected(message.getHealthStatusValue(), "UNKNOWN, HEALTHY, UNHEALTHY, DRAINING or TIMEOUT");
                yield EndpointHealth.UNHEALTHY;
            }
        };
        return address == null
            ? Optional.empty()
            : Optional.ofNullable(reading.check(() -> new Endpoint(address, weight, id, health)));
    }

    private static Optional<SpiffeId> identity(Metadata metadata, Reading reading) {
        Struct match = metadata.getFilterMetadataMap().get(SOCKET_MATCH);
        if (match == null) {
            return Optional.empty();
        }
        Value id = match.getFieldsMap().get(ClusterCodec.SPIFFE_ID);
        if (match.getFieldsCount() != 1 || id == null) {
            reading.unexpected(match.getFieldsMap().keySet(), "only " + ClusterCodec.SPIFFE_ID);
            return Optional.empty();
        }
        return Optional.ofNullable(reading.check(() -> SpiffeId.parse(id.getStringValue())));
    }
}
