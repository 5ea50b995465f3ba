package mesh.proxy.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import mesh.model.Address;
import mesh.model.ConnectionPolicy;
import mesh.model.EndpointHealth;
import mesh.model.Locality;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.HealthChecker;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * {@code /clusters} and {@code /listeners} as Envoy prints them, for tools that read those: text with one fact a line, or JSON of its
 * {@code Clusters} and {@code Listeners} messages. What Envoy counts and we do not is left out.
 */
final class EnvoyPages {

    static final List<String> PARAMETERS = List.of("format");

    private EnvoyPages() {}

    static AdminServer.Content clusters(SidecarView sidecar, Query query) {
        Map<String, UpstreamCluster> clusters = new TreeMap<>(sidecar.tables().clusters());
        if (isJson(query)) {
            JsonArray statuses = new JsonArray();
            clusters.values().forEach(each -> statuses.add(clusterJson(each)));
            return AdminServer.Content.json(new JsonObject().put("cluster_statuses", statuses));
        }
        StringBuilder text = new StringBuilder();
        clusters.values().forEach(each -> clusterText(text, each));
        return AdminServer.Content.text(text.toString());
    }

    static AdminServer.Content listeners(SidecarView sidecar, Query query) {
        Map<String, Address> bound = new TreeMap<>(sidecar.bound());
        if (isJson(query)) {
            JsonArray statuses = new JsonArray();
            bound.forEach((name, address) -> statuses.add(new JsonObject().put("name", name).put("local_address", address(address))));
            return AdminServer.Content.json(new JsonObject().put("listener_statuses", statuses));
        }
        StringBuilder text = new StringBuilder();
        bound.forEach((name, address) -> text.append(name).append("::").append(address).append('\n'));
        return AdminServer.Content.text(text.toString());
    }

    private static boolean isJson(Query query) {
        return query.choice("format", "text", "json").equals("json");
    }

    private static void clusterText(StringBuilder text, UpstreamCluster cluster) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("observability_name", cluster.name());
        limits(cluster).forEach((limit, most) -> facts.put("default_priority::" + limit, most));
        facts.put("added_via_api", true);
        facts.forEach((name, value) -> line(text, cluster.name(), name, value));
        for (Destination each : cluster.destinations()) {
            String host = cluster.name() + "::" + each.upstream().address();
            stats(each).forEach((name, value) -> line(text, host, name, value));
            line(text, host, "hostname", each.upstream().address().host());
            line(text, host, "health_flags", healthFlags(each));
            line(text, host, "weight", each.weight());
            line(text, host, "region", each.place().locality().map(Locality::region).orElse(""));
            line(text, host, "zone", each.place().locality().map(Locality::zone).orElse(""));
            line(text, host, "sub_zone", each.place().locality().map(Locality::subZone).orElse(""));
            line(text, host, "priority", each.place().priority());
            line(text, host, "circuit", Pages.circuit(each));
        }
    }

    private static void line(StringBuilder text, String of, String name, Object value) {
        text.append(of).append("::").append(name).append("::").append(value).append('\n');
    }

    private static String healthFlags(Destination destination) {
        List<String> flags = new ArrayList<>();
        if (isFailed(destination)) flags.add("/failed_active_hc");
        if (isEjected(destination)) flags.add("/failed_outlier_check");
        if (destination.known() == EndpointHealth.UNHEALTHY) flags.add("/failed_eds_health");
        if (isPending(destination)) flags.add("/pending_active_hc");
        if (destination.known() == EndpointHealth.DRAINING) flags.add("/eds_status_draining");
        return flags.isEmpty() ? "healthy" : String.join("", flags);
    }

    private static JsonObject clusterJson(UpstreamCluster cluster) {
        JsonArray hosts = new JsonArray();
        cluster.destinations().forEach(each -> hosts.add(hostJson(each)));
        JsonObject thresholds = new JsonObject().put("priority", "DEFAULT");
        limits(cluster).forEach(thresholds::put);
        return new JsonObject()
            .put("name", cluster.name())
            .put("added_via_api", true)
            .put("host_statuses", hosts)
            .put("circuit_breakers", new JsonObject().put("thresholds", new JsonArray().add(thresholds)))
            .put("observability_name", cluster.name());
    }

    private static JsonObject hostJson(Destination destination) {
        JsonArray stats = new JsonArray();
        // Protobuf writes numbers of 64 bits as text.
        stats(destination).forEach((name, value) -> stats.add(new JsonObject().put("type", "GAUGE").put("name", name).put("value", value.toString())));
        JsonObject health = new JsonObject().put("eds_health_status", destination.known().name());
        if (isFailed(destination)) health.put("failed_active_health_check", true);
        if (isEjected(destination)) health.put("failed_outlier_check", true);
        if (isPending(destination)) health.put("pending_active_hc", true);
        JsonObject json = new JsonObject()
            .put("address", address(destination.upstream().address()))
            .put("stats", stats)
            .put("health_status", health)
            .put("weight", destination.weight())
            .put("hostname", destination.upstream().address().host());
        destination.place().locality().ifPresent(where -> json.put("locality", new JsonObject()
            .put("region", where.region()).put("zone", where.zone()).put("sub_zone", where.subZone())));
        if (destination.place().priority() > 0) json.put("priority", destination.place().priority());
        return json;
    }

    private static Map<String, Integer> limits(UpstreamCluster cluster) {
        ConnectionPolicy policy = cluster.model().connections();
        Map<String, Integer> limits = new LinkedHashMap<>();
        limits.put("max_connections", policy.maxConnections());
        limits.put("max_pending_requests", policy.maxPendingRequests());
        limits.put("max_requests", policy.maxRequests());
        if (cluster.model().retries().maxRetries() > 0) limits.put("max_retries", cluster.model().retries().maxRetries());
        return limits;
    }

    private static Map<String, Integer> stats(Destination destination) {
        Map<String, Integer> stats = new LinkedHashMap<>();
        stats.put("cx_active", destination.upstream().connections());
        stats.put("rq_active", destination.inFlight());
        return stats;
    }

    private static boolean isFailed(Destination destination) {
        return destination.checker() != null && destination.checker().view().state() == HealthChecker.State.UNHEALTHY;
    }

    private static boolean isPending(Destination destination) {
        return destination.checker() != null && destination.checker().view().state() == HealthChecker.State.PENDING;
    }

    private static boolean isEjected(Destination destination) {
        return destination.outlier() != null && destination.outlier().isEjected();
    }

    private static JsonObject address(Address address) {
        return new JsonObject().put("socket_address", new JsonObject().put("address", address.host()).put("port_value", address.port()));
    }
}
