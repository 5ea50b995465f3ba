package mesh.control.messages;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.BreakerFailure;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.ConsistentHash;
import mesh.model.Endpoint;
import mesh.model.EndpointDiscovery;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.ProxyProtocol;
import mesh.model.HealthPolicy;
import mesh.model.Locality;
import mesh.model.RetryLimits;
import mesh.model.SpiffeId;
import mesh.model.UpstreamProtocol;
import mesh.model.UpstreamTls;

/** {@code mesh.v1.Cluster} and {@code mesh.v1.Endpoint}, to the model and back. */
public final class ClusterMessages {

    private static final String ORIGINAL_DST = "original_dst";

    private ClusterMessages() {}

    /** A cluster with its endpoints: one message, two records. */
    public record ClusterParts(Cluster cluster, EndpointSet endpoints) {}

    /** Null when there were problems. */
    public static ClusterParts decode(mesh.v1.Cluster m, String path, Problems problems) {
        int before = problems.count();
        String name = problems.name(path + ".name", m.getName());
        BalancerKind balancer = m.getBalancer().isEmpty() ? BalancerKind.ROUND_ROBIN
            : problems.read(path + ".balancer", () -> BalancerKind.parse(m.getBalancer()));
        List<Endpoint> endpoints = problems.readAll(path + ".endpoints", m.getEndpointsList(), "address",
            mesh.v1.Endpoint::getAddress, (e, at) -> decode(e, at, problems));
        Optional<UpstreamTls> tls = m.hasTls()
            ? Optional.of(new UpstreamTls(Values.ids(path + ".tls.expect", m.getTls().getExpectList(), problems))) : Optional.empty();
        Optional<CircuitBreakerPolicy> breaker = m.hasCircuitBreaker()
            ? Optional.ofNullable(breaker(m.getCircuitBreaker(), path + ".circuit_breaker", problems)) : Optional.empty();
        ConnectionPolicy connections = connections(m, path, problems);
        HealthPolicy health = HealthMessages.decode(m, path, problems);
        RetryLimits retries = RetryLimitMessages.decode(m, path, problems);
        BalancingPolicy balancing = BalancingMessages.decode(m.getBalancing(), path + ".balancing", problems);
        ConsistentHash hash = HashMessages.decode(m, balancer, path, problems);
        Optional<ProxyProtocol.Version> announces = m.getProxyProtocol().isEmpty() ? Optional.empty()
            : Optional.ofNullable(problems.read(path + ".proxy_protocol", () -> ProxyProtocol.Version.parse(m.getProxyProtocol())));
        boolean originalDst = m.getType().equals(ORIGINAL_DST);
        if (!originalDst && !m.getType().isEmpty() && !m.getType().equals("endpoints")) {
            problems.add(path + ".type", "\"" + m.getType() + "\" (expected: endpoints or original_dst)");
        }
        Optional<EndpointDiscovery> discovery = DiscoveryMessages.decode(m, path, problems);
        if (problems.count() > before) {
            return null;
        }
        return problems.read(path, () ->
            new ClusterParts(new Cluster(name, balancer, tls, breaker, connections)
                .withHealth(health).withRetries(retries).withBalancing(balancing).withHash(hash).withOriginalDst(originalDst)
                .withAnnounces(announces).withDiscovery(discovery),
                new EndpointSet(name, endpoints)));
    }

    /** Null when there were problems. */
    public static Endpoint decode(mesh.v1.Endpoint m, String path, Problems problems) {
        int before = problems.count();
        Address address = problems.read(path + ".address", () -> Address.parse(m.getAddress()));
        if (address != null && (address.host().isEmpty() || address.port() == 0)) {
            problems.add(path + ".address", "\"" + m.getAddress() + "\" (expected: host:port, such as 10.0.0.7:9001)");
        }
        int weight = m.getWeight() == 0 ? 1 : m.getWeight();
        if (weight < 0 || weight > 1_000_000) {
            problems.add(path + ".weight", Integer.toUnsignedString(weight) + " (expected: 1 to 1000000)");
        }
        Optional<SpiffeId> id = m.getSpiffeId().isEmpty() ? Optional.empty()
            : Optional.ofNullable(problems.read(path + ".spiffe_id", () -> SpiffeId.parse(m.getSpiffeId())));
        EndpointHealth health = m.getHealth().isEmpty() ? EndpointHealth.HEALTHY
            : problems.read(path + ".health", () -> EndpointHealth.parse(m.getHealth()));
        Optional<Locality> locality = BalancingMessages.locality(m, path, problems);
        return problems.count() > before ? null
            : problems.read(path, () -> new Endpoint(address, weight, id, health, locality, m.getPriority()));
    }

    private static CircuitBreakerPolicy breaker(mesh.v1.CircuitBreaker m, String path, Problems problems) {
        CircuitBreakerPolicy normal = CircuitBreakerPolicy.DEFAULT;
        int window = limit(m.getWindowSize(), normal.windowSize(), 1024, path + ".window_size", problems);
        double threshold = m.getFailureThreshold() == 0 ? normal.failureThreshold() : m.getFailureThreshold();
        if (!(threshold > 0 && threshold <= 1)) {
            problems.add(path + ".failure_threshold", threshold + " (expected: above 0 and at most 1)");
            return null;
        }
        Duration reset = m.hasResetTimeout() ? Values.positive(path + ".reset_timeout", m.getResetTimeout(), problems) : normal.resetTimeout();
        List<BreakerFailure> failures = new ArrayList<>();
        for (int i = 0; i < m.getFailuresCount(); i++) {
            String text = m.getFailures(i);
            failures.add(problems.read(path + ".failures[" + i + "]", () -> BreakerFailure.parse(text)));
        }
        return failures.contains(null) ? null : new CircuitBreakerPolicy(window, threshold, reset, BreakerFailure.orDefault(failures));
    }

