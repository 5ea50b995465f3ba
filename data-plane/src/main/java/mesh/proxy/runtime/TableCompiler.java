package mesh.proxy.runtime;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Cluster;
import mesh.model.Durations;
import mesh.model.Endpoint;
import mesh.model.Listener;
import mesh.model.ListenerLimits;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;
import mesh.model.OutlierPolicy;
import mesh.model.RetryBudgetPolicy;
import mesh.model.Route;
import mesh.model.SlowStart;
import mesh.model.UpstreamTls;
import mesh.proxy.balancer.Levels;
import mesh.proxy.limit.RateLimiter;
import mesh.proxy.loop.ProxyLoops;
import mesh.proxy.route.AccessGate;
import mesh.proxy.route.RouteIndex;
import mesh.proxy.telemetry.AccessLogs;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.tracing.Tracers;
import mesh.proxy.upstream.CircuitBreaker;
import mesh.proxy.upstream.ClusterLoad;
import mesh.proxy.upstream.ConnectSettings;
import mesh.proxy.upstream.Connector;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.EjectionLog;
import mesh.proxy.upstream.HealthChanges;
import mesh.proxy.upstream.OutlierDetector;
import mesh.proxy.upstream.OutlierMonitor;
import mesh.proxy.upstream.PeakLatency;
import mesh.proxy.upstream.Place;
import mesh.proxy.upstream.RetryBudget;
import mesh.proxy.upstream.Upstream;
import mesh.proxy.upstream.UpstreamCluster;
import mesh.proxy.upstream.WarmUp;
import mesh.time.Env;
import org.jboss.logging.Logger;

/**
 * Turns a snapshot into tables. What was alive in the tables before and is named again lives on: an endpoint with its connections and
 * counts, a breaker or a retry budget unless its policy has changed, a cluster's load. Nothing that traffic can see changes here.
 */
public final class TableCompiler {

    private static final Logger LOG = Logger.getLogger(TableCompiler.class);

    private final Env env;
    private final ProxyLoops loops;
    private final Connector connector;
    private final ProxyMetrics metrics;
    private final AccessLogs accessLogs;
    private final Tracers tracers;
    private final HealthCheckers checkers;
    private volatile Optional<Locality> here = Optional.empty();

    public TableCompiler(Env env, ProxyLoops loops, Connector connector, ProxyMetrics metrics, AccessLogs accessLogs, Tracers tracers) {
        this.env = env;
        this.loops = loops;
        this.connector = connector;
        this.metrics = metrics;
        this.accessLogs = accessLogs;
        this.tracers = tracers;
        this.checkers = new HealthCheckers(env, loops, connector);
    }

    /** Where the sidecar runs, for every snapshot from now on; empty for not known. */
    public void locate(Optional<Locality> locality) {
        here = locality;
    }

    /**
     * Compiles a snapshot.
     *
     * @param next has no {@link MeshSnapshot#problems}
     * @param now  what it will follow
     */
    public RuntimeTables compile(MeshSnapshot next, RuntimeTables now) {
        Map<String, UpstreamCluster> clusters = new LinkedHashMap<>();
        next.clusters().forEach((name, model) ->
            clusters.put(name, cluster(model, next.endpointsOf(name), now.clusters().get(name))));
        Limiters limiters = Limiters.of(next, now.limiters(), metrics, env.ticker());
        RouteHedges hedges = RouteHedges.of(next, now.hedges(), env.ticker());
        Map<Route, CompiledFilters> filters = CompiledFilters.of(next, clusters);
        Map<String, RouteIndex<CompiledRoute>> routes = new LinkedHashMap<>();
        next.routeTables().forEach((name, table) ->
            routes.put(name, RouteIndex.compile(table, route ->
                new CompiledRoute(route, clusters, limiters.of(route), hedges.of(route), filters.get(route)))));
        Map<String, ListenerTable> listeners = new LinkedHashMap<>();
        next.listeners().forEach((name, model) -> listeners.put(name, listener(model, clusters, routes, limiters.of(model))));
        return new RuntimeTables(next, listeners, clusters, limiters, hedges, HandOver.of(listeners.values()));
    }

    /** Tells every endpoint what is in force for it now, and retires those that nothing names any more. */
    public void settle(RuntimeTables now, RuntimeTables before) {
        Set<Upstream> named = new HashSet<>();
        Set<OutlierDetector> detectors = new HashSet<>();
        for (UpstreamCluster cluster : now.clusters().values()) {
            if (cluster.outliers() != null) {
                detectors.add(cluster.outliers());
                cluster.watch(loops.all().get(Math.floorMod(cluster.name().hashCode(), loops.count())));
            }
            for (Destination destination : cluster.destinations()) {
                destination.upstream().follow(destination);
                named.add(destination.upstream());
            }
        }
        for (UpstreamCluster cluster : before.clusters().values()) {
            if (cluster.outliers() != null && !detectors.contains(cluster.outliers())) cluster.outliers().end();
            for (Destination destination : cluster.destinations()) {
                if (!named.contains(destination.upstream())) destination.upstream().retire();
            }
        }
        // Last, for what they find out goes to what the endpoints follow.
        HealthCheckers.settle(now, before);
    }

