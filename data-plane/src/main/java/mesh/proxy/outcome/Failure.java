package mesh.proxy.outcome;

/**
 * Every way an attempt or a request can fail, one row each: how it is answered, whether it may be tried again, what the access log
 * calls it. Flags are Envoy's response flags. Expected failures travel as these values, never as exceptions.
 */
public enum Failure {
    NO_ROUTE("NR", Side.LOCAL, 404, Grpc.UNIMPLEMENTED, Retry.NEVER, "no route matches"),
    NO_CLUSTER("NC", Side.LOCAL, 503, Grpc.UNAVAILABLE, Retry.NEVER, "no such cluster"),
    NO_HEALTHY_UPSTREAM("UH", Side.LOCAL, 503, Grpc.UNAVAILABLE, Retry.NEVER, "no healthy upstream"),
    CIRCUIT_OPEN("UH", Side.LOCAL, 503, Grpc.UNAVAILABLE, Retry.NEVER, "every endpoint is unhealthy, ejected or its circuit open"),
    OVERFLOW("UO", Side.LOCAL, 503, Grpc.UNAVAILABLE, Retry.NEVER, "limit of connections, pending requests or requests reached"),
    /** Envoy's word for its overload manager: it is this sidecar that has too much to do. */
    OVERLOADED("OM", Side.LOCAL, 503, Grpc.UNAVAILABLE, Retry.NEVER, "connections hold too much memory"),
    CONNECT_FAILED("UF", Side.UPSTREAM, 503, Grpc.UNAVAILABLE, Retry.UNSENT, "connection refused or unreachable"),
    CONNECT_TIMEOUT("UF", Side.UPSTREAM, 503, Grpc.UNAVAILABLE, Retry.UNSENT, "connect timeout"),
    TLS_REJECTED("UF", Side.UPSTREAM, 503, Grpc.UNAVAILABLE, Retry.UNSENT, "TLS handshake failed"),
    /** A pooled connection was closed by the upstream before a byte of the answer: the keep-alive race. */
    REUSED_CLOSED("UC", Side.UPSTREAM, 503, Grpc.UNAVAILABLE, Retry.REUSED, "reused connection was closed before an answer"),
    UPSTREAM_CLOSED("UC", Side.UPSTREAM, 503, Grpc.UNAVAILABLE, Retry.IDEMPOTENT, "connection closed before the answer"),
    UPSTREAM_RESET("UR", Side.UPSTREAM, 503, Grpc.UNAVAILABLE, Retry.IDEMPOTENT, "connection reset before the answer"),
    /** Said by the upstream itself: REFUSED_STREAM, or a GOAWAY that leaves the stream out. */
    STREAM_REFUSED("UR", Side.UPSTREAM, 503, Grpc.UNAVAILABLE, Retry.REUSED, "upstream refused the stream unprocessed"),
    UPSTREAM_PROTOCOL("UPE", Side.UPSTREAM, 502, Grpc.UNAVAILABLE, Retry.NEVER, "upstream broke the protocol"),
    /** The answer had begun: the client sees a truncation, never a clean end. */
    UPSTREAM_TRUNCATED("UC", Side.UPSTREAM, 502, Grpc.UNAVAILABLE, Retry.NEVER, "connection lost in the middle of the answer"),
    PER_TRY_TIMEOUT("UT", Side.UPSTREAM, 504, Grpc.DEADLINE_EXCEEDED, Retry.IDEMPOTENT, "per-try timeout"),
    /** No byte of the upstream's for too long, before its answer's head or after it. */
    PER_TRY_IDLE("UT", Side.UPSTREAM, 504, Grpc.DEADLINE_EXCEEDED, Retry.IDEMPOTENT, "per-try idle timeout"),
    REQUEST_TIMEOUT("UT", Side.LOCAL, 504, Grpc.DEADLINE_EXCEEDED, Retry.NEVER, "request timeout"),
    STREAM_IDLE("SI", Side.LOCAL, 504, Grpc.DEADLINE_EXCEEDED, Retry.NEVER, "stream idle timeout"),
    STREAM_TOO_LONG("UMSDR", Side.LOCAL, 504, Grpc.DEADLINE_EXCEEDED, Retry.NEVER, "maximum stream duration"),
    REQUEST_HEAD_TIMEOUT("DPE", Side.DOWNSTREAM, 408, Grpc.DEADLINE_EXCEEDED, Retry.NEVER, "request head took too long"),
    REQUEST_BODY_TIMEOUT("SI", Side.DOWNSTREAM, 408, Grpc.DEADLINE_EXCEEDED, Retry.NEVER, "request body took too long"),
    REQUEST_TOO_LONG("UMSDR", Side.DOWNSTREAM, 408, Grpc.DEADLINE_EXCEEDED, Retry.NEVER, "request not complete within the maximum stream duration"),
    EXPECTATION_FAILED("DPE", Side.DOWNSTREAM, 417, Grpc.INTERNAL, Retry.NEVER, "Expect is not understood"),
    BAD_REQUEST("DPE", Side.DOWNSTREAM, 400, Grpc.INTERNAL, Retry.NEVER, "client broke the protocol"),
    /** A path that its route rewrites to none, or to one with dot segments: only what a client makes up for it comes to that. */
    BAD_REWRITE("DPE", Side.DOWNSTREAM, 400, Grpc.INTERNAL, Retry.NEVER, "rewritten path is none"),
    /** A path that an application may take for another than the one that a policy has judged. */
    AMBIGUOUS_PATH("DPE", Side.DOWNSTREAM, 400, Grpc.INTERNAL, Retry.NEVER, "path can be read in two ways"),
    HEAD_TOO_LARGE("DPE", Side.DOWNSTREAM, 431, Grpc.RESOURCE_EXHAUSTED, Retry.NEVER, "request head over the limit"),
    URI_TOO_LONG("DPE", Side.DOWNSTREAM, 414, Grpc.RESOURCE_EXHAUSTED, Retry.NEVER, "request line over the limit"),
    BODY_TOO_LARGE("DPE", Side.DOWNSTREAM, 413, Grpc.RESOURCE_EXHAUSTED, Retry.NEVER, "request body over the limit"),
    METHOD_NOT_SUPPORTED("DPE", Side.DOWNSTREAM, 501, Grpc.UNIMPLEMENTED, Retry.NEVER, "method is not supported"),
    VERSION_NOT_SUPPORTED("DPE", Side.DOWNSTREAM, 505, Grpc.INTERNAL, Retry.NEVER, "HTTP version is not supported"),
    PEER_DENIED("RBAC", Side.LOCAL, 403, Grpc.PERMISSION_DENIED, Retry.NEVER, "not allowed by a policy"),
    RATE_LIMITED("RL", Side.LOCAL, 429, Grpc.RESOURCE_EXHAUSTED, Retry.NEVER, "rate limited"),
    /** On purpose; with which status its route says. */
    FAULT_INJECTED("FI", Side.LOCAL, 503, Grpc.UNAVAILABLE, Retry.NEVER, "aborted by an injected fault"),
    DRAINING("UO", Side.LOCAL, 503, Grpc.UNAVAILABLE, Retry.NEVER, "shutting down"),
    DOWNSTREAM_RESET("DC", Side.DOWNSTREAM, 499, Grpc.CANCELLED, Retry.NEVER, "client went away"),
    INTERNAL("LR", Side.LOCAL, 500, Grpc.INTERNAL, Retry.NEVER, "internal error");

