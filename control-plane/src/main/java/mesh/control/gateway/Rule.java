package mesh.control.gateway;

import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCHeaderMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCMethodMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GRPCRouteRule;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPBackendRef;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPPathMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteFilter;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteMatch;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRouteRule;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import mesh.model.GrpcCall;
import mesh.model.HeaderMatch;
import mesh.model.QueryMatch;
import mesh.model.RequestMatch;
import mesh.model.Route;
import mesh.model.Route.PathMatch;
import mesh.model.TextMatch;

/**
 * A rule of an HTTPRoute or GRPCRoute. What both have in common has the same form in both.
 *
 * @param matches at least one, of which one must hold
 * @param http    the rest of it
 */
record Rule(List<Match> matches, HTTPRouteRule http) {

    private static final KubernetesSerialization SERIALIZATION = new KubernetesSerialization();

    record Match(PathMatch path, RequestMatch conditions) {}

    static Rule of(HTTPRouteRule rule) {
        List<HTTPRouteMatch> matches = present(rule.getMatches());
        return new Rule(matches.isEmpty() ? List.of(new Match(new Route.Prefix("/"), RequestMatch.ANY)) : matches.stream().map(Rule::match).toList(), rule);
    }

    static Rule of(GRPCRouteRule rule) {
        List<GRPCRouteMatch> matches = present(rule.getMatches());
        HTTPRouteRule http = new HTTPRouteRule();
        http.setName(rule.getName());
        http.setFilters(converted(rule.getFilters(), HTTPRouteFilter[].class));
        http.setBackendRefs(converted(rule.getBackendRefs(), HTTPBackendRef[].class));
        http.setSessionPersistence(rule.getSessionPersistence());
        return new Rule(matches.isEmpty() ? List.of(new Match(new Route.Prefix("/"), GrpcCall.only(RequestMatch.ANY)))
            : matches.stream().map(Rule::match).toList(), http);
    }

    private static <T> List<T> converted(List<?> from, Class<T[]> to) {
        return Arrays.asList(SERIALIZATION.convertValue(present(from), to));
    }

    private static Match match(HTTPRouteMatch match) {
        List<HeaderMatch> headers = present(match.getHeaders()).stream().map(each -> header(each.getName(), each.getType(), each.getValue())).toList();
        List<QueryMatch> queries = present(match.getQueryParams()).stream()
            .map(each -> new QueryMatch(each.getName(), Optional.of(text(each.getType(), each.getValue())))).toList();
        List<String> methods = match.getMethod() == null ? List.of() : List.of(match.getMethod());
        return new Match(path(match.getPath()), new RequestMatch(methods, false, headers, queries));
    }

    private static PathMatch path(HTTPPathMatch path) {
        if (path == null) return new Route.Prefix("/");
        String value = path.getValue() == null ? "/" : path.getValue();
        return switch (path.getType() == null ? "PathPrefix" : path.getType()) {
            case "PathPrefix" -> PathMatch.segments(value);
            case "Exact" -> new Route.Exact(value);
            case "RegularExpression" -> new Route.Regex(value);
            default -> throw new RefusedRoute("path type \"" + path.getType() + "\" (expected: Exact, PathPrefix or RegularExpression)");
        };
    }

    private static Match match(GRPCRouteMatch match) {
        List<HeaderMatch> headers = present(match.getHeaders()).stream().map((GRPCHeaderMatch each) ->
            header(each.getName(), each.getType(), each.getValue())).toList();
        return new Match(path(match.getMethod()), GrpcCall.only(new RequestMatch(List.of(), false, headers, List.of())));
    }

    private static PathMatch path(GRPCMethodMatch call) {
        if (call == null) return new Route.Prefix("/");
        Optional<String> service = Optional.ofNullable(call.getService());
        Optional<String> method = Optional.ofNullable(call.getMethod());
        if (call.getType() == null || call.getType().equals("Exact")) return new GrpcCall(service, method).path().orElse(new Route.Prefix("/"));
        if (!call.getType().equals("RegularExpression")) {
            throw new RefusedRoute("method type \"" + call.getType() + "\" (expected: Exact or RegularExpression)");
        }
        return new Route.Regex("/" + service.map(each -> "(" + each + ")").orElse("[^/]+") + "/" + method.map(each -> "(" + each + ")").orElse("[^/]+"));
    }

    private static HeaderMatch header(String name, String type, String value) {
        return HeaderMatch.is(name, text(type, value));
    }

    private static TextMatch text(String type, String value) {
        return switch (type == null ? "Exact" : type) {
            case "Exact" -> new TextMatch.Exact(value);
            case "RegularExpression" -> new TextMatch.Regex(value);
            default -> throw new RefusedRoute("match type \"" + type + "\" (expected: Exact or RegularExpression)");
        };
    }

    static <T> List<T> present(List<T> maybe) {
        return maybe == null ? List.of() : maybe;
    }
}
