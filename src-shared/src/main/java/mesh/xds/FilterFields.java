package mesh.xds;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import mesh.model.CorsPolicy;
import mesh.model.FaultPolicy;
import mesh.model.HeaderChanges;
import mesh.model.Mirror;
import mesh.model.PathRewrite;
import mesh.model.Route.PathMatch;
import mesh.model.RouteFilters;

/** What is done to requests and answers on their way, in the fields of a route, of its action and of a virtual host. */
final class FilterFields {

    static final Set<String> OF_ACTION = Set.of("prefix_rewrite", "regex_rewrite", "request_mirror_policies");
    static final Set<String> FILTERS = Set.of(CorsPolicies.FILTER, Faults.FILTER);
    static final Set<String> OF_HEADERS =
        Set.of("request_headers_to_add", "request_headers_to_remove", "response_headers_to_add", "response_headers_to_remove");

    private FilterFields() {}

    /** One set more, where Java has none. */
    static Set<String> and(Set<String> fields, Set<String> more) {
        return Stream.concat(fields.stream(), more.stream()).collect(Collectors.toUnmodifiableSet());
    }

    static void encode(RouteFilters filters, Route.Builder route) {
        route.addAllRequestHeadersToAdd(HeaderOptions.encode(filters.requestHeaders()))
            .addAllRequestHeadersToRemove(filters.requestHeaders().remove())
            .addAllResponseHeadersToAdd(HeaderOptions.encode(filters.responseHeaders()))
            .addAllResponseHeadersToRemove(filters.responseHeaders().remove());
        filters.cors().ifPresent(cors -> route.putTypedPerFilterConfig(CorsPolicies.FILTER, Wire.pack(CorsPolicies.encode(cors))));
        filters.fault().ifPresent(fault -> route.putTypedPerFilterConfig(Faults.FILTER, Wire.pack(Faults.encode(fault))));
    }

    static void encode(mesh.model.VirtualHost from, VirtualHost.Builder host) {
        host.addAllRequestHeadersToAdd(HeaderOptions.encode(from.requestHeaders()))
            .addAllRequestHeadersToRemove(from.requestHeaders().remove())
            .addAllResponseHeadersToAdd(HeaderOptions.encode(from.responseHeaders()))
            .addAllResponseHeadersToRemove(from.responseHeaders().remove());
    }

    static void encode(RouteFilters filters, PathMatch match, RouteAction.Builder action) {
        filters.rewrite().ifPresent(rewrite -> {
            String prefix = PathRewrites.prefix(rewrite, match);
            if (prefix != null) action.setPrefixRewrite(prefix);
            else action.setRegexRewrite(PathRewrites.regex(rewrite, match));
        });
        action.addAllRequestMirrorPolicies(Mirrors.encode(filters.mirrors()));
    }

    /** @param match null after a problem */
    static RouteFilters decode(Route route, PathMatch match, Reading reading) {
        Optional<PathRewrite> rewrite = match == null ? Optional.empty() : rewrite(route.getRoute(), match, reading.at("route"));
        HeaderChanges request = HeaderOptions.decode(route.getRequestHeadersToRemoveList(), route.getRequestHeadersToAddList(), "request", reading);
        HeaderChanges response = HeaderOptions.decode(route.getResponseHeadersToRemoveList(), route.getResponseHeadersToAddList(), "response", reading);
        Optional<CorsPolicy> cors = configured(route, CorsPolicies.FILTER, CorsPolicies::decode, reading);
        Optional<FaultPolicy> fault = configured(route, Faults.FILTER, Faults::decode, reading);
        List<Mirror> mirrors = Mirrors.decode(route.getRoute(), reading.at("route"));
        RouteFilters filters = reading.check(() -> new RouteFilters(rewrite, request, response, cors, fault, mirrors));
        return filters == null ? RouteFilters.NONE : filters;
    }

    private static <T> Optional<T> configured(Route route, String filter, BiFunction<Any, Reading, T> decode, Reading reading) {
        Any config = route.getTypedPerFilterConfigMap().get(filter);
        return config == null ? Optional.empty() : Optional.ofNullable(decode.apply(config, reading.at("typed_per_filter_config").at(filter)));
    }

    private static Optional<PathRewrite> rewrite(RouteAction action, PathMatch match, Reading reading) {
        if (action.hasRegexRewrite()) {
            return Optional.ofNullable(PathRewrites.decodeRegex(action.getRegexRewrite(), match, reading.at("regex_rewrite")));
        }
        return action.getPrefixRewrite().isEmpty() ? Optional.empty()
            : Optional.ofNullable(PathRewrites.decodePrefix(action.getPrefixRewrite(), match, reading.at("prefix_rewrite")));
    }

    static HeaderChanges requestHeaders(VirtualHost host, Reading reading) {
        return HeaderOptions.decode(host.getRequestHeadersToRemoveList(), host.getRequestHeadersToAddList(), "request", reading);
    }

    static HeaderChanges responseHeaders(VirtualHost host, Reading reading) {
        return HeaderOptions.decode(host.getResponseHeadersToRemoveList(), host.getResponseHeadersToAddList(), "response", reading);
    }
}
