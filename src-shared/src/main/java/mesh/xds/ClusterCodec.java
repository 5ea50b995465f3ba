package mesh.xds;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.EdsClusterConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.TransportSocketMatch;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.ConnectionPolicy;
import mesh.model.ConsistentHash;
import mesh.model.Endpoint;
import mesh.model.HealthPolicy;
import mesh.model.MeshSnapshot;
import mesh.model.ProxyProtocol;
import mesh.model.RetryLimits;
import mesh.model.SpiffeId;
import mesh.model.UpstreamTls;
import mesh.v1.ClusterPolicy;
import mesh.xds.ProxyProtocols.Unwrapped;

/**
 * A cluster whose endpoints come by EDS. The count breaker has no equal in Envoy and travels as {@code mesh.v1.ClusterPolicy}.
 *
 * <p>An endpoint that names its identity is dialled with mTLS to exactly that identity. An Envoy cannot read that from the endpoint: it
 * picks one of the cluster's transport sockets by the endpoint's metadata. So the cluster gets one for each identity among its
 * endpoints, and {@link EndpointSetCodec} writes the metadata.
 */
final class ClusterCodec implements ResourceCodec<mesh.model.Cluster, Cluster> {

    /** The key by which an endpoint's metadata chooses among transport sockets. */
    static final String SPIFFE_ID = "spiffe_id";

    /** Envoy's, when the field is absent. */
    private static final Duration ENVOY_CONNECT_TIMEOUT = Duration.ofSeconds(5);

    private static final Set<String> CLUSTER_FIELDS = Set.of("name", "type", "eds_cluster_config", "connect_timeout", "lb_policy",
        "circuit_breakers", "typed_extension_protocol_options", "transport_socket", "transport_socket_matches", "metadata", "alt_stat_name",
        "outlier_detection", "health_checks", "common_lb_config", "round_robin_lb_config", "least_request_lb_config", "ring_hash_lb_config",
        "maglev_lb_config",
        "per_connection_buffer_limit_bytes", "dns_lookup_family", "track_timeout_budgets", "track_cluster_stats");

    /**
     * What the message is made from: the cluster, and the identities among its endpoints, but not their addresses and weights.
     *
     * @param federated whether there are other trust domains, whose identities it may name
     */
    private record Source(mesh.model.Cluster cluster, Set<SpiffeId> identities, boolean federated) {}

