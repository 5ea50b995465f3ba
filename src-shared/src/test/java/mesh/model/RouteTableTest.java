package mesh.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTableTest {

    /** Gateway API's order, and where it says nothing ours. */
    private static final List<Route> MOST_SPECIFIC_FIRST = List.of(
        route("exact-method", new Route.Exact("/a"), RequestMatch.methods("GET")),
        route("exact-header", new Route.Exact("/abc"), RequestMatch.headers(HeaderMatch.present("x-a"))),
        route("exact", new Route.Exact("/abcd"), RequestMatch.ANY),
        route("long-regex", new Route.Regex("/[a-z]+/b"), RequestMatch.ANY),
        route("regex", new Route.Regex("/.*"), RequestMatch.methods("GET")),
        route("long-prefix", new Route.Prefix("/a/b"), RequestMatch.ANY),
        route("segments", new Route.SegmentPrefix("/a"), RequestMatch.ANY),
        route("method", new Route.Prefix("/b"), RequestMatch.methods("GET")),
        route("two-headers", new Route.Prefix("/b"), RequestMatch.headers(HeaderMatch.present("x-a"), HeaderMatch.present("x-b"))),
        route("grpc", new Route.Prefix("/b"), new RequestMatch(List.of(), true, List.of(), List.of(new QueryMatch("v", Optional.empty())))),
        route("header", new Route.Prefix("/b"), RequestMatch.headers(HeaderMatch.present("x-a"))),
        route("query", new Route.Prefix("/b"), RequestMatch.queryParams(new QueryMatch("v", Optional.empty()))),
        route("all", new Route.Prefix("/"), RequestMatch.ANY));

    @Test
    void bringsTheMostSpecificRouteToTheFrontHoweverTheyAreListed() {
        for (int seed = 0; seed < 100; seed++) {
            List<Route> routes = new ArrayList<>(MOST_SPECIFIC_FIRST);
            Collections.shuffle(routes, new Random(seed));
            assertThat(table(routes, RouteTable.Order.SPECIFIC).listed().virtualHosts().get(0).routes()).as("seed %d", seed)
                .extracting(Route::name).isEqualTo(MOST_SPECIFIC_FIRST.stream().map(Route::name).toList());
        }
    }

    @Test
    void leavesEqualsAsTheyAreListed() {
        Route first = route("first", new Route.Prefix("/a"), RequestMatch.ANY);
        Route second = route("second", new Route.Prefix("/b"), RequestMatch.ANY);
        assertThat(table(List.of(second, first), RouteTable.Order.SPECIFIC).listed().virtualHosts().get(0).routes()).containsExactly(second, first);
    }

    @Test
    void aListedTableStaysAsItIs() {
        RouteTable table = table(MOST_SPECIFIC_FIRST, RouteTable.Order.LISTED);
        assertThat(table.listed()).isSameAs(table);
    }

    @ParameterizedTest
    @ValueSource(strings = {"payments", "payments:80", "*.svc", "*.svc:80", "payments.*", "a.b.*", "*", "[::1]:80"})
    void takesHosts(String host) {
        assertThat(new VirtualHost("v", List.of(host), List.of()).hosts()).containsExactly(host);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "*.", ".*", "*.a.*", "a*", "*a", "a.*.b", "payments.*:80", "a:80.*", "a/b", "a b", "**"})
    void refusesHostsThatItDoesNotHave(String host) {
        assertThatThrownBy(() -> new VirtualHost("v", List.of(host), List.of())).isInstanceOf(IllegalArgumentException.class)
            .hasMessage("virtual host \"v\": host \"" + host + "\" (expected: a name, *.suffix, prefix.* or *)");
    }

    private static RouteTable table(List<Route> routes, RouteTable.Order order) {
        return new RouteTable("t", List.of(new VirtualHost("v", List.of("*"), routes)), order);
    }

    private static Route route(String name, Route.PathMatch match, RequestMatch conditions) {
        return new Route(name, match, new Route.ToCluster("c"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE).withConditions(conditions);
    }
}
