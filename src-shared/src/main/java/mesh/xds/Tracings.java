package mesh.xds;

import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.GrpcService.GoogleGrpc;
import io.envoyproxy.envoy.config.trace.v3.OpenTelemetryConfig;
import io.envoyproxy.envoy.config.trace.v3.Tracing.Http;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing;
import io.envoyproxy.envoy.type.v3.Percent;
import java.util.Optional;
import java.util.Set;
import mesh.model.Address;
import mesh.model.TracingPolicy;

/**
 * Tracing as Envoy's OpenTelemetry tracer, whose collector has an address and no cluster, with a span for each try. An Envoy's own client
 * sampling, by {@code x-client-trace-id}, is switched off: here that field means nothing.
 */
final class Tracings {

    private static final String TRACER = "envoy.tracers.opentelemetry";
    private static final Percent NONE = Percent.getDefaultInstance();
    private static final Percent ALL = Percent.newBuilder().setValue(100).build();

    private Tracings() {}

    static Tracing encode(TracingPolicy policy) {
        OpenTelemetryConfig config = OpenTelemetryConfig.newBuilder()
            .setGrpcService(GrpcService.newBuilder()
                .setGoogleGrpc(GoogleGrpc.newBuilder().setTargetUri(policy.endpoint().toString()).setStatPrefix("spans")))
            .setServiceName(policy.service()).build();
        return Tracing.newBuilder()
            .setClientSampling(NONE).setRandomSampling(Percent.newBuilder().setValue(policy.sampling().percent())).setOverallSampling(ALL)
            .setSpawnUpstreamSpan(BoolValue.of(true))
            .setProvider(Http.newBuilder().setName(TRACER).setTypedConfig(Wire.pack(config))).build();
    }

    /** Empty after a problem. */
    static Optional<TracingPolicy> decode(Tracing tracing, Reading reading) {
        reading.only(tracing, Set.of("client_sampling", "random_sampling", "overall_sampling", "spawn_upstream_span", "provider"));
        double client = percent(tracing.hasClientSampling(), tracing.getClientSampling());
        if (client != 0) reading.at("client_sampling").unexpected(client, "0");
        double overall = percent(tracing.hasOverallSampling(), tracing.getOverallSampling());
        if (overall != ALL.getValue()) reading.at("overall_sampling").unexpected(overall, "100");
        if (!tracing.getSpawnUpstreamSpan().getValue()) reading.at("spawn_upstream_span").unexpected(false, "true");
        Reading at = reading.at("provider").at("typed_config");
        OpenTelemetryConfig config = at.unpack(tracing.getProvider().getTypedConfig(), OpenTelemetryConfig.class);
        if (config == null) return Optional.empty();
        at.only(config, Set.of("grpc_service", "service_name"));
        Address endpoint = endpoint(config.getGrpcService(), at.at("grpc_service"));
        double sampling = percent(tracing.hasRandomSampling(), tracing.getRandomSampling());
        mesh.model.Percent share = reading.at("random_sampling").check(() -> mesh.model.Percent.of(sampling));
        return endpoint == null || share == null ? Optional.empty()
            : Optional.ofNullable(at.check(() -> new TracingPolicy(endpoint, share, config.getServiceName())));
    }

    /** What is absent is all of them, as in an Envoy. */
    private static double percent(boolean present, Percent said) {
        return present ? said.getValue() : ALL.getValue();
    }

    /** Null after a problem. */
    private static Address endpoint(GrpcService service, Reading reading) {
        reading.only(service, Set.of("google_grpc"));
        if (!service.hasGoogleGrpc()) return null;
        Reading at = reading.at("google_grpc");
        at.only(service.getGoogleGrpc(), Set.of("target_uri", "stat_prefix"));
        return at.at("target_uri").check(() -> Address.parse(service.getGoogleGrpc().getTargetUri()));
    }
}
