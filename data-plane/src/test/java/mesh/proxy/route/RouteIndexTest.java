package mesh.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
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

    /** Beside the rule as it is written down, over random tables and requests. */
    @Test
    void agreesWithAPlainSearch() {
        Random random = new Random(5);
        for (int i = 0; i < 2_000; i++) {
            List<VirtualHost> hosts = new ArrayList<>();
            List<String> names = new ArrayList<>(List.of("a", "b.c", "*.c", "*.b.c", "*", "a:80", "*.c:1"));
            for (int v = 0; v < 3; v++) {
                String name = names.remove(random.nextInt(names.size()));
                List<Route> routes = new ArrayList<>();
                for (int r = 0; r < 3; r++) routes.add(route(name.replace("*", "any") + r, match(random)));
                hosts.add(new VirtualHost("v" + v, List.of(name), routes));
            }
            RouteTable table = new RouteTable("t", hosts);
            RouteIndex<String> subject = RouteIndex.compile(table, Route::name);
            for (String authority : List.of("a", "a:80", "b.c", "x.b.c", "x.c:1", "x.b.c:1", "d")) {
                String path = path(random);
                assertThat(subject.match(RequestHead.of("GET", path, authority)))
                    .as("%s%s in %s", authority, path, table).isEqualTo(plainly(table, authority, path));
            }
        }
    }

    private static String plainly(RouteTable table, String authority, String path) {
        String host = authority.replaceAll(":.*", "");
        VirtualHost best = null;
        int bestRank = -1;
        for (VirtualHost each : table.virtualHosts()) {
            String name = each.hosts().get(0);
            int rank = name.equals(authority) && name.contains(":") ? 3000
                : name.equals(host) ? 2000
                : name.startsWith("*.") && (name.contains(":") ? authority : host).endsWith(name.substring(1)) ? 1000 + name.length()
                : name.equals("*") ? 0 : -1;
            if (rank > bestRank) {
                best = each;
                bestRank = rank;
            }
        }
        if (best == null) return null;
        for (Route route : best.routes()) {
            boolean matches = route.match() instanceof Route.Exact exact ? exact.path().equals(path) : path.startsWith(((Route.Prefix) route.match()).prefix());
            if (matches) return route.name();
        }
        return null;
    }

    private static Route.PathMatch match(Random random) {
        return random.nextBoolean() ? new Route.Exact(path(random)) : new Route.Prefix(path(random));
    }

    private static String path(Random random) {
        return List.of("/", "/a", "/a/", "/a/b", "/b").get(random.nextInt(5));
    }

    private static Route route(String name, Route.PathMatch match) {
        return new Route(name, match, new Route.ToCluster("c"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE);
    }
}
