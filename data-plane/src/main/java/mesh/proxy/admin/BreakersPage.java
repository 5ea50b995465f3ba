package mesh.proxy.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Locale;
import mesh.model.BreakerFailure;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Durations;
import mesh.proxy.upstream.CircuitBreaker;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.UpstreamCluster;

/** {@code /breakers}: every cluster that has breakers, by what they count, and how each of its endpoints stands. */
final class BreakersPage {

    private BreakersPage() {}

    static JsonObject of(SidecarView sidecar) {
        JsonObject json = new JsonObject();
        sidecar.tables().clusters().forEach((name, cluster) ->
            cluster.model().circuitBreaker().ifPresent(policy -> json.put(name, cluster(policy, cluster))));
        return json;
    }

    private static JsonObject cluster(CircuitBreakerPolicy policy, UpstreamCluster cluster) {
        JsonArray endpoints = new JsonArray();
        cluster.destinations().forEach(each -> endpoints.add(endpoint(each)));
        return new JsonObject()
            .put("window", policy.windowSize())
            .put("threshold", policy.failureThreshold())
            .put("reset_timeout", Durations.format(policy.resetTimeout()))
            .put("failures", new JsonArray(policy.failures().stream().sorted().map(BreakerFailure::text).toList()))
            .put("endpoints", endpoints);
    }

    private static JsonObject endpoint(Destination destination) {
        CircuitBreaker.View view = destination.breaker().view();
        JsonObject json = new JsonObject()
            .put("address", destination.upstream().address().toString())
            .put("state", view.state().name().toLowerCase(Locale.ROOT));
        if (view.state() == CircuitBreaker.State.CLOSED) {
            json.put("failed", view.failures()).put("of", view.recorded());
        } else if (view.state() == CircuitBreaker.State.OPEN) {
            json.put("probe_in", Durations.format(Duration.ofMillis(Duration.ofNanos(view.nanosToProbe()).toMillis())));
        }
        return json;
    }
}
