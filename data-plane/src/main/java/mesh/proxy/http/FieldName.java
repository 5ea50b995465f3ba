package mesh.proxy.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A header field's name, made once and compared as bytes without case. Any thread. */
public final class FieldName {

    public static final FieldName HOST = of("host");
    public static final FieldName CONNECTION = of("connection");
    public static final FieldName KEEP_ALIVE = of("keep-alive");
    public static final FieldName PROXY_CONNECTION = of("proxy-connection");
    public static final FieldName PROXY_AUTHENTICATE = of("proxy-authenticate");
    public static final FieldName PROXY_AUTHORIZATION = of("proxy-authorization");
    public static final FieldName TE = of("te");
    public static final FieldName TRAILER = of("trailer");
    public static final FieldName TRANSFER_ENCODING = of("transfer-encoding");
    public static final FieldName UPGRADE = of("upgrade");
    public static final FieldName CONTENT_LENGTH = of("content-length");
    public static final FieldName CONTENT_TYPE = of("content-type");
    public static final FieldName EXPECT = of("expect");
    public static final FieldName DATE = of("date");
    public static final FieldName SERVER = of("server");
    public static final FieldName LOCATION = of("location");
    public static final FieldName RETRY_AFTER = of("retry-after");
    public static final FieldName COOKIE = of("cookie");
    public static final FieldName SET_COOKIE = of("set-cookie");
    public static final FieldName USER_AGENT = of("user-agent");
    public static final FieldName TRACEPARENT = of("traceparent");
    public static final FieldName TRACESTATE = of("tracestate");
    public static final FieldName X_REQUEST_ID = of("x-request-id");
    public static final FieldName X_FORWARDED_FOR = of("x-forwarded-for");
    public static final FieldName X_FORWARDED_PROTO = of("x-forwarded-proto");
    public static final FieldName X_FORWARDED_HOST = of("x-forwarded-host");
    public static final FieldName X_FORWARDED_CLIENT_CERT = of("x-forwarded-client-cert");
    public static final FieldName X_ENVOY_ATTEMPT_COUNT = of("x-envoy-attempt-count");
    public static final FieldName X_ENVOY_ORIGINAL_PATH = of("x-envoy-original-path");
    public static final FieldName X_ENVOY_OVERLOADED = of("x-envoy-overloaded");
    public static final FieldName X_ENVOY_UPSTREAM_SERVICE_TIME = of("x-envoy-upstream-service-time");

    private final String text;
    private final byte[] bytes;
    private final long mark;

    private FieldName(String lowerCase) {
        this.text = lowerCase;
        this.bytes = lowerCase.getBytes(StandardCharsets.US_ASCII);
        this.mark = mark(bytes, 0, bytes.length);
    }

    /** @param name a token (RFC 9110 section 5.6.2) in any case; held in lower case */
    public static FieldName of(String name) {
        if (!Octets.isToken(name)) {
            throw new IllegalArgumentException("field name: \"" + name + "\" (expected: a token such as x-request-id)");
        }
        return new FieldName(name.toLowerCase(Locale.ROOT));
    }

    /**
     * One bit of 64, the same for a name in any case. The marks of all fields of a head, or-ed, tell at once of most names that they
     * are absent: a Bloom filter of one hash, made from the length and the two outer letters.
     */
    static long mark(byte[] name, int from, int to) {
        int first = name[from] & 0x1f;
        int last = name[to - 1] & 0x1f;
        return 1L << (first * 5 + last * 3 + (to - from));
    }

    long mark() {
        return mark;
    }

    int length() {
        return bytes.length;
    }

    /** The name in lower case; not to be changed. */
    byte[] bytes() {
        return bytes;
    }

    /** Whether those bytes are this name, in any case. */
    public boolean matches(byte[] name, int from, int to) {
        return Octets.equalsIgnoreCase(name, from, to, bytes);
    }

    @Override
    public String toString() {
        return text;
    }
}