    private static mesh.v1.CircuitBreaker.Builder encode(CircuitBreakerPolicy breaker) {
        mesh.v1.CircuitBreaker.Builder m = mesh.v1.CircuitBreaker.newBuilder()
            .setWindowSize(breaker.windowSize())
            .setFailureThreshold(breaker.failureThreshold())
            .setResetTimeout(Values.message(breaker.resetTimeout()));
        if (!breaker.failures().equals(BreakerFailure.DEFAULT)) {
            breaker.failures().stream().sorted().forEach(failure -> m.addFailures(failure.text()));
        }
        return m;
    }

    private static ConnectionPolicy connections(mesh.v1.Cluster m, String path, Problems problems) {
        ConnectionPolicy normal = ConnectionPolicy.DEFAULT;
        Duration connect = m.hasConnectTimeout()
            ? Values.positive(path + ".connect_timeout", m.getConnectTimeout(), problems) : normal.connectTimeout();
        Optional<Duration> idle = m.hasIdleTimeout()
            ? Optional.of(Values.positive(path + ".idle_timeout", m.getIdleTimeout(), problems)) : Optional.empty();
        UpstreamProtocol protocol = m.getProtocol().isEmpty() ? normal.protocol()
            : problems.read(path + ".protocol", () -> UpstreamProtocol.parse(m.getProtocol()));
        return new ConnectionPolicy(connect, idle, protocol,
            limit(m.getMaxConnections(), normal.maxConnections(), 1_000_000, path + ".max_connections", problems),
            limit(m.getMaxPendingRequests(), normal.maxPendingRequests(), 1_000_000, path + ".max_pending_requests", problems),
            limit(m.getMaxRequests(), normal.maxRequests(), 1_000_000, path + ".max_requests", problems),
            limit(m.getMaxRequestsPerConnection(), 0, ConnectionPolicy.MOST, path + ".max_requests_per_connection", problems),
            m.hasMaxConnectionDuration()
                ? Optional.of(Values.positive(path + ".max_connection_duration", m.getMaxConnectionDuration(), problems)) : Optional.empty());
    }

    /** An unsigned limit of which 0 means the normal one. */
    private static int limit(int value, int normal, int max, String path, Problems problems) {
        if (value == 0) {
            return normal;
        }
        if (value < 0 || value > max) {
            problems.add(path, Integer.toUnsignedString(value) + " (expected: 1 to " + max + ")");
            return normal;
        }
        return value;
    }

    public static mesh.v1.Cluster encode(Cluster cluster, List<Endpoint> endpoints) {
        ConnectionPolicy connections = cluster.connections();
        mesh.v1.Cluster.Builder m = mesh.v1.Cluster.newBuilder()
            .setName(cluster.name())
            .setBalancer(cluster.balancer().text())
            .setConnectTimeout(Values.message(connections.connectTimeout()))
            .setProtocol(connections.protocol().text())
            .setMaxConnections(connections.maxConnections())
            .setMaxPendingRequests(connections.maxPendingRequests())
            .setMaxRequests(connections.maxRequests())
            .setMaxRequestsPerConnection(connections.maxRequestsPerConnection());
        connections.maxConnectionDuration().ifPresent(max -> m.setMaxConnectionDuration(Values.message(max)));
        endpoints.forEach(e -> m.addEndpoints(encode(e)));
        cluster.tls().ifPresent(tls -> m.setTls(mesh.v1.UpstreamTls.newBuilder().addAllExpect(Values.texts(tls.expect()))));
        cluster.circuitBreaker().ifPresent(breaker -> m.setCircuitBreaker(encode(breaker)));
        HealthMessages.encode(cluster.health(), m);
        RetryLimitMessages.encode(cluster.retries(), m);
        BalancingMessages.encode(cluster.balancing(), m);
        HashMessages.encode(cluster.hash(), m);
        if (cluster.originalDst()) m.setType(ORIGINAL_DST);
        cluster.announces().ifPresent(version -> m.setProxyProtocol(version.text()));
        cluster.discovery().ifPresent(found -> m.setDiscovery(DiscoveryMessages.encode(found)));
        connections.idleTimeout().ifPresent(idle -> m.setIdleTimeout(Values.message(idle)));
        return m.build();
    }

    public static mesh.v1.Endpoint encode(Endpoint endpoint) {
        mesh.v1.Endpoint.Builder m = mesh.v1.Endpoint.newBuilder()
            .setAddress(endpoint.address().toString())
            .setWeight(endpoint.weight());
        endpoint.spiffeId().ifPresent(id -> m.setSpiffeId(id.toString()));
        BalancingMessages.encode(endpoint, m);
        if (endpoint.health() != EndpointHealth.HEALTHY) m.setHealth(endpoint.health().text());
        return m.build();
    }
}
