package mesh.xds;

import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.MaxStreamDuration;
import java.time.Duration;
import java.util.Set;
import mesh.model.Timeouts;

/** How long a route's requests may take, in Envoy's fields. */
final class RouteTimeouts {

    private RouteTimeouts() {}

    static void encode(Timeouts timeouts, RouteAction.Builder action) {
        action.setTimeout(Wire.duration(timeouts.request())).setIdleTimeout(Wire.duration(timeouts.idle()));
        if (!timeouts.stream().isZero()) action.getMaxStreamDurationBuilder().setMaxStreamDuration(Wire.duration(timeouts.stream()));
        if (!timeouts.grpcMax().isZero()) action.getMaxStreamDurationBuilder().setGrpcTimeoutHeaderMax(Wire.duration(timeouts.grpcMax()));
    }

    /** Null after a problem. */
    static Timeouts decode(RouteAction route, Reading reading) {
        MaxStreamDuration most = route.getMaxStreamDuration();
        Reading at = reading.at("max_stream_duration");
        at.only(most, Set.of("max_stream_duration", "grpc_timeout_header_max"));
        Timeouts normal = Timeouts.DEFAULT;
        return reading.check(() -> new Timeouts(
            duration(route.hasTimeout(), route.getTimeout(), normal.request(), reading.at("timeout")),
            duration(route.hasIdleTimeout(), route.getIdleTimeout(), normal.idle(), reading.at("idle_timeout")),
            duration(most.hasMaxStreamDuration(), most.getMaxStreamDuration(), normal.stream(), at.at("max_stream_duration")),
            duration(most.hasGrpcTimeoutHeaderMax(), most.getGrpcTimeoutHeaderMax(), normal.grpcMax(), at.at("grpc_timeout_header_max"))));
    }

    private static Duration duration(boolean set, com.google.protobuf.Duration value, Duration absent, Reading reading) {
        return set ? reading.duration(value, absent) : absent;
    }
}
