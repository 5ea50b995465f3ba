package mesh.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Route tables and requests by chance, out of few words, so that what one asks for another often has. */
public final class RandomRoutes {

    private static final List<String> PATHS = List.of("/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b", "/shop.Pay/Do", "/b/1", "/b/22");
    private static final List<String> PREFIXES = List.of("/", "/a", "/a/", "/a/b", "/ab", "/b", "/shop.Pay/", "/b/2");
    private static final List<String> EXPRESSIONS = List.of("/.*", ".*", "/a.*", "/b/[0-9]+", "/(a|b)", "/[^/]+/Do");
    private static final List<String> METHODS = List.of("GET", "POST", "PUT");
    private static final List<String> VALUES = List.of("true", "false", "tr", "t,f");
    private static final List<String> HEADERS = List.of("x-a", "x-b", "content-type");
    private static final List<String> NAMES = List.of("v", "w");

    private final Random random;

    public RandomRoutes(Random random) {
        this.random = random;
    }

    /** @param hosts a virtual host each */
    public RouteTable table(int most, String... hosts) {
        List<VirtualHost> virtual = new ArrayList<>();
        for (String host : hosts) {
            List<Route> routes = new ArrayList<>();
            int count = random.nextInt(most + 1);
            for (int i = 0; i < count; i++) routes.add(route("r" + i + "@" + host));
            virtual.add(new VirtualHost("v" + virtual.size(), List.of(host), routes));
        }
        return new RouteTable("t", virtual, random.nextBoolean() ? RouteTable.Order.LISTED : RouteTable.Order.SPECIFIC);
    }

    private Route route(String name) {
        return new Route(name, path(), new Route.ToCluster("c"), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE).withConditions(conditions());
    }

    private Route.PathMatch path() {
        return switch (random.nextInt(5)) {
            case 0, 1 -> new Route.Exact(one(PATHS));
            case 2 -> new Route.Prefix(one(PREFIXES));
            case 3 -> Route.PathMatch.segments(one(PREFIXES));
            default -> new Route.Regex(one(EXPRESSIONS));
        };
    }

    private RequestMatch conditions() {
        if (random.nextInt(3) == 0) return RequestMatch.ANY;
        List<String> methods = random.nextInt(4) > 0 ? List.of() : random.nextBoolean() ? List.of(one(METHODS)) : List.of("GET", "PUT");
        List<HeaderMatch> headers = new ArrayList<>();
        while (random.nextInt(3) == 0) {
            Optional<TextMatch> value = random.nextInt(3) == 0 ? Optional.empty() : Optional.of(text());
            headers.add(new HeaderMatch(one(HEADERS), value, random.nextInt(4) == 0));
        }
        List<QueryMatch> queryParams = new ArrayList<>();
        if (random.nextInt(5) == 0) queryParams.add(new QueryMatch(one(NAMES), random.nextBoolean() ? Optional.empty() : Optional.of(text())));
        return new RequestMatch(methods, random.nextInt(8) == 0, headers, queryParams);
    }

    private TextMatch text() {
        return switch (random.nextInt(5)) {
            case 0 -> new TextMatch.Prefix("t");
            case 1 -> new TextMatch.Suffix("e");
            case 2 -> new TextMatch.Contains("r");
            case 3 -> new TextMatch.Regex("[a-z]+");
            default -> new TextMatch.Exact(one(VALUES));
        };
    }

    public PlainRequest request(String... hosts) {
        List<String> headers = new ArrayList<>();
        for (String name : List.of("x-a", "x-b")) {
            for (int i = random.nextInt(3); i > 0; i--) headers.add(name + ": " + one(VALUES));
        }
        if (random.nextInt(3) == 0) headers.add("content-type: " + one(List.of("application/grpc", "application/grpc+proto", "application/grpc-web", "true")));
        String query = random.nextInt(3) > 0 ? null : one(List.of("v=true", "w=false&v=tr", "v", "w=&v=true&v=false", "", "vw=true", "&v=true"));
        return new PlainRequest(one(METHODS), one(List.of(hosts)), one(PATHS), query, headers);
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }
}
