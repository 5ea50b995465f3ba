package mesh.xds;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.HashPolicy;
import mesh.model.HeaderChanges;
import mesh.model.HealthPolicy;
import mesh.model.MeshSnapshot;
import mesh.model.RetryLimits;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteFilters;
import mesh.model.RouteLimits;
import mesh.model.RouteTable;
import mesh.model.Timeouts;
import mesh.model.VirtualHost;

/** What a proxy does for its application and a gRPC client, which has none, does not do. The counterpart of the {@code Grpc…Writer}s. */
final class IgnoredByGrpc {

    private final ResourceType type;
    private final String name;
    private final List<Ignored> found = new ArrayList<>();

    private IgnoredByGrpc(ResourceType type, String name) {
        this.type = type;
        this.name = name;
    }

    static List<Ignored> of(ResourceType type, MeshSnapshot view, String name) {
        IgnoredByGrpc search = new IgnoredByGrpc(type, name);
        if (type == ResourceType.CLUSTER) Optional.ofNullable(view.clusters().get(name)).ifPresent(search::look);
        if (type == ResourceType.ROUTES) Optional.ofNullable(view.routeTables().get(name)).ifPresent(search::look);
        return search.found;
    }

    private void note(boolean ignored, String field, String effect) {
        if (ignored) found.add(new Ignored(type, name, field, effect));
    }

    private void look(Cluster cluster) {
        note(cluster.circuitBreaker().isPresent(), "circuit_breaker", "no endpoint is left out after failures");
        note(!cluster.health().equals(HealthPolicy.NONE), "health_check and outlier_detection", "endpoints are only left out when they cannot be connected to");
        note(!cluster.retries().equals(RetryLimits.DEFAULT), "retry_budget and max_retries", "only calls that no server has begun are repeated");
        note(!cluster.balancing().equals(BalancingPolicy.DEFAULT), "balancing", "no panic threshold, no slow start, no preference for what is near");
        note(cluster.balancer() == BalancerKind.PEAK_EWMA, "balancer", "peak_ewma becomes the fewest requests");
        note(cluster.balancer() == BalancerKind.RANDOM, "balancer", "random becomes round_robin");
        note(cluster.balancer() == BalancerKind.MAGLEV, "balancer", "maglev becomes ring_hash");
        note(cluster.hash().balanceFactor() != 0, "hash.balance_factor", "load is not bounded");
        note(cluster.announces().isPresent(), "proxy_protocol", "endpoints are not told who calls, and those that insist on it refuse");
        ConnectionPolicy connections = cluster.connections();
        ConnectionPolicy normal = ConnectionPolicy.DEFAULT;
        note(!connections.connectTimeout().equals(normal.connectTimeout()), "connect_timeout", "gRPC has its own, 20s");
        note(connections.maxConnections() != normal.maxConnections() || connections.maxPendingRequests() != normal.maxPendingRequests(),
            "max_connections and max_pending_requests", "only max_requests holds");
    }

    private void look(RouteTable table) {
        for (VirtualHost host : table.virtualHosts()) {
            String at = "virtual_hosts." + host.name();
            note(!host.requestHeaders().equals(HeaderChanges.NONE) || !host.responseHeaders().equals(HeaderChanges.NONE),
                at + ".request_headers and response_headers", "fields are left as they are");
            host.routes().forEach(route -> look(at + ".routes." + route.name(), route));
        }
    }

    private void look(String at, Route route) {
        if (GrpcRouteMatches.matchesNoCall(route.conditions())) {
            note(true, at, "is left out: no gRPC call can match it");
            return;
        }
        if (route.action() instanceof Route.DirectReply || route.action() instanceof Route.Redirect) {
            note(true, at, "a call that matches fails: a client gives no reply itself");
            return;
        }
        if (GrpcRouteMatches.cannotBeDecided(route.conditions())) {
            note(true, at + ".match.headers", "a call that may match fails: the client does not see these fields");
            return;
        }
        note(!route.timeouts().equals(Timeouts.DEFAULT), at + ".timeout", "calls have a deadline of their own");
        note(!route.retry().equals(RetryPolicy.NONE), at + ".retry", "only calls that no server has begun are repeated");
        note(route.hedge().isPresent(), at + ".hedge", "each call is sent once");
        note(!route.limits().equals(RouteLimits.NONE), at + ".rate_limit and max_body_bytes", "nothing is limited");
        note(!route.filters().equals(RouteFilters.NONE), at + " (rewrite, fields, cors, fault, mirrors)", "calls go out as they are, and once");
        note(route.hostRewrite().isPresent(), at + ".host_rewrite", "the authority is left as it is");
        note(route.hash().stream().anyMatch(each -> each.by() instanceof HashPolicy.Cookie), at + ".hash_policy", "cookies take no part in the key");
        note(route.hash().stream().anyMatch(each -> each.by().ofConnections()), at + ".hash_policy", "all calls of one channel have the same key");
    }
}
