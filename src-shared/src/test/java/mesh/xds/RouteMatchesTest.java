package mesh.xds;

import static mesh.xds.ResourceTypeTest.problems;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.v3.Int64Range;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mesh.model.GrpcCall;
import mesh.model.HeaderMatch;
import mesh.model.MeshSnapshot;
import mesh.model.QueryMatch;
import mesh.model.RequestMatch;
import mesh.model.RetryPolicy;
import mesh.model.Route.PathMatch;
import mesh.model.RouteTable;
import mesh.model.TextMatch;
import mesh.model.Timeouts;
import org.junit.jupiter.api.Test;

class RouteMatchesTest {

    private static final MeshSnapshot EMPTY = MeshSnapshot.EMPTY;

    @Test
    void saysItInEnvoysOwnFields() {
        RouteMatch match = RouteMatches.encode(new mesh.model.Route.SegmentPrefix("/a"), new RequestMatch(List.of("GET", "M-SEARCH"), true,
            List.of(HeaderMatch.absent("x-a")), List.of(new QueryMatch("v", Optional.empty()))));
        assertThat(match.getPathSeparatedPrefix()).isEqualTo("/a");
        assertThat(match.getHeaders(0)).isEqualTo(HeaderMatcher.newBuilder().setName(":method")
            .setStringMatch(StringMatcher.newBuilder().setSafeRegex(RouteMatches.regex("GET|M-SEARCH"))).build());
        assertThat(match.getHeaders(1)).isEqualTo(HeaderMatcher.newBuilder().setName("x-a").setPresentMatch(true).setInvertMatch(true).build());
        assertThat(match.getQueryParameters(0)).isEqualTo(QueryParameterMatcher.newBuilder().setName("v").setPresentMatch(true).build());
        assertThat(match.hasGrpc()).isTrue();
    }

    @Test
    void sendsRoutesInTheOrderInWhichTheyAreTried() {
        RouteTable table = new RouteTable("t", List.of(new mesh.model.VirtualHost("v", List.of("*"), List.of(
            route("all", new mesh.model.Route.Prefix("/"), RequestMatch.ANY), route("one", new mesh.model.Route.Exact("/a"), RequestMatch.ANY)))),
            RouteTable.Order.SPECIFIC);
        RouteTableCodec codec = new RouteTableCodec();
        RouteConfiguration message = codec.encode(table, EMPTY);
        assertThat(message.getVirtualHosts(0).getRoutesList()).extracting(Route::getName).containsExactly("one", "all");
        assertThat(((Decoded.Good<?>) decode(message)).value()).isEqualTo(table.listed());
    }

    @Test
    void takesWhatMeansTheSame() {
        RouteMatch match = RouteMatch.newBuilder().setPrefix("/").addHeaders(HeaderMatcher.newBuilder().setName("x-a"))
            .addHeaders(HeaderMatcher.newBuilder().setName("x-b").setPresentMatch(false))
            .addHeaders(HeaderMatcher.newBuilder().setName(":method").setStringMatch(StringMatcher.newBuilder().setExact("PUT"))).build();
        RouteTable table = (RouteTable) ((Decoded.Good<?>) decode(table(match))).value();
        assertThat(table.virtualHosts().get(0).routes().get(0).conditions())
            .isEqualTo(new RequestMatch(List.of("PUT"), false, List.of(HeaderMatch.present("x-a"), HeaderMatch.absent("x-b")), List.of()));
    }

