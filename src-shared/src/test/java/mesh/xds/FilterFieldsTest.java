package mesh.xds;

import static mesh.xds.ResourceTypeTest.problems;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import com.google.protobuf.Duration;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.RuntimeFractionalPercent;
import io.envoyproxy.envoy.config.route.v3.RedirectAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.RequestMirrorPolicy;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatchAndSubstitute;
import io.envoyproxy.envoy.type.matcher.v3.RegexMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import java.util.Optional;
import java.util.function.UnaryOperator;
import mesh.model.FaultPolicy;
import mesh.model.HeaderChange;
import mesh.model.Mirror;
import mesh.model.PathRewrite;
import mesh.model.Percent;
import mesh.model.Route.Redirect;
import mesh.model.RouteTable;
import org.junit.jupiter.api.Test;

/** What other control planes write into a route: understood as an Envoy would, or refused by name. */
class FilterFieldsTest {

    private static final String AT = "routes.shop.virtual_hosts[0].routes[0].";

    @Test
    void readsWhatOthersWriteAsAnEnvoyWould() {
        mesh.model.Route read = read(route -> route
            .setMatch(RouteMatch.newBuilder().setPrefix("/a"))
            .addRequestHeadersToAdd(HeaderValueOption.newBuilder()
                .setHeader(HeaderValue.newBuilder().setKey("X-Share").setValue("5%%")).setAppend(BoolValue.of(false)))
            .setRoute(RouteAction.newBuilder().setCluster("plain").setPrefixRewrite("/b/")));

        assertThat(read.filters().requestHeaders().add()).containsExactly(new HeaderChange("x-share", "5%", HeaderChange.Action.SET));
        assertThat(read.filters().rewrite()).as("an Envoy minds no slash").contains(new PathRewrite.Regex("^/a", "/b/"));
    }

    @Test
    void readsHttpsRedirects() {
        mesh.model.Route read = read(route -> route
            .setMatch(RouteMatch.newBuilder().setPrefix("/"))
            .setRedirect(RedirectAction.newBuilder().setHttpsRedirect(true).setStripQuery(true)));
        assertThat(read.action()).isEqualTo(new Redirect(Optional.of("https"), Optional.empty(), 0, Optional.empty(), 301, false));
    }

    @Test
    void refusesFormattersAndFieldsThatAreNotForARoute() {
        RouteConfiguration routes = shop(route -> route
            .setMatch(RouteMatch.newBuilder().setPrefix("/"))
            .addRequestHeadersToAdd(header("x-ip", "from %DOWNSTREAM_REMOTE_ADDRESS%"))
            .addRequestHeadersToAdd(header("x-id", "%REQ(x-request-id)%"))
            .addRequestHeadersToAdd(header("x-odd", "5% of"))
            .addRequestHeadersToAdd(header("x-forwarded-client-cert", "By=x"))
            .addResponseHeadersToAdd(header("content-length", "0"))
            .addResponseHeadersToRemove(":status")
            .setRoute(RouteAction.newBuilder().setCluster("plain").setRegexRewrite(RegexMatchAndSubstitute.newBuilder()
                .setPattern(RegexMatcher.newBuilder().setRegex("(")).setSubstitution("/"))));

        assertThat(problems(ResourceType.ROUTES.decode("shop", Wire.pack(routes)))).containsExactly(
            AT + "route.regex_rewrite: rewrite regex: \"(\" is none: missing closing ) (expected: RE2's syntax)",
            AT + "request_headers_to_add[0].header.value: asks for %DOWNSTREAM_REMOTE_ADDRESS% (expected: plain text, % as %%;"
                + " this proxy has no formatters)",
            AT + "request_headers_to_add[1].header.value: asks for %REQ(x-request-id)% (expected: plain text, % as %%; this proxy has no formatters)",
            AT + "request_headers_to_add[2].header.value: asks for a % that is not doubled (expected: plain text, % as %%;"
                + " this proxy has no formatters)",
            AT + "request_headers_to_add[3]: header \"x-forwarded-client-cert\" (expected: none that says who a client is; certificates do)",
            AT + "response_headers_to_add[0]: header \"content-length\" (expected: none that frames or addresses a message; hostRewrite changes the Host)",
            AT + "response_headers_to_remove: header \":status\" (expected: none that frames or addresses a message; hostRewrite changes the Host)");
    }