    @Override
    public Class<Cluster> wireType() {
        return Cluster.class;
    }

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        return snapshot.clusters().keySet();
    }

    @Override
    public mesh.model.Cluster find(MeshSnapshot snapshot, String name) {
        return snapshot.clusters().get(name);
    }

    @Override
    public Object source(mesh.model.Cluster cluster, MeshSnapshot snapshot) {
        return new Source(cluster, identities(snapshot.endpointsOf(cluster.name())), !snapshot.federation().isEmpty());
    }

    static Set<SpiffeId> identities(List<Endpoint> endpoints) {
        Set<SpiffeId> ids = new TreeSet<>();
        endpoints.forEach(endpoint -> endpoint.spiffeId().ifPresent(ids::add));
        return ids;
    }

    @Override
    public String name(Cluster message) {
        return message.getName();
    }

    @Override
    public Cluster encode(mesh.model.Cluster cluster, MeshSnapshot snapshot) {
        ConnectionPolicy connections = cluster.connections();
        boolean federated = !snapshot.federation().isEmpty();
        Cluster.Builder message = Cluster.newBuilder()
            .setName(cluster.name())
            .setType(DiscoveryType.EDS)
            .setEdsClusterConfig(EdsClusterConfig.newBuilder().setEdsConfig(Wire.ADS))
            .setConnectTimeout(Wire.duration(connections.connectTimeout()))
            .setLbPolicy(switch (cluster.balancer()) {
                case ROUND_ROBIN -> LbPolicy.ROUND_ROBIN;
                // Peak EWMA has no number of its own there; who does not know ours takes what comes nearest.
                case LEAST_CONN, PEAK_EWMA -> LbPolicy.LEAST_REQUEST;
                case RANDOM -> LbPolicy.RANDOM;
                case RING_HASH -> LbPolicy.RING_HASH;
                case MAGLEV -> LbPolicy.MAGLEV;
            })
            .setCircuitBreakers(ClusterLimits.encode(connections, cluster.retries()));
        if (cluster.originalDst()) message.setType(DiscoveryType.ORIGINAL_DST).setLbPolicy(LbPolicy.CLUSTER_PROVIDED).clearEdsClusterConfig();
        message.putAllTypedExtensionProtocolOptions(UpstreamHttpOptions.encode(connections));
        TransportSocket socket = cluster.tls().map(tls -> TransportSockets.upstream(tls.expect(), federated, connections.protocol())).orElse(null);
        TransportSocket outer = outer(socket, cluster);
        if (outer != null) message.setTransportSocket(outer);
        for (SpiffeId id : identities(snapshot.endpointsOf(cluster.name()))) {
            message.addTransportSocketMatches(TransportSocketMatch.newBuilder()
                .setName(id.toString())
                .setMatch(chooses(id))
                .setTransportSocket(outer(TransportSockets.upstream(Set.of(id), federated, connections.protocol()), cluster)));
        }
        ConsistentHashes.encode(cluster.balancer(), cluster.hash(), message);
        cluster.health().outliers().ifPresent(outliers -> message.setOutlierDetection(OutlierDetections.encode(outliers)));
        cluster.health().check().ifPresent(check -> message.addHealthChecks(HealthChecks.encode(check, connections.protocol())));
        BalancingFields.encode(cluster.balancer(), cluster.balancing(), message);
        ClusterPolicy policy = policy(cluster);
        if (!policy.equals(ClusterPolicy.getDefaultInstance())) message.setMetadata(MeshPolicy.encode(policy));
        return message.build();
    }

    private static TransportSocket outer(TransportSocket socket, mesh.model.Cluster cluster) {
        return cluster.announces().map(version -> ProxyProtocols.around(socket, version)).orElse(socket);
    }

    /** What stands in an endpoint's metadata and in the match of the transport socket for it. */
    static Struct chooses(SpiffeId id) {
        return Struct.newBuilder().putFields(SPIFFE_ID, Value.newBuilder().setStringValue(id.toString()).build()).build();
    }

    private static ClusterPolicy policy(mesh.model.Cluster cluster) {
        ClusterPolicy.Builder policy = ClusterPolicy.newBuilder();
        if (cluster.balancer() == BalancerKind.PEAK_EWMA) policy.setBalancer(BalancerKind.PEAK_EWMA.text());
        cluster.circuitBreaker().ifPresent(breaker -> policy.setCircuitBreaker(BreakerPolicies.encode(breaker)));
        ClusterLimits.encode(cluster.connections(), cluster.retries(), policy);
        BalancingFields.encode(cluster.balancer(), cluster.balancing(), policy);
        return policy.build();
    }

    @Override
    public mesh.model.Cluster decode(Cluster message, Reading reading) {
        reading.only(message, CLUSTER_FIELDS);
        discovery(message, reading);
        Unwrapped socket = message.hasTransportSocket()
            ? ProxyProtocols.unwrap(message.getTransportSocket(), reading.at("transport_socket")) : new Unwrapped(Optional.empty(), null);
        if (socket == null) return null;
        socketMatches(message, socket.version(), reading);
        ClusterPolicy.Builder policy = MeshPolicy.decode(message.getMetadata(), ClusterPolicy.newBuilder(), reading);
        BalancerKind balancer = !policy.getBalancer().isEmpty() ? balancer(policy.getBalancer(), reading) : isOriginalDst(message) ? BalancerKind.ROUND_ROBIN
            : switch (message.getLbPolicy()) {
            case ROUND_ROBIN -> BalancerKind.ROUND_ROBIN;
            case LEAST_REQUEST -> BalancerKind.LEAST_CONN;
            case RANDOM -> BalancerKind.RANDOM;
            case RING_HASH -> BalancerKind.RING_HASH;
            case MAGLEV -> BalancerKind.MAGLEV;
            default -> {
                reading.at("lb_policy").unexpected(message.getLbPolicyValue(), "ROUND_ROBIN, LEAST_REQUEST, RANDOM, RING_HASH or MAGLEV");
                yield null;
            }
        };
        Optional<UpstreamTls> tls = socket.inner() != null
            ? Optional.ofNullable(TransportSockets.upstream(socket.inner(), reading.at("transport_socket")))
            : Optional.empty();
        Optional<CircuitBreakerPolicy> breaker = policy.hasCircuitBreaker()
            ? Optional.ofNullable(BreakerPolicies.decode(policy.getCircuitBreaker(), MeshPolicy.at(reading).at("circuit_breaker")))
            : Optional.empty();
        Thresholds limits = ClusterLimits.thresholds(message.getCircuitBreakers(), reading.at("circuit_breakers"));
        ConnectionPolicy connections = connections(message, limits, reading);
        RetryLimits retries = ClusterLimits.retries(limits, policy.build(), reading);
        HealthPolicy health = health(message, connections, reading);
        BalancingPolicy balancing = BalancingFields.decode(message, balancer, policy.getBalancing(), reading);
        ConsistentHash hash = ConsistentHashes.decode(message, balancer, reading);
        return reading.clean()
            ? reading.check(() -> new mesh.model.Cluster(message.getName(), balancer, tls, breaker, connections)
                .withHealth(health).withRetries(retries).withBalancing(balancing).withHash(hash)
                .withOriginalDst(isOriginalDst(message)).withAnnounces(socket.version()))
            : null;
    }

    private static HealthPolicy health(Cluster message, ConnectionPolicy connections, Reading reading) {
        return new HealthPolicy(message.hasOutlierDetection()
            ? Optional.ofNullable(OutlierDetections.decode(message.getOutlierDetection(), reading.at("outlier_detection")))
            : Optional.empty(), HealthChecks.decode(message.getHealthChecksList(), connections, reading));
    }

    /** It goes to no endpoints of its own, and so has none to choose from. */
    private static boolean isOriginalDst(Cluster message) {
        return message.getType() == DiscoveryType.ORIGINAL_DST;
    }

    private static void discovery(Cluster message, Reading reading) {
        if (isOriginalDst(message)) {
            if (message.getLbPolicy() != LbPolicy.CLUSTER_PROVIDED) {
                reading.at("lb_policy").unexpected(message.getLbPolicyValue(), "CLUSTER_PROVIDED, beside type ORIGINAL_DST");
            }
            return;
        }
        if (message.getType() != DiscoveryType.EDS || !message.hasType()) {
            reading.at("type").unexpected(message.getTypeValue(), "EDS or ORIGINAL_DST");
        }
        EdsClusterConfig eds = message.getEdsClusterConfig();
        Wire.onlyAds(eds.getEdsConfig(), reading.at("eds_cluster_config").at("eds_config"));
        if (!eds.getServiceName().isEmpty() && !eds.getServiceName().equals(message.getName())) {
            reading.at("eds_cluster_config").at("service_name").unexpected(eds.getServiceName(), "the cluster's own name, or none");
        }
    }

    /** They repeat what the endpoints say; what matters is that they choose by nothing else. */
    private static void socketMatches(Cluster message, Optional<ProxyProtocol.Version> announced, Reading reading) {
        for (int i = 0; i < message.getTransportSocketMatchesCount(); i++) {
            TransportSocketMatch match = message.getTransportSocketMatches(i);
            Reading at = reading.at("transport_socket_matches", i);
            String id = match.getMatch().getFieldsOrDefault(SPIFFE_ID, Value.getDefaultInstance()).getStringValue();
            if (match.getMatch().getFieldsCount() != 1 || id.isEmpty()) {
                at.at("match").unexpected(match.getMatch().getFieldsMap().keySet(), SPIFFE_ID);
                continue;
            }
            Unwrapped socket = ProxyProtocols.unwrap(match.getTransportSocket(), at.at("transport_socket"));
            if (socket == null) continue;
            if (!socket.version().equals(announced)) at.at("transport_socket").unexpected(socket.version(), "the cluster's own PROXY protocol, " + announced);
            UpstreamTls tls = TransportSockets.upstream(socket.inner() == null ? match.getTransportSocket() : socket.inner(), at.at("transport_socket"));
            if (tls != null && !(tls.expect().size() == 1 && tls.expect().iterator().next().toString().equals(id))) {
                at.at("transport_socket").unexpected(tls.expect(), "exactly the identity that it is chosen by, " + id);
            }
        }
    }

    private static ConnectionPolicy connections(Cluster message, Thresholds limits, Reading reading) {
        Duration connect = message.hasConnectTimeout()
            ? reading.at("connect_timeout").duration(message.getConnectTimeout(), ENVOY_CONNECT_TIMEOUT)
            : ENVOY_CONNECT_TIMEOUT;
        UpstreamHttpOptions http = UpstreamHttpOptions.decode(
            message.getTypedExtensionProtocolOptionsMap(), reading.at("typed_extension_protocol_options"));
        return reading.check(() -> new ConnectionPolicy(connect, http.idleTimeout(), http.protocol(), ClusterLimits.connections(limits),
            ClusterLimits.pending(limits), ClusterLimits.requests(limits), http.maxRequests(), http.maxDuration()));
    }

    private static BalancerKind balancer(String text, Reading reading) {
        return MeshPolicy.at(reading).at("balancer").check(() -> BalancerKind.parse(text));
    }
}
