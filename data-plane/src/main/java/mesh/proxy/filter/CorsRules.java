package mesh.proxy.filter;

import com.google.re2j.Pattern;
import java.util.List;
import mesh.model.CorsPolicy;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Method;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;

/**
 * A route's CORS policy, ready to be applied: the Fetch standard's section "CORS protocol", with Envoy's choices where it leaves some. An origin
 * that is not allowed is told nothing, and its requests go on like any other. Immutable.
 */
public final class CorsRules {

    private static final FieldName ORIGIN = FieldName.of("origin"), REQUEST_METHOD = FieldName.of("access-control-request-method"),
        ALLOW_ORIGIN = FieldName.of("access-control-allow-origin"), ALLOW_CREDENTIALS = FieldName.of("access-control-allow-credentials"),
        ALLOW_METHODS = FieldName.of("access-control-allow-methods"), ALLOW_HEADERS = FieldName.of("access-control-allow-headers"),
        EXPOSE_HEADERS = FieldName.of("access-control-expose-headers"), MAX_AGE = FieldName.of("access-control-max-age"),
        VARY = FieldName.of("vary");
    private static final int OK = 200;

    private record Origins(CorsPolicy.Origin model, Pattern pattern) {

        boolean match(String origin) {
            if (pattern != null) return pattern.matches(origin);
            if (model instanceof CorsPolicy.Prefix prefix) return origin.startsWith(prefix.prefix());
            return ((CorsPolicy.Exact) model).origin().equals(origin);
        }
    }

    private final boolean any;
    private final List<Origins> origins;
    private final String methods;
    private final String headers;
    private final String expose;
    private final String maxAge;
    private final boolean credentials;

    public CorsRules(CorsPolicy policy) {
        this.any = policy.allowOrigins().contains(CorsPolicy.ANY);
        this.origins = policy.allowOrigins().stream()
            .map(each -> new Origins(each, each instanceof CorsPolicy.Regex regex ? Pattern.compile(regex.regex()) : null)).toList();
        this.methods = String.join(",", policy.allowMethods());
        this.headers = String.join(",", policy.allowHeaders());
        this.expose = String.join(",", policy.exposeHeaders());
        this.maxAge = policy.maxAge().map(age -> Long.toString(age.toSeconds())).orElse("");
        this.credentials = policy.allowCredentials();
    }

    /** The origin of the page that asks, if it is allowed; else null. */
    public String allowed(RequestHead request) {
        String origin = request.get(ORIGIN);
        if (origin == null || any) return origin;
        for (Origins each : origins) {
            if (each.match(origin)) return origin;
        }
        return null;
    }

    /** Whether a browser asks what it may ask. */
    public static boolean isPreflight(RequestHead request) {
        return request.method() == Method.OPTIONS && request.contains(REQUEST_METHOD);
    }

    /** The answer to that, but for what {@link #decorate} says. */
    public ResponseHead preflight() {
        ResponseHead head = ResponseHead.of(OK);
        addUnlessEmpty(head, ALLOW_METHODS, methods);
        addUnlessEmpty(head, ALLOW_HEADERS, headers);
        addUnlessEmpty(head, MAX_AGE, maxAge);
        return head;
    }

    /**
     * Says in an answer who may read it. What the application says of the same gives way where the origin is allowed.
     *
     * @param origin null for one that is not allowed, or none
     */
    public void decorate(ResponseHead head, String origin) {
        // For caches, and so also where no origin was sent: another's answer may differ.
        if (!any && !head.hasToken(VARY, "origin")) head.append(VARY, "Origin");
        if (origin == null) return;
        head.set(ALLOW_ORIGIN, any ? "*" : origin);
        if (credentials) head.set(ALLOW_CREDENTIALS, "true");
        if (!expose.isEmpty()) head.set(EXPOSE_HEADERS, expose);
    }

    private static void addUnlessEmpty(ResponseHead head, FieldName name, String value) {
        if (!value.isEmpty()) head.add(name, value);
    }
}
