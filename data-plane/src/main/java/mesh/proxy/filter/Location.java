package mesh.proxy.filter;

import mesh.model.Route;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Octets;
import mesh.proxy.http.RequestHead;

/**
 * Where a redirect sends a client: the {@code Location} of its answer (RFC 9110 section 10.2.2), an absolute URI wherever it is known which
 * host was asked for. Parts of which the route says nothing are those of the request, as in Envoy. Immutable.
 */
public final class Location {

    private static final String HTTP = "http", HTTPS = "https";

    private final Route.Redirect redirect;
    /** Null to leave the path. */
    private final TargetRewrite rewrite;

    public Location(Route.Redirect redirect, Route.PathMatch match) {
        this.redirect = redirect;
        this.rewrite = redirect.path().map(path -> new TargetRewrite(path, match)).orElse(null);
    }

    public int status() {
        return redirect.status();
    }

    /**
     * The place for a request, whose path may be rewritten on the way to it.
     *
     * @param connection the scheme of the client's connection; a hop before us that says another knows better
     * @return null when the route makes no path of the request's
     */
    public String of(RequestHead request, String connection) {
        if (rewrite != null && !rewrite.apply(request)) return null;
        String came = request.get(FieldName.X_FORWARDED_PROTO);
        if (!HTTP.equals(came) && !HTTPS.equals(came)) came = connection;
        String scheme = redirect.scheme().orElse(came);
        String host = redirect.host().orElseGet(() -> request.authority());
        if (redirect.host().isEmpty()) host = withoutPort(host, scheme, came);
        StringBuilder location = new StringBuilder(128);
        if (!host.isEmpty()) {
            location.append(scheme).append("://").append(host);
            if (redirect.port() > 0) location.append(':').append(redirect.port());
        }
        appendTarget(location, request);
        return location.toString();
    }

    /** The port goes where another comes, and where it was only the default of a scheme that goes. */
    private String withoutPort(String authority, String scheme, String came) {
        int colon = authority.lastIndexOf(':');
        if (colon < 0 || authority.endsWith("]")) return authority;
        String usual = came.equals(HTTPS) ? ":443" : ":80";
        boolean goes = redirect.port() > 0 || !scheme.equals(came) && authority.substring(colon).equals(usual);
        return goes ? authority.substring(0, colon) : authority;
    }

    /** A path that begins with two slashes would name a host where none stands before it (RFC 3986 section 4.2). */
    private void appendTarget(StringBuilder location, RequestHead request) {
        String target = request.target();
        if (target.equals("*")) return;
        if (location.isEmpty() && target.startsWith("//")) location.append("/.");
        int query = target.indexOf('?');
        int end = query < 0 || redirect.query() ? target.length() : query;
        for (int i = 0; i < end; i++) {
            char c = target.charAt(i);
            if (Octets.isUri(c)) location.append(c);
            else location.append('%').append(hex(c >> 4)).append(hex(c & 15));
        }
    }

    private static char hex(int digit) {
        return Character.toUpperCase(Character.forDigit(digit, 16));
    }
}
