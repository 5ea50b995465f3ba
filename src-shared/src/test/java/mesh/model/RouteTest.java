package mesh.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTest {

    @ParameterizedTest
    @ValueSource(strings = {"payments", "payments.svc:8080", "10.0.0.1:80", "[::1]", "[::1]:80"})
    void rewritesTheHostToWhatCanStandThere(String host) {
        assertThat(rewriting(host).hostRewrite()).contains(host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "user@host", "host/path", "host:port", "h\u00f6st", "\u6771\u4eac", "a\r\nx: y", ":80"})
    void refusesAHostThatCannotStandThere(String host) {
        assertThatThrownBy(() -> rewriting(host)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("hostRewrite: \"");
    }

    @Test
    void comparesBySegmentsWithoutASlashAtTheEnd() {
        assertThat(Route.PathMatch.segments("/a/")).isEqualTo(new Route.SegmentPrefix("/a"));
        assertThat(Route.PathMatch.segments("/")).isEqualTo(new Route.Prefix("/"));
        assertThatThrownBy(() -> new Route.SegmentPrefix("/a/")).hasMessage("route path: \"/a/\" (expected: no / at its end, segments are compared)");
    }

    @Test
    void standsForWhatTheWireSaysOfAGrpcCall() {
        assertThat(new GrpcCall(Optional.of("shop.Payments"), Optional.of("Pay")).path()).contains(new Route.Exact("/shop.Payments/Pay"));
        assertThat(new GrpcCall(Optional.of("shop.Payments"), Optional.empty()).path()).contains(new Route.Prefix("/shop.Payments/"));
        assertThat(new GrpcCall(Optional.empty(), Optional.of("Pay")).path()).contains(new Route.Regex("/[^/]+/Pay"));
        assertThat(new GrpcCall(Optional.empty(), Optional.empty()).path()).isEmpty();
        assertThat(GrpcCall.only(RequestMatch.ANY)).isEqualTo(new RequestMatch(List.of("POST"), true, List.of(), List.of()));
    }

    @Test
    void refusesWhatCannotStandInARequest() {
        assertThatThrownBy(() -> RequestMatch.methods("get")).hasMessage("match method: \"get\" (expected: a method in capitals, such as GET)");
        assertThatThrownBy(() -> RequestMatch.methods("GET", "GET")).hasMessage("match methods: [GET, GET] (expected: none twice)");
        assertThatThrownBy(() -> HeaderMatch.present(":path")).hasMessage("match header: \":path\" (expected: a field name such as x-canary)");
        assertThatThrownBy(() -> new QueryMatch("a=b", Optional.empty())).hasMessageStartingWith("match queryParam: \"a=b\" (expected: ");
        assertThatThrownBy(() -> new TextMatch.Exact("")).hasMessage("exact: \"\" (expected: 1 to 1024 characters of visible ASCII)");
        assertThatThrownBy(() -> new TextMatch.Regex("a{1000}{1000}")).hasMessageContaining("counts too far");
        assertThatThrownBy(() -> new Route.Regex("a".repeat(1025))).hasMessage("route pathRegex: 1025 characters (expected: 1 to 1024)");
    }

    private static Route rewriting(String host) {
        return new Route("r", new Route.Prefix("/"), new Route.ToCluster("c"), Optional.of(host), Timeouts.DEFAULT, RetryPolicy.NONE);
    }
}
