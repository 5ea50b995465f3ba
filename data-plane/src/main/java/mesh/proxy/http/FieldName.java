package mesh.proxy.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A header field's name, made once and compared as bytes without case. */
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
    public static final FieldName RETRY_AFTER = of("retry-after");
    public static final FieldName TRACEPARENT = of("traceparent");
    public static final FieldName TRACESTATE = of("tracestate");
    public static final FieldName X_REQUEST_ID = of("x-request-id");
    public static final FieldName X_FORWARDED_FOR = of("x-forwarded-for");
    public static final FieldName X_FORWARDED_PROTO = of("x-forwarded-proto");
    public static final FieldName X_FORWARDED_HOST = of("x-forwarded-host");
    public static final FieldName X_FORWARDED_CLIENT_CERT = of("x-forwarded-client-cert");
    public static final FieldName X_ENVOY_ATTEMPT_COUNT = of("x-envoy-attempt-count");
    public static final FieldName X_ENVOY_OVERLOADED = of("x-envoy-overloaded");
    public static final FieldName X_ENVOY_UPSTREAM_SERVICE_TIME = of("x-envoy-upstream-service-time");

    private final String text;
    private final byte[] bytes;

    private FieldName(String lowerCase) {
        this.text = lowerCase;
        this.bytes = lowerCase.getBytes(StandardCharsets.US_ASCII);
    }

    /** @param name in any case; held in lower case */
    public static FieldName of(String name) {
        return new FieldName(name.toLowerCase(Locale.ROOT));
    }

    int length() {
        return bytes.length;
    }

    byte[] bytes() {
        return bytes;
    }

    @Override
    public String toString() {
        return text;
    }
}
