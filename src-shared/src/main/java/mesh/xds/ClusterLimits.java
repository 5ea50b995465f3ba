package mesh.xds;

import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.type.v3.Percent;
import java.util.Set;
import mesh.model.ConnectionPolicy;
import mesh.model.RetryBudgetPolicy;
import mesh.model.RetryLimits;
import mesh.v1.ClusterPolicy;
import mesh.v1.RetryBudget;

/**
 * A cluster's limits, Envoy's {@code circuit_breakers}. Its retry budget is one of retries under way, and takes the place of its
 * {@code max_retries}; ours is one of requests in a while, and stands beside it. So an Envoy is told the cap where there is one, and else a
 * budget of our numbers, which is the nearest; what that does not say of ours travels as {@code mesh.v1.RetryBudget}.
 */
final class ClusterLimits {

    private static final Set<String> THRESHOLD_FIELDS =
        Set.of("priority", "max_connections", "max_pending_requests", "max_requests", "max_retries", "retry_budget", "track_remaining");

    /** Envoy's, when the fields are absent. */
    private static final int ENVOY_LIMIT = 1024;
    private static final int ENVOY_RETRIES = 3;
    private static final double ENVOY_BUDGET_PERCENT = 20;
    private static final int ENVOY_MIN_RETRY_CONCURRENCY = 3;

    private ClusterLimits() {}

    static CircuitBreakers encode(ConnectionPolicy connections, RetryLimits retries) {
        Thresholds.Builder limits = Thresholds.newBuilder()
            .setMaxConnections(Wire.uint32(connections.maxConnections()))
            .setMaxPendingRequests(Wire.uint32(connections.maxPendingRequests()))
            .setMaxRequests(Wire.uint32(connections.maxRequests()));
        if (retries.maxRetries() > 0) limits.setMaxRetries(Wire.uint32(retries.maxRetries()));
        else limits.setRetryBudget(encode(retries.budget()));
        return CircuitBreakers.newBuilder().addThresholds(limits).build();
    }

    private static Thresholds.RetryBudget encode(RetryBudgetPolicy budget) {
        return Thresholds.RetryBudget.newBuilder()
            .setBudgetPercent(Percent.newBuilder().setValue(Math.min(100, budget.ratio() * 100)))
            .setMinRetryConcurrency(Wire.uint32(budget.minPerSecond())).build();
    }

    /** Adds to it what Envoy's own fields do not say. */
    static void encode(ConnectionPolicy connections, RetryLimits retries, ClusterPolicy.Builder policy) {
        Thresholds said = encode(connections, retries).getThresholds(0);
        if (budget(said).equals(retries.budget())) return;
        policy.setRetryBudget(RetryBudget.newBuilder()
            .setRatio(retries.budget().ratio()).setMinPerSecond(retries.budget().minPerSecond()).setTtl(Wire.duration(retries.budget().ttl())));
    }

    /** The one threshold that may be there. */
    static Thresholds thresholds(CircuitBreakers message, Reading reading) {
        reading.only(message, Set.of("thresholds"));
        Thresholds limits = Thresholds.getDefaultInstance();
        for (int i = 0; i < message.getThresholdsCount(); i++) {
            limits = message.getThresholds(i);
            Reading at = reading.at("thresholds", i);
            at.only(limits, THRESHOLD_FIELDS);
            at.at("retry_budget").only(limits.getRetryBudget(), Set.of("budget_percent", "min_retry_concurrency"));
            if (i > 0 || limits.getPriority() != RoutingPriority.DEFAULT) {
                at.problem("is a second or not the default priority (expected: one threshold, of priority DEFAULT)");
            }
        }
        return limits;
    }

    static int connections(Thresholds limits) {
        return limits.hasMaxConnections() ? limits.getMaxConnections().getValue() : ENVOY_LIMIT;
    }

    static int pending(Thresholds limits) {
        return limits.hasMaxPendingRequests() ? limits.getMaxPendingRequests().getValue() : ENVOY_LIMIT;
    }

    static int requests(Thresholds limits) {
        return limits.hasMaxRequests() ? limits.getMaxRequests().getValue() : ENVOY_LIMIT;
    }

    /** Null after a problem. */
    static RetryLimits retries(Thresholds limits, ClusterPolicy policy, Reading cluster) {
        // As with an Envoy: its budget takes the place of its cap.
        int most = limits.hasRetryBudget() ? 0 : limits.hasMaxRetries() ? limits.getMaxRetries().getValue() : ENVOY_RETRIES;
        Reading at = policy.hasRetryBudget() ? MeshPolicy.at(cluster).at("retry_budget") : cluster.at("circuit_breakers");
        RetryBudgetPolicy budget = at.check(() -> policy.hasRetryBudget() ? budget(policy.getRetryBudget(), at) : budget(limits));
        return budget == null ? null : cluster.at("circuit_breakers").check(() -> new RetryLimits(budget, most));
    }

    private static RetryBudgetPolicy budget(RetryBudget m, Reading reading) {
        RetryBudgetPolicy normal = RetryBudgetPolicy.DEFAULT;
        return new RetryBudgetPolicy(m.hasRatio() ? m.getRatio() : normal.ratio(), m.hasMinPerSecond() ? m.getMinPerSecond() : normal.minPerSecond(),
            m.hasTtl() ? reading.at("ttl").duration(m.getTtl(), normal.ttl()) : normal.ttl());
    }

    private static RetryBudgetPolicy budget(Thresholds limits) {
        if (!limits.hasRetryBudget()) return RetryBudgetPolicy.DEFAULT;
        Thresholds.RetryBudget m = limits.getRetryBudget();
        return new RetryBudgetPolicy((m.hasBudgetPercent() ? m.getBudgetPercent().getValue() : ENVOY_BUDGET_PERCENT) / 100,
            m.hasMinRetryConcurrency() ? m.getMinRetryConcurrency().getValue() : ENVOY_MIN_RETRY_CONCURRENCY, RetryBudgetPolicy.DEFAULT.ttl());
    }
}
