package mesh.proxy.explain;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import mesh.model.BalancerKind;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.ConsistentHash;
import mesh.model.Durations;
import mesh.model.EndpointHealth;
import mesh.model.RetryBudgetPolicy;
import mesh.model.SpiffeId;
import mesh.proxy.balancer.Levels;
import mesh.proxy.explain.Explanation.ClusterView;
import mesh.proxy.explain.Explanation.EndpointView;
import mesh.proxy.explain.Explanation.Setting;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.HealthChecker;
import mesh.proxy.upstream.Place;
import mesh.proxy.upstream.UpstreamCluster;

/** Where a request may go, and how that is doing. */
final class ClusterViews {

    private ClusterViews() {}

    static ClusterView of(UpstreamCluster cluster, Optional<String> share) {
        return new ClusterView(cluster.name(), share, cluster.model().balancer().text(), settings(cluster),
            cluster.destinations().stream().map(each -> endpoint(each, isUsable(cluster, each))).toList());
    }

    /** Whether the balancer may give it a request now: where too few are healthy, health is ignored. */
    static boolean isUsable(UpstreamCluster cluster, Destination destination) {
        return destination.as(destination.weight(), isInPanic(cluster, destination)).usable();
    }

    private static boolean isInPanic(UpstreamCluster cluster, Destination destination) {
        return cluster.balancer().views().stream().anyMatch(each -> each.inPanic() && each.level() == destination.level());
    }

    private static List<Setting> settings(UpstreamCluster cluster) {
        List<Setting> settings = settings(cluster.model());
        List<Levels.View> levels = cluster.balancer().views();
        if (levels.size() < 2 && levels.stream().noneMatch(Levels.View::inPanic)) return settings;
        levels.forEach(each -> settings.add(new Setting("level", Place.text(each.level()) + ": " + each.percent() + " % of the requests, "
            + each.healthy() + " of " + each.hosts() + " healthy" + (each.inPanic() ? ", too few: health is ignored" : ""))));
        return settings;
    }

    private static List<Setting> settings(Cluster cluster) {
        List<Setting> settings = new ArrayList<>();
        ConnectionPolicy connections = cluster.connections();
        settings.add(new Setting("protocol", connections.protocol().text()));
        settings.add(new Setting("connect timeout", Durations.format(connections.connectTimeout())));
        settings.add(new Setting("limits", connections.maxConnections() + " connections, " + connections.maxPendingRequests() + " waiting, "
            + connections.maxRequests() + " requests"));
        RetryBudgetPolicy budget = cluster.retries().budget();
        settings.add(new Setting("retry budget", RouteText.percent(budget.ratio() * 100) + " of the requests and " + budget.minPerSecond() + " a second, over "
            + Durations.format(budget.ttl()) + (cluster.retries().maxRetries() == 0 ? "" : ", " + cluster.retries().maxRetries() + " at once")));
        if (cluster.balancer().byKey()) settings.add(new Setting("keys", text(cluster.balancer(), cluster.hash())));
        cluster.circuitBreaker().ifPresent(breaker -> settings.add(new Setting("circuit breaker", text(breaker))));
        cluster.health().outliers().ifPresent(outliers -> settings.add(new Setting("outlier detection", "on")));
        cluster.health().check().ifPresent(check -> settings.add(new Setting("health check", "every " + Durations.format(check.interval()))));
        return settings;
    }

    private static String text(BalancerKind kind, ConsistentHash hash) {
        return (kind == BalancerKind.MAGLEV ? "in a table of " + hash.tableSize() : "on a ring, " + hash.minRingSize() + " places for the lightest endpoint")
            + (hash.balanceFactor() == 0 ? "" : "; nobody gets more than " + hash.balanceFactor() + " % of its share");
    }

    private static String text(CircuitBreakerPolicy breaker) {
        return "opens when " + RouteText.percent(breaker.failureThreshold() * 100) + " of " + breaker.windowSize() + " failed, for "
            + Durations.format(breaker.resetTimeout());
    }

    private static EndpointView endpoint(Destination destination, boolean usable) {
        return new EndpointView(destination.upstream().address().toString(), destination.weight(), health(destination),
            destination.breaker() == null ? "none" : destination.breaker().state().name().toLowerCase(Locale.ROOT).replace('_', '-'),
            destination.inFlight(), identity(destination.settings().expect()), usable);
    }

    /** What speaks against it, the strongest first. */
    private static String health(Destination destination) {
        if (destination.known() != EndpointHealth.HEALTHY) return destination.known().text() + ", as configured";
        if (destination.outlier() != null && destination.outlier().isEjected()) return "ejected";
        if (destination.checker() == null) return "healthy";
        HealthChecker.View view = destination.checker().view();
        String state = view.state().name().toLowerCase(Locale.ROOT);
        return destination.checker().isHealthy() || view.last().isEmpty() ? state : state + ": " + view.last();
    }

    private static String identity(Optional<Set<SpiffeId>> expected) {
        if (expected.isEmpty()) return "plaintext";
        if (expected.get().isEmpty()) return "any of the trust domain";
        return expected.get().stream().map(SpiffeId::toString).sorted().collect(Collectors.joining(" or "));
    }
}