    /** Who caused it. */
    public enum Side { DOWNSTREAM, UPSTREAM, LOCAL }

    /** When a failure may be tried again, weakest consent first; policy and budget decide on top of it. */
    public enum Retry {
        /** Not at all. */
        NEVER,
        /** Nothing was sent: any method, {@code connect-failure}. */
        UNSENT,
        /** A reused connection: idempotent methods, or any when no byte of the request was written; {@code reset-before-request}, {@code reset}. */
        REUSED,
        /** It may have been processed: idempotent methods only, {@code reset}. */
        IDEMPOTENT
    }

    private final String flag;
    private final Side side;
    private final int httpStatus;
    private final int grpcStatus;
    private final Retry retry;
    private final String sentence;

    Failure(String flag, Side side, int httpStatus, int grpcStatus, Retry retry, String sentence) {
        this.flag = flag;
        this.side = side;
        this.httpStatus = httpStatus;
        this.grpcStatus = grpcStatus;
        this.retry = retry;
        this.sentence = sentence;
    }

    /** Envoy's response flag, for the access log. */
    public String flag() {
        return flag;
    }

    public Side side() {
        return side;
    }

    /** What an HTTP client is answered; 499 is only logged, its client is gone. */
    public int httpStatus() {
        return httpStatus;
    }

    /** The {@code grpc-status} a gRPC client is answered. */
    public int grpcStatus() {
        return grpcStatus;
    }

    public Retry retry() {
        return retry;
    }

    /** For the log; clients get only the status's own words. */
    public String sentence() {
        return sentence;
    }

    /** Status codes of gRPC, by number, as they go on the wire. */
    private static final class Grpc {
        static final int CANCELLED = 1;
        static final int DEADLINE_EXCEEDED = 4;
        static final int PERMISSION_DENIED = 7;
        static final int RESOURCE_EXHAUSTED = 8;
        static final int UNIMPLEMENTED = 12;
        static final int INTERNAL = 13;
        static final int UNAVAILABLE = 14;
    }
}
