package mesh.model;

/** Which HTTP a cluster's endpoints are spoken to in. Upgrades (WebSocket) go by HTTP/1.1 whatever is said here. */
public enum UpstreamProtocol {
    /** The one the request came by, as Envoy's {@code use_downstream_protocol_config}. */
    DOWNSTREAM("downstream"),
    /** HTTP/1.1. */
    HTTP1("http1"),
    /** HTTP/2: with prior knowledge in plaintext, by ALPN under TLS. */
    HTTP2("http2");

    private final String text;

    UpstreamProtocol(String text) {
        this.text = text;
    }

    /** The name in configuration. */
    public String text() {
        return text;
    }

    /** @throws IllegalArgumentException naming the text and every name that is known */
    public static UpstreamProtocol parse(String text) {
        for (UpstreamProtocol protocol : values()) {
            if (protocol.text.equals(text)) {
                return protocol;
            }
        }
        throw new IllegalArgumentException("\"" + text + "\" (expected: one of downstream, http1, http2)");
    }
}
