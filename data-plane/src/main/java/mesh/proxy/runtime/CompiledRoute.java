package mesh.proxy.runtime;

import java.time.Duration;
import java.util.Map;
import java.util.random.RandomGenerator;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.proxy.filter.Location;
import mesh.proxy.limit.RateLimiter;
import mesh.proxy.upstream.UpstreamCluster;

/** A route with its clusters found and its durations counted out. Any event loop. */
public final class CompiledRoute {

    /** What stands for no limit: as a time some 146 years, which can still be added to any moment. */
    public static final long NO_LIMIT = Long.MAX_VALUE / 2;

    private final Route model;
    private final UpstreamCluster[] clusters;
    /** Where each cluster's share ends, in sums of weights. */
    private final int[] shares;
    private final String hostRewrite;
    private final long requestNanos;
    private final long idleNanos;
    private final long perTryNanos;
    private final long perTryIdleNanos;
    private final long streamNanos;
    private final long grpcMaxNanos;
    private final RateLimiter limiter;
    private final RouteHedge hedge;
    private final CompiledFilters filters;
    private final Location location;
    private final RouteKey key;

    /**
     * @param limiter null for none
     * @param hedge   null for none
     * @param filters null for none
     */
    CompiledRoute(Route model, Map<String, UpstreamCluster> known, RateLimiter limiter, RouteHedge hedge, CompiledFilters filters) {
        this.model = model;
        this.filters = filters;
        this.location = model.action() instanceof Route.Redirect redirect ? new Location(redirect, model.match()) : null;
        this.limiter = limiter;
        this.key = model.hash().isEmpty() ? null : new RouteKey(model.hash());
        this.hedge = hedge;
        this.hostRewrite = model.hostRewrite().orElse(null);
        this.requestNanos = nanos(model.timeouts().request());
        this.idleNanos = nanos(model.timeouts().idle());
        this.perTryNanos = nanos(model.retry().perTryTimeout());
        this.perTryIdleNanos = nanos(model.retry().perTryIdleTimeout());
        this.streamNanos = nanos(model.timeouts().stream());
        this.grpcMaxNanos = nanos(model.timeouts().grpcMax());
        if (model.action() instanceof Route.ToCluster to) {
            clusters = new UpstreamCluster[] {known.get(to.cluster())};
            shares = new int[] {1};
        } else if (model.action() instanceof Route.ToWeightedClusters to) {
            clusters = to.clusters().stream().map(each -> known.get(each.cluster())).toArray(UpstreamCluster[]::new);
            shares = to.clusters().stream().mapToInt(Route.WeightedCluster::weight).toArray();
            for (int i = 1; i < shares.length; i++) shares[i] = Math.addExact(shares[i], shares[i - 1]);
        } else {
            clusters = new UpstreamCluster[0];
            shares = new int[0];
        }
    }

    public String name() {
        return model.name();
    }

    /** What the sidecar answers itself, or null. */
    public Route.DirectReply reply() {
        return model.action() instanceof Route.DirectReply reply ? reply : null;
    }

    /** Where its clients are sent, or null. */
    public Location location() {
        return location;
    }

    /** What is done to its requests and answers on their way; null for nothing. */
    public CompiledFilters filters() {
        return filters;
    }

    /** Where this request goes; only without a {@link #reply} and a {@link #location}. */
    public UpstreamCluster cluster(RandomGenerator random) {
        if (clusters.length == 1) return clusters[0];
        int drawn = random.nextInt(shares[shares.length - 1]);
        int i = 0;
        while (drawn >= shares[i]) i++;
        return clusters[i];
    }

    /** Of its requests; null for none. */
    public RateLimiter limiter() {
        return limiter;
    }

    /** When its requests are sent twice; null for never. */
    public RouteHedge hedge() {
        return hedge;
    }

    /** What its requests go by where their cluster goes by keys; null for nothing. */
    public RouteKey key() {
        return key;
    }

    /** Of a request's body at most. @param otherwise where the route says nothing */
    public long bodyBytes(long otherwise) {
        long own = model.limits().maxBodyBytes();
        return own == 0 ? otherwise : own;
    }

    public RetryPolicy retry() {
        return model.retry();
    }

    /** The Host to send, or null to leave it. */
    public String hostRewrite() {
        return hostRewrite;
    }

    /** The whole request; 146 years for no limit, as the two below. */
    public long requestNanos() {
        return requestNanos;
    }

    /** The longest silence. */
    public long idleNanos() {
        return idleNanos;
    }

    /** From one try's beginning to its answer's head. */
    public long perTryNanos() {
        return perTryNanos;
    }

    /** The longest silence of one try's upstream, once the request is there as a whole. */
    public long perTryIdleNanos() {
        return perTryIdleNanos;
    }

    /** The whole request, also where {@link #requestNanos} does not hold for it. */
    public long streamNanos() {
        return streamNanos;
    }

    /** The most that a call's {@code grpc-timeout} may ask for. */
    public long grpcMaxNanos() {
        return grpcMaxNanos;
    }

    private static long nanos(Duration limit) {
        return limit.isZero() ? NO_LIMIT : limit.toNanos();
    }
}
