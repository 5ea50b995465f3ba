package mesh.proxy.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import mesh.model.DownstreamTls;
import mesh.model.EndpointHealth;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.proxy.upstream.CircuitBreaker;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.HealthChecker;
import mesh.proxy.upstream.Place;
import mesh.proxy.upstream.UpstreamCluster;

/** What each admin page says, as JSON, in our own words. */
final class Pages {

    private final SidecarView sidecar;
    private final String node;
    private final InstantSource clock;
    private final BooleanSupplier ready;
    private final Instant started;

    Pages(SidecarView sidecar, String node, InstantSource clock, BooleanSupplier ready) {
        this.sidecar = sidecar;
        this.node = node;
        this.clock = clock;
        this.ready = ready;
        this.started = clock.instant();
    }

    /** The configuration in force as it runs: routes in the order in which they are tried, and what is alive with its state. */
    JsonObject snapshot() {
        MeshSnapshot snapshot = sidecar.tables().snapshot();
        JsonObject json = new JsonObject().put("version", snapshot.version()).put("config_stale", sidecar.cachedAt().isPresent());
        sidecar.cachedAt().ifPresent(at -> json.put("config_cached_at", at.toString()));
        JsonObject tables = new JsonObject();
        snapshot.routeTables().forEach((name, table) -> tables.put(name, RecordJson.of(table.listed().virtualHosts())));
        return json.put("listeners", listeners()).put("route_tables", tables).put("clusters", clusters());
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
            .put("levels", levels(cluster))
            .put("endpoints", endpoints);
    }

    private static JsonArray levels(UpstreamCluster cluster) {
        JsonArray levels = new JsonArray();
        cluster.balancer().views().forEach(each -> levels.add(new JsonObject()
            .put("level", Place.text(each.level()))
            .put("endpoints", each.hosts())
            .put("healthy", each.healthy())
            .put("percent", each.percent())
            .put("panic", each.inPanic())));
        return levels;
    }

    private static JsonObject endpoint(Destination destination) {
        JsonObject json = new JsonObject()
            .put("address", destination.upstream().address().toString())
            .put("weight", destination.weight())
            .put("in_flight", destination.inFlight())
            .put("circuit", circuit(destination));
        destination.place().locality().ifPresent(locality -> json.put("locality", locality.toString()));
        if (destination.place().priority() > 0) json.put("priority", destination.place().priority());
        if (destination.share() < 1) json.put("slow_start", destination.share());
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

    static String circuit(Destination destination) {
        CircuitBreaker breaker = destination.breaker();
        return breaker == null ? "none" : breaker.state().name().toLowerCase(Locale.ROOT);
    }

    JsonObject listeners() {
        JsonObject json = new JsonObject();
        var bound = sidecar.bound();
        sidecar.tables().listeners().forEach((name, table) -> json.put(name, new JsonObject()
            .put("address", String.valueOf(bound.get(name)))
            .put("mtls", table.model().tls().isPresent())
            .put("mode", table.model().tls().map(tls -> tls.mode().text()).orElse(DownstreamTls.Mode.DISABLE))
            .put("traffic", table.model().traffic() instanceof Listener.HttpTraffic http && http.detection().isPresent() ? "auto"
                : table.traffic().getClass().getSimpleName().toLowerCase(Locale.ROOT))
            .put("decided_by", table.model().traffic() instanceof Listener.HttpTraffic http ? http.routeTable()
                : ((Listener.TcpTraffic) table.model().traffic()).cluster())));
        return json;
    }

    JsonObject plaintext() {
        JsonArray callers = new JsonArray();
        sidecar.plaintext().list().forEach(each -> callers.add(RecordJson.of(each)));
        return new JsonObject().put("callers", callers).put("others", sidecar.plaintext().others());
    }

    JsonObject certs() {
        JsonObject json = new JsonObject();
        sidecar.identity().ifPresent(svid -> json.put("svid", new JsonObject()
            .put("id", svid.id().toString())
            .put("expires_in", untilText(svid.leaf().getNotAfter().toInstant()))
            .put("chain", RecordJson.of(svid.chain()))));
        sidecar.trust().ifPresent(trust -> json.put("trust_bundle", RecordJson.of(trust.own())).put("federation", RecordJson.of(trust.federated())));
        JsonObject own = new JsonObject().put("ca_cert", new JsonArray()).put("cert_chain", new JsonArray());
        sidecar.trust().ifPresent(trust -> trust.all().stream().flatMap(bundle -> bundle.authorities().stream())
            .forEach(each -> own.getJsonArray("ca_cert").add(certificate(each))));
        sidecar.identity().ifPresent(svid -> {
            svid.chain().forEach(each -> own.getJsonArray("cert_chain").add(certificate(each)));
            own.getJsonArray("cert_chain").getJsonObject(0)
                .put("subject_alt_names", new JsonArray().add(new JsonObject().put("uri", svid.id().toString())));
        });
        return json.put("certificates", new JsonArray().add(own));
    }

    /** As Envoy tells it. */
    private JsonObject certificate(X509Certificate certificate) {
        Instant end = certificate.getNotAfter().toInstant();
        return new JsonObject()
            .put("serial_number", certificate.getSerialNumber().toString(16))
            .put("days_until_expiration", Long.toString(Math.max(0, Duration.between(clock.instant(), end).toDays())))
            .put("valid_from", certificate.getNotBefore().toInstant().toString())
            .put("expiration_time", end.toString());
    }

    /** Envoy's fields first, then our own. */
    JsonObject serverInfo() {
        String uptime = Duration.between(started, clock.instant()).toSeconds() + "s";
        JsonObject json = new JsonObject()
            .put("version", "0.1.0")
            .put("state", sidecar.draining() ? "DRAINING" : ready.getAsBoolean() ? "LIVE" : "INITIALIZING")
            .put("uptime_current_epoch", uptime)
            .put("uptime_all_epochs", uptime)
            .put("node", new JsonObject().put("id", node))
            .put("config_version", sidecar.tables().snapshot().version())
            .put("config_stale", sidecar.cachedAt().isPresent());
        sidecar.cachedAt().ifPresent(at -> json.put("config_cached_at", at.toString()));
        return json
            .put("connections", sidecar.connections())
            .put("java", System.getProperty("java.version"));
    }

    private String untilText(Instant end) {
        Duration left = Duration.between(clock.instant(), end);
        return left.isNegative() ? "expired" : left.toHours() + "h" + left.toMinutesPart() + "m" + left.toSecondsPart() + "s";
    }
}
