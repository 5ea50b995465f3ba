package mesh.model;

import java.util.Optional;

/**
 * A service that requests go to. Its endpoints are a set of their own ({@link EndpointSet}) because they change more often.
 *
 * @param name           unique among clusters; the {@code service} label of outbound requests
 * @param balancer       how an endpoint is chosen
 * @param tls            mTLS towards endpoints that name no identity of their own; empty for plaintext
 * @param circuitBreaker per endpoint; empty for none
 * @param connections    limits and timeouts
 * @param health         how it is found out which endpoints are well
 * @param retries        what bounds them
 * @param balancing      among which endpoints the balancer chooses
 * @param hash           how keys are spread, by a balancer that goes by them
 * @param originalDst    it has no endpoints: an intercepted connection goes where it was opened to (Envoy's type {@code ORIGINAL_DST})
 * @param announces      how its endpoints are told for whom a connection is, before TLS; empty for not at all
 * @param discovery      where the control plane finds out its endpoints; empty where they are written. Not sent to sidecars
 */
public record Cluster(
    String name,
    BalancerKind balancer,
    Optional<UpstreamTls> tls,
    Optional<CircuitBreakerPolicy> circuitBreaker,
    ConnectionPolicy connections,
    HealthPolicy health,
    RetryLimits retries,
    BalancingPolicy balancing,
    ConsistentHash hash,
    boolean originalDst,
    Optional<ProxyProtocol.Version> announces,
    Optional<EndpointDiscovery> discovery) {

    public Cluster {
        Checks.name("cluster name", name);
        hash.checkFits(name, balancer);
        if (balancer.byKey() && balancing.slowStart().isPresent()) {
            throw new IllegalArgumentException("cluster \"" + name + "\": slow start beside balancer " + balancer.text()
                + " (expected: a balancer that does not go by keys)");
        }
        if (balancing.slowStart().isPresent() && balancer.byKey()) {
            throw new IllegalArgumentException("cluster \"" + name + "\": slow start beside balancer " + balancer.text()
                + ", whose keys come at once (expected: none, or balancer round_robin, least_conn, random or peak_ewma)");
        }
        if (originalDst && (circuitBreaker.isPresent() || !health.equals(HealthPolicy.NONE) || balancer != BalancerKind.ROUND_ROBIN
            || !balancing.equals(BalancingPolicy.DEFAULT))) {
            throw new IllegalArgumentException("cluster \"" + name
                + "\": a circuit breaker, health or balancing beside type original_dst (expected: none, as it has no endpoints of its own)");
        }
        if (originalDst && discovery.isPresent()) {
            throw new IllegalArgumentException("cluster \"" + name
                + "\": discovery beside type original_dst (expected: none, as it has no endpoints of its own)");
        }
        if (connections.protocol() == UpstreamProtocol.HTTP1 && health.check().filter(each -> each.check() instanceof HealthCheckPolicy.Grpc).isPresent()) {
            throw new IllegalArgumentException("cluster \"" + name + "\": health check by grpc beside protocol http1 (expected: protocol http2 or downstream)");
        }
    }

    /** One that asks nobody how its endpoints are. */
    public Cluster(
        String name, BalancerKind balancer, Optional<UpstreamTls> tls, Optional<CircuitBreakerPolicy> circuitBreaker,
        ConnectionPolicy connections) {
        this(name, balancer, tls, circuitBreaker, connections, HealthPolicy.NONE, RetryLimits.DEFAULT, BalancingPolicy.DEFAULT,
            ConsistentHash.DEFAULT, false, Optional.empty(), Optional.empty());
    }

    public Cluster withHealth(HealthPolicy policy) {
        return new Cluster(name, balancer, tls, circuitBreaker, connections, policy, retries, balancing, hash, originalDst, announces, discovery);
    }

    public Cluster withRetries(RetryLimits limits) {
        return new Cluster(name, balancer, tls, circuitBreaker, connections, health, limits, balancing, hash, originalDst, announces, discovery);
    }

    public Cluster withBalancing(BalancingPolicy policy) {
        return new Cluster(name, balancer, tls, circuitBreaker, connections, health, retries, policy, hash, originalDst, announces, discovery);
    }

    public Cluster withHash(ConsistentHash settings) {
        return new Cluster(name, balancer, tls, circuitBreaker, connections, health, retries, balancing, settings, originalDst, announces, discovery);
    }

    /** The same that goes where each connection was opened to. */
    public Cluster withOriginalDst(boolean is) {
        return new Cluster(name, balancer, tls, circuitBreaker, connections, health, retries, balancing, hash, is, announces, discovery);
    }

    public Cluster withAnnounces(Optional<ProxyProtocol.Version> version) {
        return new Cluster(name, balancer, tls, circuitBreaker, connections, health, retries, balancing, hash, originalDst, version, discovery);
    }

    /** The same whose endpoints the control plane finds out there. */
    public Cluster withDiscovery(Optional<EndpointDiscovery> where) {
        return new Cluster(name, balancer, tls, circuitBreaker, connections, health, retries, balancing, hash, originalDst, announces, where);
    }
}