    @Test
    void refusesWhatItsFiltersCannotDo() {
        RouteConfiguration routes = shop(route -> route
            .setMatch(RouteMatch.newBuilder().setPrefix("/"))
            .putTypedPerFilterConfig("envoy.filters.http.cors", Wire.pack(CorsPolicy.newBuilder()
                .addAllowOriginStringMatch(StringMatcher.newBuilder().setSuffix(".example"))
                .addAllowOriginStringMatch(StringMatcher.newBuilder().setExact("https://a").setIgnoreCase(true))
                .setMaxAge("1h").build()))
            .putTypedPerFilterConfig("envoy.filters.http.fault", Wire.pack(HTTPFault.newBuilder()
                .setDelay(FaultDelay.newBuilder().setFixedDelay(Duration.getDefaultInstance()))
                .setAbort(FaultAbort.newBuilder().setHttpStatus(99))
                .setMaxActiveFaults(UInt32Value.of(1)).build()))
            .putTypedPerFilterConfig("envoy.filters.http.lua", Wire.pack(HTTPFault.getDefaultInstance()))
            .setRoute(RouteAction.newBuilder().setCluster("plain")));

        String config = AT + "typed_per_filter_config.";
        assertThat(problems(ResourceType.ROUTES.decode("shop", Wire.pack(routes)))).containsExactlyInAnyOrder(
            AT + "typed_per_filter_config: \"envoy.filters.http.lua\" (expected: envoy.filters.http.local_ratelimit, envoy.filters.http.cors or"
                + " envoy.filters.http.fault)",
            config + "envoy.filters.http.cors.allow_origin_string_match[0].suffix: is set (expected: absent; this proxy does not have it)",
            config + "envoy.filters.http.cors.allow_origin_string_match[0]: cors origin: \"\" (expected: *, scheme://host[:port] such as"
                + " https://shop.example, prefix: or regex:)",
            config + "envoy.filters.http.cors.allow_origin_string_match[1].ignore_case: is set (expected: absent; this proxy does not have it)",
            config + "envoy.filters.http.fault.max_active_faults: is set (expected: absent; this proxy does not have it)",
            config + "envoy.filters.http.fault.delay: fault delay: 0s (expected: more than 0)",
            config + "envoy.filters.http.fault.abort: fault abort status: 99 (expected: 200 to 599)");
    }

    /** As Istio writes them. */
    @Test
    void readsSharesInEachOfEnvoysUnits() {
        mesh.model.Route read = read(route -> route
            .setMatch(RouteMatch.newBuilder().setPrefix("/"))
            .putTypedPerFilterConfig("envoy.filters.http.fault", Wire.pack(HTTPFault.newBuilder()
                .setDelay(FaultDelay.newBuilder().setFixedDelay(Duration.newBuilder().setSeconds(5))
                    .setPercentage(FractionalPercent.newBuilder().setNumerator(101)))
                .setAbort(FaultAbort.newBuilder().setHttpStatus(500)
                    .setPercentage(FractionalPercent.newBuilder().setNumerator(25).setDenominator(FractionalPercent.DenominatorType.TEN_THOUSAND)))
                .build()))
            .setRoute(RouteAction.newBuilder().setCluster("plain")));
        assertThat(read.filters().fault()).contains(new FaultPolicy(
            Optional.of(new FaultPolicy.Delay(Optional.of(java.time.Duration.ofSeconds(5)), Percent.ALL)),
            Optional.of(new FaultPolicy.Abort(Optional.of(new FaultPolicy.Http(500)), Percent.parse("0.25")))));
    }

    @Test
    void readsMirrorsAsIstioWritesThemAndRefusesOthers() {
        RequestMirrorPolicy half = RequestMirrorPolicy.newBuilder().setCluster("canary").setTraceSampled(BoolValue.of(false))
            .setRuntimeFraction(RuntimeFractionalPercent.newBuilder().setDefaultValue(FractionalPercent.newBuilder().setNumerator(50))).build();
        RequestMirrorPolicy all = RequestMirrorPolicy.newBuilder().setCluster("plain").build();
        assertThat(read(route -> route.setMatch(RouteMatch.newBuilder().setPrefix("/"))
            .setRoute(RouteAction.newBuilder().setCluster("plain").addRequestMirrorPolicies(half).addRequestMirrorPolicies(all))).filters().mirrors())
            .containsExactly(new Mirror("canary", Percent.parse("50")), new Mirror("plain", Percent.ALL));

        RouteConfiguration strange = shop(route -> route.setMatch(RouteMatch.newBuilder().setPrefix("/"))
            .setRoute(RouteAction.newBuilder().setCluster("plain")
                .addRequestMirrorPolicies(RequestMirrorPolicy.newBuilder().setClusterHeader("x-to"))
                .addRequestMirrorPolicies(half.toBuilder().setDisableShadowHostSuffixAppend(true))
                .addRequestMirrorPolicies(half.toBuilder().setRuntimeFraction(RuntimeFractionalPercent.newBuilder().setRuntimeKey("k")))));
        String at = AT + "route.request_mirror_policies";
        assertThat(problems(ResourceType.ROUTES.decode("shop", Wire.pack(strange)))).containsExactly(
            at + "[0].cluster_header: is set (expected: absent; this proxy does not have it)",
            at + "[0]: mirror cluster: \"\" (expected: a name)",
            at + "[1].disable_shadow_host_suffix_append: is set (expected: absent; this proxy does not have it)",
            at + "[2].runtime_fraction.runtime_key: is set (expected: absent; this proxy does not have it)",
            at + "[2]: mirror percent of \"canary\": 0 (expected: above 0; without a mirror nothing is mirrored)");
    }

    private static HeaderValueOption header(String name, String value) {
        return HeaderValueOption.newBuilder().setHeader(HeaderValue.newBuilder().setKey(name).setValue(value)).build();
    }

    static mesh.model.Route read(UnaryOperator<Route.Builder> route) {
        Decoded<?> decoded = ResourceType.ROUTES.decode("shop", Wire.pack(shop(route)));
        return ((RouteTable) ((Decoded.Good<?>) decoded).value()).virtualHosts().get(0).routes().get(0);
    }

    static RouteConfiguration shop(UnaryOperator<Route.Builder> route) {
        return RouteConfiguration.newBuilder().setName("shop").addVirtualHosts(VirtualHost.newBuilder().setName("v").addDomains("*")
            .addRoutes(route.apply(Route.newBuilder().setName("r")))).build();
    }
}