    private UpstreamCluster cluster(Cluster model, List<Endpoint> endpoints, UpstreamCluster before) {
        ClusterLoad load = before == null ? new ClusterLoad(limit -> metrics.overflow(model.name(), limit.name())) : before.load();
        RetryBudgetPolicy budgeted = model.retries().budget();
        RetryBudget budget = before == null || !before.model().retries().budget().equals(budgeted)
            ? new RetryBudget(budgeted, env.ticker()) : before.budget();
        HealthChanges health = before == null ? new HealthChanges() : before.health();
        Map<Address, Destination> known = new LinkedHashMap<>();
        if (before != null) before.destinations().forEach(each -> known.put(each.upstream().address(), each));
        OutlierDetector outliers = outliers(model, before);
        boolean sameOutliers = before != null && outliers == before.outliers();
        boolean sameBreakers = before != null && before.model().circuitBreaker().equals(model.circuitBreaker());
        List<Destination> destinations = new ArrayList<>();
        for (Endpoint endpoint : endpoints) {
            Destination formerly = known.get(endpoint.address());
            Destination destination = destination(model, endpoint, load, health, formerly, sameBreakers)
                .at(Place.of(endpoint, here, model.balancing()), warmUp(model, formerly));
            OutlierMonitor outlier = formerly != null && sameOutliers ? formerly.outlier() : outlier(outliers, destination.upstream());
            destinations.add(checkers.watched(model, destination.with(outlier).with(endpoint.health()), formerly, load));
        }
        // The same list keeps the balancer and its turns: only what has changed begins anew.
        boolean same = before != null && before.destinations().equals(destinations) && before.model().balancer() == model.balancer()
            && before.model().hash().equals(model.hash()) && before.model().balancing().equals(model.balancing());
        Levels<Destination> balancer = same ? before.balancer() : new Levels<>(model, destinations, health::count,
            env.ticker(), env.random(), () -> metrics.panicked(model.name()), before == null ? null : before.balancer());
        return new UpstreamCluster(model, List.copyOf(destinations), balancer, health, load, outliers, budget, metrics.service(model.name()));
    }

    private OutlierDetector outliers(Cluster model, UpstreamCluster before) {
        OutlierPolicy policy = model.health().outliers().orElse(null);
        if (policy == null) return null;
        boolean same = before != null && before.model().health().outliers().equals(model.health().outliers());
        return same ? before.outliers() : new OutlierDetector(policy, env.ticker(), env.random());
    }

    private static OutlierMonitor outlier(OutlierDetector detector, Upstream upstream) {
        return detector == null ? null : detector.watch(new EjectionLog(upstream));
    }

    /** Who was there before slow start was asked for is not new. */
    private WarmUp warmUp(Cluster model, Destination before) {
        SlowStart policy = model.balancing().slowStart().orElse(null);
        if (policy == null) return null;
        if (before == null) return WarmUp.fromNow(policy, env.ticker());
        return before.warmUp() == null ? WarmUp.over(policy, env.ticker()) : before.warmUp().under(policy);
    }

    private Destination destination(
        Cluster model, Endpoint endpoint, ClusterLoad load, HealthChanges health, Destination before, boolean sameBreakers) {
        Upstream upstream = before != null
            ? before.upstream()
            : new Upstream(model.name(), endpoint.address(), loops.all(), load, health, connector, metrics);
        ConnectSettings settings = settings(model, endpoint);
        CircuitBreaker breaker = before != null && sameBreakers ? before.breaker() : breaker(model, upstream);
        PeakLatency peak = before == null ? null : before.peak();
        if (model.balancer() != BalancerKind.PEAK_EWMA) peak = null;
        else if (peak == null) peak = new PeakLatency(env.ticker());
        return new Destination(upstream, endpoint.weight(), settings, breaker, peak);
    }

    /** An endpoint that names its identity is dialled with mTLS to exactly that one, others as the cluster says. */
    private static ConnectSettings settings(Cluster model, Endpoint endpoint) {
        return new ConnectSettings(
            endpoint.spiffeId().map(Set::of).or(() -> model.tls().map(UpstreamTls::expect)), model.connections(),
            model.announces().orElse(null), null, null);
    }

    private CircuitBreaker breaker(Cluster model, Upstream upstream) {
        CircuitBreakerPolicy policy = model.circuitBreaker().orElse(null);
        if (policy == null) return null;
        return new CircuitBreaker(policy, env.ticker(), env.random(), (from, to, failures, window) -> {
            upstream.breakerChanged(to);
            logChange(upstream, policy, to, failures, window);
        });
    }

    private static void logChange(
        Upstream upstream, CircuitBreakerPolicy policy, CircuitBreaker.State to, int failures, int window) {
        switch (to) {
            case OPEN -> LOG.warnf("circuit opened: %s, %d of %d failed (threshold %s), again in %s",
                upstream, failures, window, policy.failureThreshold(), Durations.format(policy.resetTimeout()));
            case HALF_OPEN -> LOG.infof("circuit half-open: %s, one probe", upstream);
            case CLOSED -> LOG.infof("circuit closed: %s", upstream);
        }
    }

    private ListenerTable listener(
        Listener model, Map<String, UpstreamCluster> clusters, Map<String, RouteIndex<CompiledRoute>> routes, RateLimiter limiter) {
        ListenerTable.Traffic traffic;
        if (model.traffic() instanceof Listener.HttpTraffic http) {
            boolean owns = !http.service().isEmpty();
            String label = owns ? http.service() : model.name();
            ListenerLimits limits = model.limits();
            traffic = new ListenerTable.Http(routes.get(http.routeTable()), label, metrics.service(label), owns, limiter, limits.trustedHops(),
                limits.maxBodyBytes() == 0 ? CompiledRoute.NO_LIMIT : limits.maxBodyBytes(), CodecLimits.of(limits.http()), accessLogs.of(model),
                tracers.of(model), AccessGate.of(model.access()),
                http.detection().map(detection -> new DetectedRoutes(detection, clusters)).orElse(null));
        } else {
            Listener.TcpTraffic tcp = (Listener.TcpTraffic) model.traffic();
            traffic = new ListenerTable.Tcp(clusters.get(tcp.cluster()), tcp.hash().orElse(null));
        }
        return new ListenerTable(model, metrics.listener(model.name()), traffic);
    }
}
