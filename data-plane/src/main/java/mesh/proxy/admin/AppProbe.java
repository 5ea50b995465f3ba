package mesh.proxy.admin;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How the application beside this sidecar is asked whether it is well, on behalf of a kubelet: that one has no certificate, and a listener
 * that speaks mTLS would refuse it.
 *
 * @param name under which it is asked for, such as {@code web/readyz}
 * @param kind what is asked
 * @param host of this machine's loopback, always: a stranger who reaches the health port gets no further by it
 * @param port 1 to 65535
 * @param path with the query for HTTP, the service's name without a slash for gRPC, "" for TCP
 */
public record AppProbe(String name, Kind kind, String host, int port, String path) {

    /** What is asked, by the scheme that says so. */
    public enum Kind { HTTP, HTTPS, TCP, GRPC }

    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,253}(/[A-Za-z0-9._-]{1,253}){0,3}");
    private static final String EXPECTED = " (expected: NAME=URL such as web/readyz=http://127.0.0.1:8080/healthz;"
        + " http, https, tcp or grpc, a port, and a host of loopback)";

    /**
     * Reads {@code NAME=URL}.
     *
     * @throws IllegalArgumentException naming the text and what was expected
     */
    public static AppProbe parse(String text) {
        int equals = text.indexOf('=');
        if (equals < 0 || !NAME.matcher(text.substring(0, equals)).matches()) {
            throw wrong(text);
        }
        try {
            URI url = new URI(text.substring(equals + 1));
            Kind kind = Kind.valueOf(String.valueOf(url.getScheme()).toUpperCase(Locale.ROOT));
            boolean plain = url.getRawUserInfo() == null && url.getRawFragment() == null;
            if (!plain || url.getHost() == null || !LOOPBACK.contains(url.getHost()) || url.getPort() < 1 || url.getPort() > 65_535) {
                throw wrong(text);
            }
            return new AppProbe(text.substring(0, equals), kind, url.getHost().replaceAll("[\\[\\]]", ""), url.getPort(), path(kind, url));
        } catch (URISyntaxException | IllegalArgumentException e) {
            throw wrong(text);
        }
    }

    private static String path(Kind kind, URI url) {
        String path = url.getRawPath() == null ? "" : url.getRawPath();
        return switch (kind) {
            case HTTP, HTTPS -> (path.isEmpty() ? "/" : path) + (url.getRawQuery() == null ? "" : "?" + url.getRawQuery());
            case GRPC -> path.isEmpty() ? "" : url.getPath().substring(1);
            case TCP -> "";
        };
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException("\"" + text + "\"" + EXPECTED);
    }
}
