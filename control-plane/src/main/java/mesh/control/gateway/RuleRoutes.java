package mesh.control.gateway;

import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPCORSFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPHeaderFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathModifier;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRequestMirrorFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRequestRedirectFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRetry;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteTimeouts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.model.CorsPolicy;
import mesh.model.HeaderChange;
import mesh.model.HeaderChanges;
import mesh.model.Mirror;
import mesh.model.PathRewrite;
import mesh.model.Percent;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteFilters;
import mesh.model.RouteLimits;
import mesh.model.Timeouts;

/** A rule as routes of ours, one for each of its matches. Throws {@link RefusedRoute}, or what the model does, where it asks for what cannot be. */
final class RuleRoutes {

    /** GEP-2257. */
    private static final Pattern DURATION = Pattern.compile("(?:(\\d{1,5})h)?(?:(\\d{1,5})m)?(?:(\\d{1,5})s)?(?:(\\d{1,5})ms)?");

    private final Backends backends;
    private Route.Action action;
    private Optional<String> host = Optional.empty();
    private Optional<PathRewrite> rewrite = Optional.empty();
    private HeaderChanges request = HeaderChanges.NONE;
    private HeaderChanges response = HeaderChanges.NONE;
    private Optional<CorsPolicy> cors = Optional.empty();
    private final List<Mirror> mirrors = new ArrayList<>();

    private RuleRoutes(Backends backends) {
        this.backends = backends;
    }

    /** @param name of the route, and which of its rules */
    static List<Route> of(Rule rule, String name, Backends backends) {
        return new RuleRoutes(backends).routes(rule, name);
    }

    private List<Route> routes(Rule rule, String name) {
        HTTPRouteRule http = rule.http();
        if (http.getSessionPersistence() != null) throw new RefusedRoute("sessionPersistence (expected: none)");
        Set<String> types = new HashSet<>();
        for (HTTPRouteFilter each : Rule.present(http.getFilters())) {
            if (!types.add(each.getType()) && !each.getType().equals("RequestMirror")) {
                throw new RefusedRoute("filter " + each.getType() + " twice (expected: once)");
            }
            filter(each);
        }
        if (action == null) action = backends.action(Rule.present(http.getBackendRefs()));
        List<Route> routes = new ArrayList<>();
        for (int i = 0; i < rule.matches().size(); i++) {
            Rule.Match match = rule.matches().get(i);
            routes.add(new Route(name + "/" + i, match.path(), match.conditions(), action, host, timeouts(http.getTimeouts()), retry(http), RouteLimits.NONE,
                Optional.empty(), new RouteFilters(rewrite, request, response, cors, Optional.empty(), mirrors), List.of()));
        }
        return routes;
    }

    private void filter(HTTPRouteFilter filter) {
        switch (filter.getType()) {
            case "RequestHeaderModifier" -> request = changes(filter.getRequestHeaderModifier());
            case "ResponseHeaderModifier" -> response = changes(filter.getResponseHeaderModifier());
            case "RequestMirror" -> mirror(filter.getRequestMirror());
            case "RequestRedirect" -> action = redirect(filter.getRequestRedirect());
            case "URLRewrite" -> {
                host = Optional.ofNullable(filter.getUrlRewrite().getHostname());
                rewrite = path(filter.getUrlRewrite().getPath());
            }
            case "CORS" -> cors = Optional.of(cors(filter.getCors()));
            default -> throw new RefusedRoute("filter " + filter.getType()
                + " (expected: RequestHeaderModifier, ResponseHeaderModifier, RequestMirror, RequestRedirect, URLRewrite or CORS)");
        }
    }

    private static HeaderChanges changes(HTTPHeaderFilter filter) {
        List<HeaderChange> add = new ArrayList<>();
        Rule.present(filter.getSet()).forEach(each -> add.add(new HeaderChange(each.getName(), each.getValue(), HeaderChange.Action.SET)));
        Rule.present(filter.getAdd()).forEach(each -> add.add(new HeaderChange(each.getName(), each.getValue(), HeaderChange.Action.APPEND)));
        return new HeaderChanges(Rule.present(filter.getRemove()), add);
    }

