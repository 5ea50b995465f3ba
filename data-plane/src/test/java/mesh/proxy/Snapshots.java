package mesh.proxy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.model.AccessPolicy;
import mesh.model.AccessLogPolicy;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.ConsistentHash;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.HashPolicy;
import mesh.model.HeaderChanges;
import mesh.model.HealthPolicy;
import mesh.model.HedgePolicy;
import mesh.model.Listener;
import mesh.model.ListenerLimits;
import mesh.model.MeshSnapshot;
import mesh.model.RateLimit;
import mesh.model.RetryLimits;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteFilters;
import mesh.model.RouteLimits;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.Timeouts;
import mesh.model.TracingPolicy;
import mesh.model.TrustBundle;
import mesh.model.UpstreamTls;
import mesh.model.VirtualHost;

/** Builds a configuration of one listener {@code web}, one route and one cluster {@code payments} for tests, and variations of it. */
public final class Snapshots {

    private long version = 1;
    private Address bind = new Address("127.0.0.1", 0);
    private boolean tcp;
    private String service = "";
    private BalancerKind balancer = BalancerKind.ROUND_ROBIN;
    private Optional<DownstreamTls> downstreamTls = Optional.empty();
    private Optional<UpstreamTls> upstreamTls = Optional.empty();
    private Optional<CircuitBreakerPolicy> breaker = Optional.empty();
    private Optional<TrustBundle> trust = Optional.empty();
    private ConnectionPolicy connections = ConnectionPolicy.DEFAULT;
    private Timeouts timeouts = Timeouts.DEFAULT;
    private RetryPolicy retry = RetryPolicy.NONE;
    private Optional<HedgePolicy> hedge = Optional.empty();
    private Route.PathMatch match = new Route.Prefix("/");
    private Route.Action action = new Route.ToCluster("payments");
    private Optional<String> hostRewrite = Optional.empty();
    private RouteLimits routeLimits = RouteLimits.NONE;
    private ListenerLimits limits = ListenerLimits.NONE;
    private Optional<AccessLogPolicy> log = Optional.empty();
    private Optional<TracingPolicy> tracing = Optional.empty();
    private HealthPolicy health = HealthPolicy.NONE;
    private RouteFilters filters = RouteFilters.NONE;
    private HeaderChanges hostRequestHeaders = HeaderChanges.NONE;
    private HeaderChanges hostResponseHeaders = HeaderChanges.NONE;
    private RetryLimits retryLimits = RetryLimits.DEFAULT;
    private List<HashPolicy> hash = List.of();
    private Optional<HashPolicy.By> hashBy = Optional.empty();
    private ConsistentHash spread = ConsistentHash.DEFAULT;
    private BalancingPolicy balancing = BalancingPolicy.DEFAULT;
    private final List<Endpoint> endpoints = new ArrayList<>();
    private final Map<String, Endpoint> others = new LinkedHashMap<>();
    private int othersRequests = ConnectionPolicy.DEFAULT.maxRequests();

    private List<AccessPolicy> access = List.of();

    public static Snapshots http() {
        return new Snapshots();
    }

    public static Snapshots tcp() {
        Snapshots snapshots = new Snapshots();
        snapshots.tcp = true;
        return snapshots;
    }

    public Snapshots version(long next) {
        version = next;
        return this;
    }

    public Snapshots listen(Address address) {
        bind = address;
        return this;
    }

    public Snapshots service(String name) {
        service = name;
        return this;
    }

    public Snapshots to(Address address, int weight) {
        return to(new Endpoint(address, weight, Optional.empty()));
    }

    public Snapshots to(Endpoint endpoint) {
        endpoints.add(endpoint);
        return this;
    }

    public Snapshots balancer(BalancerKind kind) {
        balancer = kind;
        return this;
    }

    public Snapshots downstreamTls(DownstreamTls tls) {
        downstreamTls = Optional.of(tls);
        return this;
    }

    public Snapshots access(AccessPolicy... policies) {
        access = List.of(policies);
        return this;
    }

    public Snapshots upstreamTls(UpstreamTls tls) {
        upstreamTls = Optional.of(tls);
        return this;
    }

    public Snapshots trust(TrustBundle bundle) {
        trust = Optional.of(bundle);
        return this;
    }

    public Snapshots breaker(CircuitBreakerPolicy policy) {
        breaker = Optional.of(policy);
        return this;
    }

