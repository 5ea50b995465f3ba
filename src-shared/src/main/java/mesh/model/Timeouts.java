package mesh.model;

import java.time.Duration;

/**
 * How long one request may take.
 *
 * @param request the whole request with all its tries, from its head to the end of the answer; zero means no limit. Upgraded
 *                connections leave it behind, and gRPC calls have a deadline of their own. Default 15 s (Envoy's).
 * @param idle    longest silence on a request in both directions; zero means no limit. Default 5 min (Envoy's stream idle timeout).
 * @param stream  the whole request, gRPC calls and what is streamed for long too; zero, the default, means no limit. Envoy's {@code
 *                max_stream_duration}
 * @param grpcMax the most of what a call's {@code grpc-timeout} may ask for; zero, the default, means as much as it asks. Envoy's {@code
 *                grpc_timeout_header_max}
 */
public record Timeouts(Duration request, Duration idle, Duration stream, Duration grpcMax) {

    public static final Timeouts DEFAULT = new Timeouts(Duration.ofSeconds(15), Duration.ofMinutes(5));

    public Timeouts {
        Checks.notNegative("timeout", request);
        Checks.notNegative("idleTimeout", idle);
        Checks.notNegative("maxStreamDuration", stream);
        Checks.notNegative("grpcTimeoutMax", grpcMax);
    }

    /** Without a limit for streams. */
    public Timeouts(Duration request, Duration idle) {
        this(request, idle, Duration.ZERO, Duration.ZERO);
    }
}