    private void mirror(HTTPRequestMirrorFilter filter) {
        Percent share = Percent.ALL;
        if (filter.getPercent() != null) {
            share = Percent.of(filter.getPercent());
        } else if (filter.getFraction() != null) {
            int of = filter.getFraction().getDenominator() == null ? 100 : filter.getFraction().getDenominator();
            share = Percent.of(100.0 * filter.getFraction().getNumerator() / of);
        }
        Optional<String> cluster = backends.cluster(filter.getBackendRef());
        if (cluster.isPresent() && share.millionths() > 0) mirrors.add(new Mirror(cluster.get(), share));
    }

    private static Route.Redirect redirect(HTTPRequestRedirectFilter filter) {
        return new Route.Redirect(Optional.ofNullable(filter.getScheme()), Optional.ofNullable(filter.getHostname()),
            filter.getPort() == null ? 0 : filter.getPort(), path(filter.getPath()), filter.getStatusCode() == null ? 302 : filter.getStatusCode(), true);
    }

    private static Optional<PathRewrite> path(HTTPPathModifier modifier) {
        if (modifier == null) return Optional.empty();
        if (modifier.getType().equals("ReplaceFullPath")) return Optional.of(new PathRewrite.Full(slash(modifier.getReplaceFullPath())));
        return Optional.of(new PathRewrite.Prefix(slash(modifier.getReplacePrefixMatch())));
    }

    private static String slash(String path) {
        return path == null || path.isEmpty() ? "/" : path;
    }

    private static CorsPolicy cors(HTTPCORSFilter filter) {
        return new CorsPolicy(Rule.present(filter.getAllowOrigins()).stream().map(CorsPolicy.Origin::parse).toList(),
            Rule.present(filter.getAllowMethods()), Rule.present(filter.getAllowHeaders()), Rule.present(filter.getExposeHeaders()),
            Optional.ofNullable(filter.getMaxAge()).map(Duration::ofSeconds), Boolean.TRUE.equals(filter.getAllowCredentials()));
    }

    private static Timeouts timeouts(HTTPRouteTimeouts timeouts) {
        if (timeouts == null || timeouts.getRequest() == null) return ServiceTerms.TIMEOUTS;
        return new Timeouts(duration(timeouts.getRequest()), ServiceTerms.TIMEOUTS.idle());
    }

    private static RetryPolicy retry(HTTPRouteRule rule) {
        Duration perTry = rule.getTimeouts() == null || rule.getTimeouts().getBackendRequest() == null ? Duration.ZERO
            : duration(rule.getTimeouts().getBackendRequest());
        HTTPRouteRetry asked = rule.getRetry();
        if (asked == null) return ServiceTerms.retries(perTry);
        Set<RetryOn> on = new HashSet<>(ServiceTerms.UNBEGUN);
        Set<Integer> codes = Set.copyOf(Rule.present(asked.getCodes()));
        if (!codes.isEmpty()) on.add(RetryOn.RETRIABLE_STATUS_CODES);
        Duration backoff = asked.getBackoff() == null ? ServiceTerms.BACKOFF : duration(asked.getBackoff());
        return new RetryPolicy(asked.getAttempts() == null ? 2 : asked.getAttempts() + 1, perTry, on, codes, backoff, backoff.multipliedBy(10));
    }

    private static Duration duration(String text) {
        Matcher parts = DURATION.matcher(text);
        if (text.isEmpty() || !parts.matches()) throw new RefusedRoute("duration \"" + text + "\" (expected: such as 500ms or 1m30s)");
        return Duration.ofHours(number(parts.group(1))).plusMinutes(number(parts.group(2))).plusSeconds(number(parts.group(3)))
            .plusMillis(number(parts.group(4)));
    }

    private static long number(String maybe) {
        return maybe == null ? 0 : Long.parseLong(maybe);
    }
}
