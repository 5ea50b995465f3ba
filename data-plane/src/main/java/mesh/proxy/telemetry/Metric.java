package mesh.proxy.telemetry;

import io.prometheus.client.Collector;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** Every series that the sidecar exposes: its name, its labels and what it says. One place to add one, and the table that users read. */
public enum Metric {
    REQUESTS("mesh_requests_total", Collector.Type.COUNTER, "Requests answered", "service", "status"),
    REQUEST_DURATION("mesh_request_duration_seconds", Collector.Type.SUMMARY,
        "From a request's head to the end of its answer; quantiles over the last minute", "service"),
    REQUEST_LATENCY("mesh_request_latency_seconds", Collector.Type.HISTOGRAM, "The same durations in buckets, which can be added up", "service"),
    UPSTREAM_CONNECTIONS("mesh_upstream_active_connections", Collector.Type.GAUGE, "Open connections to an endpoint", "upstream"),
    BREAKER_STATE("mesh_circuit_breaker_state", Collector.Type.GAUGE, "0 closed, 1 open or half-open", "upstream"),
    BREAKER_TRANSITIONS("mesh_circuit_breaker_transitions_total", Collector.Type.COUNTER, "Changes of a breaker's state", "upstream", "to"),
    OUTLIER_EJECTIONS("mesh_outlier_ejections_total", Collector.Type.COUNTER, "Times an endpoint was left out for doing badly", "upstream", "reason"),
    OUTLIER_EJECTIONS_ACTIVE("mesh_outlier_ejections_active", Collector.Type.GAUGE, "1 while an endpoint is left out", "upstream"),
    HEALTH_CHECKS("mesh_health_checks_total", Collector.Type.COUNTER,
        "Health checks of an endpoint: success, failure where it said so, network_failure where it said nothing", "upstream", "result"),
    UPSTREAM_HEALTHY("mesh_upstream_healthy", Collector.Type.GAUGE, "1 while an endpoint passes its health checks", "upstream"),
    CONNECTIONS("mesh_connections_total", Collector.Type.COUNTER, "Connections accepted", "listener"),
    CONNECTIONS_REFUSED("mesh_connections_refused_total", Collector.Type.COUNTER, "Connections over the listener's limit, closed as they came", "listener"),
    STOPPED("mesh_clients_stopped_total", Collector.Type.COUNTER,
        "Times that a client was stopped for what it broke or cost: its connection was ended, or its request where only that was at fault",
        "listener", "reason"),
    ACTIVE_CONNECTIONS("mesh_active_connections", Collector.Type.GAUGE, "Connections of clients that are open", "listener"),
    BYTES("mesh_bytes_total", Collector.Type.COUNTER, "Bytes on clients' connections as they are on the wire; in is from the client", "listener", "direction"),
    RETRIES("mesh_retries_total", Collector.Type.COUNTER,
        "Further tries that a policy asked for: retried, or not because of no_attempts left, overflow of the cluster's maxRetries, no_budget, no_time, or no_replay of a body too large", "outcome"),
    RETRY_BUDGET("mesh_retry_budget_balance", Collector.Type.GAUGE, "Retries that a cluster's budget would pay for now", "cluster"),
    CLUSTER_OVERFLOW("mesh_cluster_overflow_total", Collector.Type.COUNTER,
        "Times a limit of a cluster was reached: connections, after which requests wait, pending_requests, requests or retries", "cluster", "limit"),
    CLUSTER_PANIC("mesh_cluster_panic_total", Collector.Type.COUNTER,
        "Endpoints chosen while too few of a cluster's were healthy, so that health was ignored", "cluster"),
    RATE_LIMITED("mesh_rate_limited_total", Collector.Type.COUNTER,
        "Requests over a rate limit: refused, or shadow where they were let through; scope is listener or route", "scope", "name", "outcome"),
    RATE_LIMIT_SHARED("mesh_rate_limit_shared_total", Collector.Type.COUNTER,
        "Requests judged by a bucket that their client had to share, for there were more clients than buckets", "scope", "name"),
    HEDGES("mesh_hedges_total", Collector.Type.COUNTER,
        "Second tries beside a slow first one: won, lost, failed, abandoned, or not made because of no_budget, no_endpoint or no_replay", "outcome"),
    FAULTS("mesh_faults_injected_total", Collector.Type.COUNTER, "Requests that were delayed or aborted on purpose", "kind"),
    MIRRORED("mesh_mirrored_total", Collector.Type.COUNTER,
        "Copies of requests: answered or failed, or not sent because of overflow, no_endpoint, too_large or incomplete", "outcome"),
    HANDSHAKES("mesh_tls_handshakes_total", Collector.Type.COUNTER, "TLS handshakes with peers", "side", "result", "reason"),
    DISMISSED("mesh_connections_dismissed_total", Collector.Type.COUNTER,
        "Connections ended because their peer would not be let in any more, by the reason that a handshake would have", "reason"),
    DENIED("mesh_authorization_denied_total", Collector.Type.COUNTER,
        "Requests that a policy refused, or would have (dry_run); several names where a request needed one of them and had none",
        "listener", "policy", "mode"),
    PLAINTEXT("mesh_plaintext_connections_total", Collector.Type.COUNTER, "Connections without TLS that a permissive listener has let in", "listener"),
    INTERCEPTED("mesh_intercepted_connections_total", Collector.Type.COUNTER,
        "Connections at a listener that intercepts: handed_over to another, unmatched, direct where nothing was redirected, or a loop, which is cut",
        "listener", "outcome"),
    DETECTED("mesh_detected_protocols_total", Collector.Type.COUNTER,
        "Connections whose protocol was looked for: http_1, http_2, tls, other, timeout where nothing told in time, server_first where nobody looked",
        "listener", "protocol"),
    CERTIFICATE_EXPIRY("mesh_certificate_expiry_timestamp_seconds", Collector.Type.GAUGE,
        "When it ends, in seconds since 1970: svid is the sidecar's own, trust_bundle the first CA to go", "kind"),
    CERTIFICATE_RENEWALS("mesh_certificate_renewals_total", Collector.Type.COUNTER,
        "Certificates asked for, the first one included: renewed or failed; after a failure the old one serves until it ends", "result"),
    CONFIG_VERSION("mesh_config_version_info", Collector.Type.GAUGE, "1 for the configuration in force", "version"),
    CONFIG_STALE("mesh_config_stale", Collector.Type.GAUGE,
        "1 while the configuration in force is an earlier process' last one, because there is no control plane to ask"),
    CONFIG_APPLIES("mesh_config_applies_total", Collector.Type.COUNTER, "Configurations applied or rejected", "result"),
    MEMORY_HELD("mesh_memory_held_bytes", Collector.Type.GAUGE, "What connections hold of buffers, and of heap as it is reckoned"),
    MEMORY_BUDGET("mesh_memory_budget_bytes", Collector.Type.GAUGE, "What they may hold"),
    SHED("mesh_overload_total", Collector.Type.COUNTER,
        "What was shed because connections held nearly all that they may: stream_refused, request_refused, accepting_stopped", "action"),
    INTERNAL_ERRORS("mesh_internal_errors_total", Collector.Type.COUNTER, "Bugs: each closed one connection"),
    ACCESS_LOG_DROPPED("mesh_access_log_dropped_total", Collector.Type.COUNTER, "Lines lost because they came faster than they could be written"),
    SPANS("mesh_spans_total", Collector.Type.COUNTER,
        "Spans of sampled requests: exported, dropped because too many waited, rejected by the collector, or failed to reach it", "result"),
    DROPPED("mesh_metrics_dropped_total", Collector.Type.COUNTER, "Events that are told nowhere, because there are too many series already");

    /** What the configuration, and nobody else, gives names to; those come and go. Other labels are a few fixed words. */
    private static final Set<String> NAMES = Set.of("service", "upstream", "cluster", "listener", "name", "policy");

    private final String text;
    private final Collector.Type type;
    private final String help;
    private final List<String> labels;

    Metric(String text, Collector.Type type, String help, String... labels) {
        this.text = text;
        this.type = type;
        this.help = help;
        this.labels = List.of(labels);
    }

    /** The name it is exposed under. */
    public String text() {
        return text;
    }

    Collector.Type type() {
        return type;
    }

    public String help() {
        return help;
    }

    public List<String> labels() {
        return labels;
    }

    /** Whether its series come and go with the configuration. */
    boolean isNamed() {
        return !Collections.disjoint(labels, NAMES);
    }
}
