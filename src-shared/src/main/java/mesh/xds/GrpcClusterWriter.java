package mesh.xds;

import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DiscoveryType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.EdsClusterConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import mesh.model.BalancerKind;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;

/**
 * A cluster in what a gRPC client knows: round robin, the fewest requests or a ring, whichever is nearest, and one TLS for all endpoints. If any of
 * them wants mTLS the whole cluster has it, so that nothing is sent in the clear to where it must not.
 */
final class GrpcClusterWriter implements ResourceWriter<mesh.model.Cluster, Cluster> {

    private final ClusterCodec proxies = new ClusterCodec();

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        return proxies.names(snapshot).stream().filter(name -> isCallable(snapshot.clusters().get(name))).collect(Collectors.toSet());
    }

    /** Without a proxy no connection is intercepted, so there is nothing that it was opened to. */
    static boolean isCallable(mesh.model.Cluster cluster) {
        return cluster != null && !cluster.originalDst();
    }

    @Override
    public mesh.model.Cluster find(MeshSnapshot snapshot, String name) {
        mesh.model.Cluster cluster = proxies.find(snapshot, name);
        return isCallable(cluster) ? cluster : null;
    }

    @Override
    public Object source(mesh.model.Cluster cluster, MeshSnapshot snapshot) {
        return proxies.source(cluster, snapshot);
    }

    @Override
    public Cluster encode(mesh.model.Cluster cluster, MeshSnapshot snapshot) {
        Cluster.Builder message = Cluster.newBuilder()
            .setName(cluster.name())
            .setType(DiscoveryType.EDS)
            .setEdsClusterConfig(EdsClusterConfig.newBuilder().setEdsConfig(Wire.ADS))
            .setLbPolicy(switch (cluster.balancer()) {
                case ROUND_ROBIN, RANDOM -> LbPolicy.ROUND_ROBIN;
                case LEAST_CONN, PEAK_EWMA -> LbPolicy.LEAST_REQUEST;
                // It has no table, and a ring goes by the same keys.
                case RING_HASH, MAGLEV -> LbPolicy.RING_HASH;
            })
            .setCircuitBreakers(CircuitBreakers.newBuilder().addThresholds(Thresholds.newBuilder()
                .setMaxRequests(Wire.uint32(cluster.connections().maxRequests()))));
        if (cluster.balancer() == BalancerKind.RING_HASH) message.setRingHashLbConfig(ConsistentHashes.ring(cluster.hash()));
        identities(cluster, snapshot).ifPresent(ids -> message.setTransportSocket(TransportSockets.upstreamOfGrpc(ids)));
        return message.build();
    }

    /** Whom the endpoints may be, none for anybody of the trust domain; empty for plaintext. */
    private static Optional<Set<SpiffeId>> identities(mesh.model.Cluster cluster, MeshSnapshot snapshot) {
        Set<SpiffeId> ids = new TreeSet<>(ClusterCodec.identities(snapshot.endpointsOf(cluster.name())));
        if (cluster.tls().isEmpty()) {
            return ids.isEmpty() ? Optional.empty() : Optional.of(ids);
        }
        Set<SpiffeId> expect = cluster.tls().get().expect();
        ids.addAll(expect);
        return Optional.of(expect.isEmpty() ? Set.of() : ids);
    }
}