    public Snapshots connections(ConnectionPolicy policy) {
        connections = policy;
        return this;
    }

    public Snapshots timeouts(Timeouts next) {
        timeouts = next;
        return this;
    }

    public Snapshots retry(RetryPolicy policy) {
        retry = policy;
        return this;
    }

    public Snapshots hedge(HedgePolicy policy) {
        hedge = Optional.of(policy);
        return this;
    }

    public Snapshots match(Route.PathMatch next) {
        match = next;
        return this;
    }

    public Snapshots action(Route.Action next) {
        action = next;
        return this;
    }

    public Snapshots hostRewrite(String host) {
        hostRewrite = Optional.of(host);
        return this;
    }

    /** Of the route. */
    public Snapshots rateLimit(RateLimit limit) {
        routeLimits = new RouteLimits(Optional.of(limit), 0);
        return this;
    }

    public Snapshots routeLimits(RouteLimits next) {
        routeLimits = next;
        return this;
    }

    /** Of the listener. */
    public Snapshots limits(ListenerLimits next) {
        limits = next;
        return this;
    }

    public Snapshots log(AccessLogPolicy policy) {
        log = Optional.of(policy);
        return this;
    }

    public Snapshots tracing(TracingPolicy policy) {
        tracing = Optional.of(policy);
        return this;
    }

    public Snapshots health(HealthPolicy policy) {
        health = policy;
        return this;
    }

    /** One more cluster, of one endpoint. */
    public Snapshots other(String name, Address address) {
        others.put(name, new Endpoint(address, 1, Optional.empty()));
        return this;
    }

    /** What each other cluster may carry. */
    public Snapshots othersRequests(int most) {
        othersRequests = most;
        return this;
    }

    /** Of the route. */
    public Snapshots filters(RouteFilters next) {
        filters = next;
        return this;
    }

    /** Of the virtual host. */
    public Snapshots headers(HeaderChanges request, HeaderChanges response) {
        hostRequestHeaders = request;
        hostResponseHeaders = response;
        return this;
    }

    /** Of the cluster. */
    public Snapshots retryLimits(RetryLimits next) {
        retryLimits = next;
        return this;
    }

    /** Of the route. */
    public Snapshots hash(HashPolicy... policies) {
        hash = List.of(policies);
        return this;
    }

    /** Of the listener of TCP. */
    public Snapshots hashBy(HashPolicy.By by) {
        hashBy = Optional.of(by);
        return this;
    }

    /** Of the cluster. */
    public Snapshots spread(ConsistentHash settings) {
        spread = settings;
        return this;
    }

    public Snapshots balancing(BalancingPolicy next) {
        balancing = next;
        return this;
    }

    public MeshSnapshot build() {
        Route route = new Route("all", match, action, hostRewrite, timeouts, retry).withLimits(routeLimits).withHedge(hedge).withFilters(filters)
            .withHash(hash);
        RouteTable table = new RouteTable("table",
            List.of(new VirtualHost("all", List.of("*"), List.of(route), hostRequestHeaders, hostResponseHeaders)));
        Listener.Traffic traffic = tcp ? new Listener.TcpTraffic("payments", hashBy) : new Listener.HttpTraffic("table", service);
        List<Cluster> clusters = new ArrayList<>();
        List<EndpointSet> sets = new ArrayList<>(List.of(new EndpointSet("payments", List.copyOf(endpoints))));
        ConnectionPolicy few = new ConnectionPolicy(connections.connectTimeout(), connections.idleTimeout(), connections.protocol(),
            connections.maxConnections(), connections.maxPendingRequests(), othersRequests);
        others.forEach((name, endpoint) -> {
            clusters.add(new Cluster(name, balancer, Optional.empty(), breaker, few));
            sets.add(new EndpointSet(name, List.of(endpoint)));
        });
        clusters.add(new Cluster("payments", balancer, upstreamTls, breaker, connections).withHealth(health).withRetries(retryLimits).withHash(spread)
            .withBalancing(balancing));
        return new MeshSnapshot(
            version,
            MeshSnapshot.byName(List.of(new Listener("web", bind, Scope.ALL, traffic, downstreamTls, limits, log, tracing, access)), Listener::name),
            MeshSnapshot.byName(List.of(table), RouteTable::name),
            MeshSnapshot.byName(clusters, Cluster::name),
            MeshSnapshot.byName(sets, EndpointSet::cluster),
            trust);
    }
}
