package mesh.proxy.runtime;

import mesh.model.HashPolicy;
import mesh.model.Listener;
import mesh.proxy.limit.RateLimiter;
import mesh.proxy.route.AccessGate;
import mesh.proxy.route.RouteIndex;
import mesh.proxy.telemetry.AccessLogger;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.tracing.Tracer;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * A listener, compiled.
 *
 * @param model   what was configured
 * @param meter   of its connections
 * @param traffic what happens to them
 */
public record ListenerTable(Listener model, ProxyMetrics.ListenerMeter meter, Traffic traffic) {

    /** What a listener does with its bytes. */
    public sealed interface Traffic permits Tcp, Http {}

    /**
     * @param cluster where every connection goes
     * @param hash    what the key of each is; null for none
     */
    public record Tcp(UpstreamCluster cluster, HashPolicy.By hash) implements Traffic {}

    /**
     * @param routes      where requests go
     * @param label       the {@code service} of requests that go nowhere, and of all where {@code owns}
     * @param service     its meter
     * @param owns        whether requests count under the listener's service, and not under the cluster they go to
     * @param limiter     of all its requests; null for none
     * @param trustedHops proxies before it whose {@code x-forwarded-for} is believed
     * @param bodyBytes   of a request's body at most, where its route says nothing else
     * @param codecs      of its connections
     * @param log         of its requests; null for none
     * @param tracer      of its requests; null for none
     * @param gate        of its requests; null for none
     * @param detected    where clients go that do not speak HTTP; null where all are taken to
     */
    public record Http(
        RouteIndex<CompiledRoute> routes, String label, ProxyMetrics.ServiceMeter service, boolean owns, RateLimiter limiter, int trustedHops,
        long bodyBytes, CodecLimits codecs, AccessLogger log, Tracer tracer,
        AccessGate gate, DetectedRoutes detected) implements Traffic {}
}
