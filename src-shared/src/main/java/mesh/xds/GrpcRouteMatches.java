package mesh.xds;

import com.google.re2j.Pattern;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import java.util.Optional;
import java.util.Set;
import mesh.model.HeaderMatch;
import mesh.model.RequestMatch;
import mesh.model.Route;
import mesh.model.TextMatch;

/**
 * What a route matches, as a gRPC client can be told (gRFC A28): a path, and metadata. Of every call it is known beforehand that it is a POST
 * of gRPC's content type and has no query, so that conditions on these are decided here. Metadata is what the application has set: of fields
 * that only the wire has, and of binary ones, a client sees nothing.
 */
final class GrpcRouteMatches {

    private static final Set<String> WIRE_ONLY = Set.of("host", "te", "user-agent", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding");

    private GrpcRouteMatches() {}

    /** Whether no call of gRPC can match: such a route is left out. */
    static boolean matchesNoCall(RequestMatch conditions) {
        return !conditions.methods().isEmpty() && !conditions.methods().contains("POST")
            || !conditions.queryParams().isEmpty();
    }

    /** Whether a client cannot find out if a call matches. Then each call that may match has to fail: sent on, it could go where it must not. */
    static boolean cannotBeDecided(RequestMatch conditions) {
        return conditions.headers().stream().anyMatch(GrpcRouteMatches::isUnseen);
    }

    private static boolean isUnseen(HeaderMatch header) {
        return WIRE_ONLY.contains(header.name()) || header.name().endsWith("-bin");
    }

    static RouteMatch encode(Route route) {
        RouteMatch.Builder message = RouteMatch.newBuilder();
        if (route.match() instanceof Route.Exact exact) message.setPath(exact.path());
        else if (route.match() instanceof Route.Prefix prefix) message.setPrefix(prefix.prefix());
        // A client that does not know a kind of path refuses the whole table.
        else if (route.match() instanceof Route.SegmentPrefix segments) message.setSafeRegex(RouteMatches.regex(Pattern.quote(segments.prefix()) + "(/.*)?"));
        else if (route.match() instanceof Route.Regex regex) message.setSafeRegex(RouteMatches.regex(regex.regex()));
        route.conditions().headers().stream().filter(header -> !isUnseen(header)).forEach(header -> message.addHeaders(header(header)));
        return message.build();
    }

    /** In the fields that A28 names, which clients have known from the start; Envoy has one newer field for all of them. */
    @SuppressWarnings("deprecation")
    private static HeaderMatcher header(HeaderMatch header) {
        HeaderMatcher.Builder message = HeaderMatcher.newBuilder().setName(header.name()).setInvertMatch(header.invert());
        Optional<TextMatch> value = header.value();
        if (value.isEmpty()) message.setPresentMatch(true);
        else if (value.get() instanceof TextMatch.Exact exact) message.setExactMatch(exact.text());
        else if (value.get() instanceof TextMatch.Prefix prefix) message.setPrefixMatch(prefix.text());
        else if (value.get() instanceof TextMatch.Suffix suffix) message.setSuffixMatch(suffix.text());
        else if (value.get() instanceof TextMatch.Contains contains) message.setContainsMatch(contains.text());
        else if (value.get() instanceof TextMatch.Regex regex) message.setSafeRegexMatch(RouteMatches.regex(regex.regex()));
        return message.build();
    }
}
