package mesh.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import mesh.model.Route.PathMatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoverageTest {

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "prefix /; exact /a; true",
        "prefix /; pathRegex /a|/b; true",
        "prefix /; pathRegex .*; false",
        "prefix /a; pathRegex /ab*; true",
        "prefix /ab; pathRegex /ab*; false",
        "prefix /a; pathRegex /a|/b; false",
        "prefix /a; pathRegex (?i)/ab; false",
        "prefix /a; prefix /ab; true",
        "prefix /ab; prefix /a; false",
        "prefix /a/; pathPrefix /a; false",
        "prefix /a; pathPrefix /a; true",
        "pathPrefix /a; exact /a; true",
        "pathPrefix /a; exact /ab; false",
        "pathPrefix /a; prefix /a; false",
        "pathPrefix /a; prefix /a/b; true",
        "pathPrefix /a; pathPrefix /a/b; true",
        "pathPrefix /a/b; pathPrefix /a; false",
        "exact /a; exact /a; true",
        "exact /a; pathPrefix /a; false",
        "pathRegex /[ab]; exact /b; true",
        "pathRegex /[ab]; exact /c; false",
        "pathRegex .*; prefix /a; true",
        "pathRegex /.*; pathRegex .*; false",
        "pathRegex /[0-9]+; pathRegex /[0-9]+; true",
    })
    void aPathCoversAnother(String earlier, String later, boolean covers) {
        assertThat(isCovered(route("late", path(later)), route("early", path(earlier)))).isEqualTo(covers);
    }

    @Test
    void aConditionCoversWhatIsNarrower() {
        HeaderMatch present = HeaderMatch.present("x-a");
        HeaderMatch exact = HeaderMatch.is("x-a", new TextMatch.Exact("true"));
        HeaderMatch not = new HeaderMatch("x-a", exact.value(), true);
        assertThat(covers(RequestMatch.ANY, RequestMatch.headers(exact))).isTrue();
        assertThat(covers(RequestMatch.headers(exact), RequestMatch.ANY)).isFalse();
        assertThat(covers(RequestMatch.headers(present), RequestMatch.headers(exact, HeaderMatch.absent("x-b")))).isTrue();
        assertThat(covers(RequestMatch.headers(present), RequestMatch.headers(not))).as("which asks that it is there, too").isTrue();
        assertThat(covers(RequestMatch.headers(exact), RequestMatch.headers(present))).isFalse();
        assertThat(covers(RequestMatch.headers(not), RequestMatch.headers(exact))).isFalse();
        assertThat(covers(RequestMatch.headers(HeaderMatch.is("x-a", new TextMatch.Prefix("t"))), RequestMatch.headers(exact))).isTrue();
        assertThat(covers(RequestMatch.headers(HeaderMatch.absent("x-a")), RequestMatch.headers(present))).isFalse();
        assertThat(covers(RequestMatch.methods("GET", "PUT"), RequestMatch.methods("PUT"))).isTrue();
        assertThat(covers(RequestMatch.methods("GET"), RequestMatch.methods("GET", "PUT"))).isFalse();
        assertThat(covers(RequestMatch.methods("GET"), RequestMatch.ANY)).isFalse();
        assertThat(covers(RequestMatch.queryParams(new QueryMatch("v", Optional.empty())),
            RequestMatch.queryParams(new QueryMatch("v", Optional.of(new TextMatch.Exact("1")))))).isTrue();
    }

    @Test
    void looksInTheOrderInWhichRoutesAreTried() {
        VirtualHost host = new VirtualHost("v", List.of("*"), List.of(route("all", new Route.Prefix("/")), route("one", new Route.Exact("/a"))));
        assertThat(Coverage.problems(new RouteTable("t", List.of(host)))).extracting(Problem::toString)
            .containsExactly("routes.t.v.one: never matches: route \"all\" before it takes all of its requests");
        assertThat(Coverage.of(new RouteTable("t", List.of(host), RouteTable.Order.SPECIFIC))).isEmpty();
    }

    /** What is told is true: no request of many has such a route as its first. */
    @Test
    void aCoveredRouteIsNeverTaken() {
        for (int seed = 0; seed < 300; seed++) {
            RandomRoutes chance = new RandomRoutes(new Random(seed));
            RouteTable table = chance.table(12, "*");
            List<Route> covered = Coverage.of(table).stream().map(Coverage.Covered::route).toList();
            List<Route> routes = table.listed().virtualHosts().get(0).routes();
            for (int i = 0; i < 300; i++) {
                PlainRequest request = chance.request("h");
                assertThat(request.first(routes).filter(covered::contains)).as("seed %d, %s", seed, request).isEmpty();
            }
        }
    }

    @Test
    void aTableOfAnySizeIsLookedThroughInBoundedTime() {
        List<Route> routes = IntStream.range(0, 20_000).mapToObj(i -> route("r" + i, i % 2 == 0 ? new Route.Regex("/(a+)+" + i) : new Route.Exact("/" + "a".repeat(30) + i)))
            .toList();
        assertThat(Coverage.of(new RouteTable("t", List.of(new VirtualHost("v", List.of("*"), routes))))).isEmpty();
    }

    private static boolean covers(RequestMatch earlier, RequestMatch later) {
        return isCovered(route("late", new Route.Prefix("/")).withConditions(later), route("early", new Route.Prefix("/")).withConditions(earlier));
    }

    private static boolean isCovered(Route late, Route early) {
        return !Coverage.of(new RouteTable("t", List.of(new VirtualHost("v", List.of("*"), List.of(early, late))))).isEmpty();
    }

    private static PathMatch path(String text) {
        String value = text.substring(text.indexOf(' ') + 1);
        return switch (text.substring(0, text.indexOf(' '))) {
            case "exact" -> new Route.Exact(value);
            case "prefix" -> new Route.Prefix(value);
            case "pathPrefix" -> PathMatch.segments(value);
            default -> new Route.Regex(value);
        };
    }

    private static Route route(String name, PathMatch match) {
        return new Route(name, match, new Route.ToCluster("c"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE);
    }
}
