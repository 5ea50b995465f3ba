package mesh.model;

/**
 * Where the spans of a listener's requests go, and of how many. A request that brings a trace follows what that says; these are the
 * words of OpenTelemetry and, for the sampling, of Envoy and Istio.
 *
 * @param endpoint of a collector that speaks OTLP over gRPC in plaintext, such as {@code otel-collector:4317}
 * @param sampling of the requests that bring no trace, the share that begins one; Istio's 1 % by default
 * @param service  the {@code service.name} of the spans; "" for what the sidecar knows of itself
 */
public record TracingPolicy(Address endpoint, Percent sampling, String service) {

    public static final Percent DEFAULT_SAMPLING = Percent.of(1);

    public TracingPolicy {
        if (endpoint.host().isEmpty() || endpoint.port() == 0) {
            throw new IllegalArgumentException("tracing endpoint: \"" + endpoint + "\" (expected: host:port, such as otel-collector:4317)");
        }
        if (!service.isEmpty()) Checks.name("tracing service", service);
    }
}