    @Test
    void refusesByNameWhatItHasNotGot() {
        StringMatcher anyCase = StringMatcher.newBuilder().setExact("a").setIgnoreCase(true).build();
        RouteMatch match = RouteMatch.newBuilder().setPathSeparatedPrefix("/a/").setCaseSensitive(BoolValue.of(false))
            .addHeaders(HeaderMatcher.newBuilder().setName(":authority").setStringMatch(StringMatcher.newBuilder().setExact("a")))
            .addHeaders(HeaderMatcher.newBuilder().setName("x-a").setRangeMatch(Int64Range.newBuilder().setEnd(9)))
            .addHeaders(HeaderMatcher.newBuilder().setName("x-b").setStringMatch(anyCase))
            .addHeaders(HeaderMatcher.newBuilder().setName("x-c").setTreatMissingHeaderAsEmpty(true))
            .addHeaders(HeaderMatcher.newBuilder().setName(":method").setStringMatch(StringMatcher.newBuilder().setSafeRegex(RouteMatches.regex("P.*"))))
            .addQueryParameters(QueryParameterMatcher.newBuilder().setName("v").setPresentMatch(false))
            .setTlsContext(RouteMatch.TlsContextMatchOptions.getDefaultInstance()).build();
        String at = "routes.t.virtual_hosts[0].routes[0].match";
        assertThat(problems(decode(table(match)))).containsExactlyInAnyOrder(
            at + ".case_sensitive: \"false\" (expected: true)",
            at + ": route path: \"/a/\" (expected: no / at its end, segments are compared)",
            at + ".tls_context: is set (expected: absent; this proxy does not have it)",
            at + ".headers[0]: \":authority\" (expected: a field's name, or once :method)",
            at + ".headers[1].range_match: is set (expected: absent; this proxy does not have it)",
            at + ".headers[2].string_match.ignore_case: is set (expected: absent; this proxy does not have it)",
            at + ".headers[3].treat_missing_header_as_empty: is set (expected: absent; this proxy does not have it)",
            at + ".headers[4].string_match.safe_regex: \"P.*\" (expected: methods with | between them, such as GET|HEAD)",
            at + ".query_parameters[0].present_match: \"false\" (expected: true)");
    }

    @Test
    void tellsGrpcClientsOnlyWhatTheyKnow() {
        RouteTable table = new RouteTable("t", List.of(new mesh.model.VirtualHost("v", List.of("*"), List.of(
            route("get", new mesh.model.Route.Prefix("/"), RequestMatch.methods("GET")),
            route("query", new mesh.model.Route.Prefix("/"), RequestMatch.queryParams(new QueryMatch("v", Optional.empty()))),
            route("segments", new mesh.model.Route.SegmentPrefix("/shop.Pay"), new RequestMatch(List.of("GET", "POST"), true,
                List.of(HeaderMatch.is("x-a", new TextMatch.Exact("true")), HeaderMatch.absent("x-b"),
                    HeaderMatch.is("x-c", new TextMatch.Regex("a+"))), List.of())),
            route("hidden", new mesh.model.Route.Prefix("/"), RequestMatch.headers(HeaderMatch.absent("x-bin"), HeaderMatch.present("x-a"))),
            route("call", new mesh.model.Route.Exact("/shop.Pay/Do"), GrpcCall.only(RequestMatch.ANY))))));
        List<Route> routes = new GrpcRoutesWriter().encode(table, EMPTY).getVirtualHosts(0).getRoutesList();

        assertThat(routes).extracting(Route::getName).containsExactly("segments", "hidden", "call");
        assertThat(routes.get(0).getMatch()).isEqualTo(RouteMatch.newBuilder().setSafeRegex(RouteMatches.regex("/shop\\.Pay(/.*)?"))
            .addHeaders(HeaderMatcher.newBuilder().setName("x-a").setExactMatch("true"))
            .addHeaders(HeaderMatcher.newBuilder().setName("x-b").setPresentMatch(true).setInvertMatch(true))
            .addHeaders(HeaderMatcher.newBuilder().setName("x-c").setSafeRegexMatch(RouteMatches.regex("a+"))).build());
        assertThat(routes.get(1).hasNonForwardingAction()).as("a call that may match fails, and goes to no later route").isTrue();
        assertThat(routes.get(1).getMatch().getHeadersList()).extracting(HeaderMatcher::getName).containsExactly("x-a");
        assertThat(routes.get(2).getMatch()).isEqualTo(RouteMatch.newBuilder().setPath("/shop.Pay/Do").build());
    }

    private static RouteConfiguration table(RouteMatch match) {
        return RouteConfiguration.newBuilder().setName("t").addVirtualHosts(VirtualHost.newBuilder().setName("v").addDomains("*").addRoutes(
            Route.newBuilder().setName("r").setMatch(match)
                .setRoute(io.envoyproxy.envoy.config.route.v3.RouteAction.newBuilder().setCluster("c")))).build();
    }

    private static Decoded<?> decode(RouteConfiguration message) {
        return StrictDecodingTest.decode(ResourceType.ROUTES, "t", message);
    }

    private static mesh.model.Route route(String name, PathMatch match, RequestMatch conditions) {
        return new mesh.model.Route(name, match, new mesh.model.Route.ToCluster("c"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE)
            .withConditions(conditions);
    }
}
