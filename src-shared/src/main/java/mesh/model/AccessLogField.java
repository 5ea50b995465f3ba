package mesh.model;

/**
 * What a line of the access log says, in order. Each has a name, which is its key in JSON, and Envoy's command operator for the same, so
 * that an Envoy writes the same lines.
 */
public enum AccessLogField {
    /** When the request's head was complete. */
    TIME("time", "%START_TIME%"),
    METHOD("method", "%REQ(:METHOD)%"),
    /** With the query, as it was asked for. */
    PATH("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    /** Of the client's connection. */
    PROTOCOL("protocol", "%PROTOCOL%"),
    /** What the client was answered; of a gRPC call HTTP's, 200 as a rule. */
    STATUS("status", "%RESPONSE_CODE%"),
    /** How it failed, in Envoy's letters. */
    FLAGS("flags", "%RESPONSE_FLAGS%"),
    ROUTE("route", "%ROUTE_NAME%"),
    CLUSTER("cluster", "%UPSTREAM_CLUSTER%"),
    /** Address of the last try's. */
    ENDPOINT("endpoint", "%UPSTREAM_HOST%"),
    /** Tries, the first included; 0 where nothing was sent. */
    ATTEMPTS("attempts", "%UPSTREAM_REQUEST_ATTEMPT_COUNT%"),
    /** The SPIFFE id that the client has proved. */
    PEER("peer", "%DOWNSTREAM_PEER_URI_SAN%"),
    /** The client's address and port. */
    CLIENT("client", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    AUTHORITY("authority", "%REQ(:AUTHORITY)%"),
    REQUEST_ID("request_id", "%REQ(X-REQUEST-ID)%"),
    /** W3C's, 32 hexadecimal digits. */
    TRACE_ID("trace_id", "%TRACE_ID%"),
    /** The whole request, to the end of its answer. */
    DURATION("duration_ms", "%DURATION%"),
    /** From the beginning to the head of the upstream's answer. */
    UPSTREAM_TIME("upstream_ms", "%RESPONSE_DURATION%"),
    /** Of the request's body. */
    BYTES_IN("bytes_in", "%BYTES_RECEIVED%"),
    /** Of the answer's body. */
    BYTES_OUT("bytes_out", "%BYTES_SENT%"),
    GRPC_STATUS("grpc_status", "%GRPC_STATUS_NUMBER%"),
    USER_AGENT("user_agent", "%REQ(USER-AGENT)%");

    private final String text;
    private final String operator;

    AccessLogField(String text, String operator) {
        this.text = text;
        this.operator = operator;
    }

    /** Its key. */
    public String text() {
        return text;
    }

    /** Envoy's. */
    public String operator() {
        return operator;
    }

    /** Whether it is a number in JSON; else text. */
    public boolean isNumber() {
        return switch (this) {
            case STATUS, ATTEMPTS, DURATION, UPSTREAM_TIME, BYTES_IN, BYTES_OUT, GRPC_STATUS -> true;
            default -> false;
        };
    }

    /** Whether it stands in quotes in a line of text: what a client or a peer has written may hold blanks. */
    public boolean isQuoted() {
        return switch (this) {
            case AUTHORITY, REQUEST_ID, PEER, USER_AGENT -> true;
            default -> false;
        };
    }
}
