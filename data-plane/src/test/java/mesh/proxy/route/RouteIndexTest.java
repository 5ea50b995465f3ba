package mesh.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import mesh.model.GrpcCall;
import mesh.model.HeaderMatch;
import mesh.model.PlainRequest;
import mesh.model.QueryMatch;
import mesh.model.RandomRoutes;
import mesh.model.RequestMatch;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.TextMatch;
import mesh.model.Timeouts;
import mesh.model.VirtualHost;
import mesh.proxy.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteIndexTest {

    private static final RouteTable TABLE = new RouteTable("shop", List.of(
        new VirtualHost("any", List.of("*"), List.of(route("any", new Route.Prefix("/")))),
        new VirtualHost("wide", List.of("*.example.com"), List.of(route("wide", new Route.Prefix("/")))),
        new VirtualHost("narrow", List.of("*.eu.example.com"), List.of(route("narrow", new Route.Prefix("/")))),
        new VirtualHost("payments", List.of("payments", "Pay.example.com"), List.of(
            route("exact", new Route.Exact("/pay")),
            route("v1", new Route.Prefix("/v1/")),
            route("late", new Route.Prefix("/v1/refund")))),
        new VirtualHost("port", List.of("payments:8080"), List.of(route("port", new Route.Prefix("/")))),
        new VirtualHost("wide-port", List.of("*.example.com:8443"), List.of(route("wide-port", new Route.Prefix("/")))),
        new VirtualHost("begins", List.of("pay.*"), List.of(route("begins", new Route.Prefix("/")))),
        new VirtualHost("begins-longer", List.of("pay.eu.*"), List.of(route("begins-longer", new Route.Prefix("/")))),
        new VirtualHost("address", List.of("[::1]", "[::2]:80"), List.of(route("address", new Route.Prefix("/"))))));

    private final RouteIndex<String> index = RouteIndex.compile(TABLE, Route::name);

    @ParameterizedTest
    @CsvSource({
        "payments, /pay, exact",
        "PAYMENTS, /pay, exact",
        "payments:9090, /pay, exact",
        "payments, /pay?to=bob, exact",
        "payments, /pays, ",
        "payments, /PAY, ",
        "payments, /v1/x, v1",
        "payments, /v1/refund, v1",
        "payments, /v1, ",
        "payments, /x/../pay, exact",
        "payments:8080, /pay, port",
        "pay.example.com, /other, ",
        "a.example.com, /, wide",
        "a.example.com:80, /, wide",
        "a.example.com:8443, /, wide-port",
        "a.eu.example.com, /, narrow",
        "pay.svc:80, /, begins",
        "PAY.eu.svc, /, begins-longer",
        "pay.eu, /, begins",
        "pay., /, any",
        "pay, /, any",
        "pay.a.example.com, /, wide",
        "[::1], /, address",
        "[::1]:80, /, address",
        "[::2]:80, /, address",
        "[::2]:81, /, any",
        "[::2], /, any",
        "example.com, /, any",
        "badexample.com, /, any",
        "cart, /pay, any",
    })
    void findsTheMostSpecificHostAndItsFirstRoute(String authority, String target, String route) {
        assertThat(index.match(RequestHead.of("GET", target, authority))).isEqualTo(route);
    }

    @Test
    void matchesNothingWithoutAVirtualHostForIt() {
        RouteIndex<String> only = RouteIndex.compile(
            new RouteTable("t", List.of(new VirtualHost("v", List.of("a"), List.of(route("r", new Route.Prefix("/")))))), Route::name);
        assertThat(only.match(RequestHead.of("GET", "/", "b"))).isNull();
    }

    @Test
    void findsEachOfManyHosts() {
        List<VirtualHost> hosts = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            String name = "service-" + i + ".shop";
            hosts.add(new VirtualHost(name, List.of(name, name + ":80"), List.of(route(name, new Route.Prefix("/")))));
        }
        RouteIndex<String> many = RouteIndex.compile(new RouteTable("t", hosts), Route::name);
        for (int i = 0; i < 1_000; i++) {
            String name = "service-" + i + ".shop";
            for (String authority : List.of(name, name + ":80", name + ":81")) {
                assertThat(many.match(RequestHead.of("GET", "/", authority))).isEqualTo(name);
            }
        }
        assertThat(many.match(RequestHead.of("GET", "/", "service-1000.shop"))).isNull();
    }

    private static final String[] HOSTS = {"a", "b.c", "*.c", "*.b.c", "*", "a:80", "*.c:1", "a.*", "b.*"};
    private static final String[] AUTHORITIES = {"a", "a:80", "b.c", "x.b.c", "x.c:1", "x.b.c:1", "d", "a.d", "b.c.d:9"};

    /** Beside the rule as it is written down, over random tables and requests. What explains a match says the same. */
    @Test
    void agreesWithAPlainSearch() {
        int found = 0;
        for (int seed = 0; seed < 1_000; seed++) {
            Random random = new Random(seed);
            RandomRoutes chance = new RandomRoutes(random);
            List<String> hosts = new ArrayList<>(List.of(HOSTS));
            Collections.shuffle(hosts, random);
            RouteTable table = chance.table(10, hosts.subList(0, 3).toArray(String[]::new));
            RouteIndex<Route> subject = RouteIndex.compile(table, route -> route);
            for (int i = 0; i < 10; i++) {
                PlainRequest request = chance.request(AUTHORITIES);
                RequestHead head = head(request);
                Route expected = plainly(table.listed(), request);
                assertThat(subject.match(head)).as("seed %d, %s in %s", seed, request, table).isSameAs(expected);
                assertThat(subject.trace(head).target()).as("seed %d, %s in %s", seed, request, table).isSameAs(expected);
                if (expected != null) found++;
            }
        }
        assertThat(found).as("requests that were not only refused").isGreaterThan(3_000);
    }

    private static Route plainly(RouteTable table, PlainRequest request) {
        String host = request.host().replaceAll(":.*", "");
        VirtualHost best = null;
        int bestRank = -1;
        for (VirtualHost each : table.virtualHosts()) {
            String name = each.hosts().get(0);
            int rank = name.equals(request.host()) && name.contains(":") ? 4000
                : name.equals(host) ? 3000
                : name.startsWith("*.") && (name.contains(":") ? request.host() : host).endsWith(name.substring(1)) ? 2000 + name.length()
                : name.endsWith(".*") && host.startsWith(name.substring(0, name.length() - 1)) ? 1000 + name.length()
                : name.equals("*") ? 0 : -1;
            if (rank > bestRank) {
                best = each;
                bestRank = rank;
            }
        }
        return best == null ? null : request.first(best.routes()).orElse(null);
    }

    private static RequestHead head(PlainRequest request) {
        RequestHead head = RequestHead.of(request.method(), request.target(), request.host());
        request.headers().forEach(line -> head.add(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(' ') + 1)));
        return head;
    }

    @Test
    void findsEachOfManyPaths() {
        List<Route> routes = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            String path = "/service-" + i;
            routes.add(route(path, i % 3 == 0 ? new Route.Exact(path) : i % 3 == 1 ? new Route.SegmentPrefix(path) : new Route.Prefix(path + "/")));
        }
        routes.add(route("rest", new Route.Prefix("/")));
        RouteIndex<String> many = RouteIndex.compile(new RouteTable("t", List.of(new VirtualHost("v", List.of("*"), routes))), Route::name);
        for (int i = 0; i < 10_000; i++) {
            String path = "/service-" + i;
            assertThat(many.match(RequestHead.of("GET", path, "h"))).isEqualTo(i % 3 == 2 ? "rest" : path);
            assertThat(many.match(RequestHead.of("GET", path + "/a", "h"))).isEqualTo(i % 3 == 0 ? "rest" : path);
        }
    }

    /** Prefixes of prefixes, each with a condition that does not hold: the longest way to the last one. */
    @Test
    void goesThroughNestedPrefixesInListedOrder() {
        List<Route> routes = new ArrayList<>();
        for (int i = 1_000; i > 0; i--) {
            routes.add(route("r" + i, new Route.Prefix("/" + "a".repeat(i))).withConditions(RequestMatch.headers(HeaderMatch.is("x-a", new TextMatch.Exact("" + i)))));
        }
        RouteIndex<String> nested = RouteIndex.compile(new RouteTable("t", List.of(new VirtualHost("v", List.of("*"), routes))), Route::name);
        for (int i : new int[] {1, 2, 500, 999, 1_000}) {
            RequestHead head = RequestHead.of("GET", "/" + "a".repeat(1_500), "h");
            head.add("x-a", "" + i);
            assertThat(nested.match(head)).isEqualTo("r" + i);
        }
        assertThat(nested.match(RequestHead.of("GET", "/" + "a".repeat(1_500), "h"))).isNull();
    }

    @Test
    void tellsOfEachEarlierRouteWhatDidNotHold() {
        RouteIndex<String> subject = RouteIndex.compile(new RouteTable("t", List.of(new VirtualHost("v", List.of("shop.*"), List.of(
            route("path", new Route.SegmentPrefix("/b")),
            route("method", new Route.Prefix("/")).withConditions(RequestMatch.methods("PUT", "POST")),
            route("header", new Route.Prefix("/")).withConditions(RequestMatch.headers(HeaderMatch.is("x-canary", new TextMatch.Exact("true")))),
            route("other", new Route.Prefix("/")).withConditions(RequestMatch.headers(new HeaderMatch("x-a", Optional.of(new TextMatch.Exact("b")), true))),
            route("there", new Route.Prefix("/")).withConditions(RequestMatch.headers(HeaderMatch.absent("x-a"))),
            route("query", new Route.Prefix("/")).withConditions(RequestMatch.queryParams(new QueryMatch("v", Optional.of(new TextMatch.Regex("[0-9]+"))))),
            route("grpc", new Route.Prefix("/")).withConditions(GrpcCall.only(RequestMatch.ANY)),
            route("taken", new Route.Prefix("/a")),
            route("later", new Route.Prefix("/a")))))), Route::name);
        RequestHead head = RequestHead.of("GET", "/a/bc?v=x&w", "shop.svc");
        head.add("x-a", "b");
        RouteTrace<String> trace = subject.trace(head);
        assertThat(trace.host()).isEqualTo("shop.*");
        assertThat(trace.target()).isEqualTo("taken");
        assertThat(trace.passedBy()).extracting(each -> each.route().name() + ", " + each.why()).containsExactly(
            "path, path: \"/a/bc\" (expected: pathPrefix \"/b\")",
            "method, method: GET (expected: PUT or POST)",
            "header, header x-canary: absent (expected: exact \"true\")",
            "other, header x-a: \"b\" (expected: not exact \"b\")",
            "there, header x-a: \"b\" (expected: absent)",
            "query, query parameter v: \"x\" (expected: regex \"[0-9]+\")",
            "grpc, method: GET (expected: POST)");
    }

    private static Route route(String name, Route.PathMatch match) {
        return new Route(name, match, new Route.ToCluster("c"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE);
    }
}
