package mesh.proxy.filter;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;

/**
 * Tells the upstream who asked: {@code x-forwarded-for} with the client's address behind those that came, {@code x-forwarded-proto} unless a
 * hop before us has said it, and {@code x-forwarded-client-cert} with the identity that the client has proved, and with no other. Made once
 * a connection.
 */
public final class ForwardedHeaders {

    private static final String HTTP = "http", HTTPS = "https";

    private final String address;
    private final String scheme;
    private final String certificate;

    /**
     * @param address     the client's, without its port
     * @param certificate what {@code x-forwarded-client-cert} says of it; null for a client that has proved nothing
     */
    public ForwardedHeaders(String address, String certificate) {
        this.address = address;
        this.scheme = certificate == null ? HTTP : HTTPS;
        this.certificate = certificate;
    }

    /** {@code http} or {@code https}: what the client's own connection is. */
    public String scheme() {
        return scheme;
    }

    public void add(RequestHead head) {
        head.append(FieldName.X_FORWARDED_FOR, address);
        if (!head.contains(FieldName.X_FORWARDED_PROTO)) head.add(FieldName.X_FORWARDED_PROTO, scheme);
        // What a client says of itself here proves nothing.
        if (certificate == null) head.remove(FieldName.X_FORWARDED_CLIENT_CERT);
        else head.set(FieldName.X_FORWARDED_CLIENT_CERT, certificate);
    }
}
