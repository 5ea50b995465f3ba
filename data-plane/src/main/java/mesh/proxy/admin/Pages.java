package mesh.proxy.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import mesh.model.EndpointHealth;
import mesh.proxy.upstream.CircuitBreaker;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.HealthChecker;
import mesh.proxy.upstream.UpstreamCluster;

/** What each admin page says, as JSON. */
final class Pages {

    private final SidecarView sidecar;
    private final InstantSource clock;
    private final Instant started;

    Pages(SidecarView sidecar, InstantSource clock) {
        this.sidecar = sidecar;
        this.clock = clock;
        this.started = clock.instant();
    }

    JsonObject configDump() {
        return (JsonObject) RecordJson.of(sidecar.tables().snapshot());
    }

    JsonObject clusters() {
        JsonObject json = new JsonObject();
        sidecar.tables().clusters().forEach((name, cluster) -> json.put(name, cluster(cluster)));
        return json;
    }

    private static JsonObject cluster(UpstreamCluster cluster) {
        JsonArray endpoints = new JsonArray();
        cluster.destinations().forEach(each -> endpoints.add(endpoint(each)));
        return new JsonObject()
            .put("balancer", cluster.model().balancer().text())
            .put("requests", cluster.load().requests())
            .put("connections", cluster.load().connections())
            .put("pending", cluster.load().pending())
            .put("retries", cluster.load().retries())
            .put("retry_budget", cluster.budget().balance())
            .put("endpoints", endpoints);
    }

    private static JsonObject endpoint(Destination destination) {
        JsonObject json = new JsonObject()
            .put("address", destination.upstream().address().toString())
            .put("weight", destination.weight())
            .put("in_flight", destination.inFlight())
            .put("circuit", circuit(destination));
        if (destination.outlier() != null) json.put("ejected", destination.outlier().isEjected());
        if (destination.known() != EndpointHealth.HEALTHY) json.put("configured_health", destination.known().text());
        if (destination.checker() != null) json.put("health_check", health(destination.checker().view()));
        destination.settings().expect().ifPresent(ids -> json.put("mtls", ids.isEmpty() ? "any" : RecordJson.of(ids)));
        return json;
    }

    private static JsonObject health(HealthChecker.View view) {
        return new JsonObject()
            .put("state", view.state().name().toLowerCase(Locale.ROOT))
            .put("passed", view.passed())
            .put("failed", view.failed())
            .put("last", view.last());
    }

    private static String circuit(Destination destination) {
        CircuitBreaker breaker = destination.breaker();
        return breaker == null ? "none" : breaker.state().name().toLowerCase(Locale.ROOT);
    }

    JsonObject listeners() {
        JsonObject json = new JsonObject();
        var bound = sidecar.bound();
        sidecar.tables().listeners().forEach((name, table) -> json.put(name, new JsonObject()
            .put("address", String.valueOf(bound.get(name)))
            .put("mtls", table.model().tls().isPresent())
            .put("traffic", table.traffic().getClass().getSimpleName().toLowerCase(Locale.ROOT))));
        return json;
    }

    JsonObject certs() {
        JsonObject json = new JsonObject();
        sidecar.identity().ifPresent(svid -> json.put("svid", new JsonObject()
            .put("id", svid.id().toString())
            .put("expires_in", untilText(svid.leaf().getNotAfter().toInstant()))
            .put("chain", RecordJson.of(svid.chain()))));
        sidecar.trust().ifPresent(trust -> json.put("trust_bundle", RecordJson.of(trust)));
        return json;
    }

    JsonObject serverInfo() {
        JsonObject json = new JsonObject()
            .put("version", "0.1.0")
            .put("state", sidecar.draining() ? "DRAINING" : "LIVE")
            .put("config_version", sidecar.tables().snapshot().version())
            .put("config_stale", sidecar.cachedAt().isPresent());
        sidecar.cachedAt().ifPresent(at -> json.put("config_cached_at", at.toString()));
        return json
            .put("connections", sidecar.connections())
            .put("uptime_seconds", Duration.between(started, clock.instant()).toSeconds())
            .put("java", System.getProperty("java.version"));
    }

    private String untilText(Instant end) {
        Duration left = Duration.between(clock.instant(), end);
        return left.isNegative() ? "expired" : left.toHours() + "h" + left.toMinutesPart() + "m" + left.toSecondsPart() + "s";
    }
}
