package mesh.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import mesh.model.HashPolicy;
import mesh.model.HeaderChanges;
import mesh.model.HedgePolicy;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteFilters;
import mesh.model.RouteLimits;
import mesh.model.RouteTable;
import mesh.model.Timeouts;
import mesh.model.VirtualHost;

/** Route tables of the full form. */
final class RouteForm {

    private final References tables;
    private final References clusters;
    private final RoutePlaces.Gathered places;

    RouteForm(References tables, References clusters, RoutePlaces.Gathered places) {
        this.tables = tables;
        this.clusters = clusters;
        this.places = places;
    }

    RouteTable table(Section s) {
        String name = s.name("name");
        tables.define(name);
        s.atLeastOne("virtualHosts", "{name: all, hosts: [\"*\"]}");
        List<VirtualHost> hosts = s.items("virtualHosts", "name", host -> virtualHost(host, name));
        RouteTable.Order order = s.read("order", RouteTable.Order.LISTED, RouteTable.Order::parse);
        return s.make(() -> new RouteTable(name, hosts, order));
    }

    private VirtualHost virtualHost(Section s, String table) {
        String name = s.name("name");
        s.atLeastOne("hosts", "payments, or \"*\" for all");
        List<String> hosts = s.texts("hosts", Values::name);
        List<Route> routes = s.items("routes", "name", route -> {
            places.add(table, name, route);
            return route(route);
        });
        HeaderChanges requestHeaders = FiltersForm.headers(s, "requestHeaders");
        HeaderChanges responseHeaders = FiltersForm.headers(s, "responseHeaders");
        return s.make(() -> new VirtualHost(name, hosts, routes, requestHeaders, responseHeaders));
    }

    private Route route(Section s) {
        String name = s.name("name");
        MatchForm.Matched matched = MatchForm.read(s);
        Route.Action action = action(s);
        Optional<String> hostRewrite = s.optional("hostRewrite", Values::name);
        Duration timeout = s.duration("timeout", Timeouts.DEFAULT.request(), true);
        Duration idle = s.duration("idleTimeout", Timeouts.DEFAULT.idle(), true);
        Duration stream = s.duration("maxStreamDuration", Timeouts.DEFAULT.stream(), true);
        Duration grpcMax = s.duration("grpcTimeoutMax", Timeouts.DEFAULT.grpcMax(), true);
        RetryPolicy retry = s.section("retry").map(Policies::retry).orElse(RetryPolicy.NONE);
        Optional<HedgePolicy> hedge = s.section("hedge").map(HedgeForm::read);
        RouteLimits limits = LimitsForm.route(s);
        RouteFilters filters = FiltersForm.read(s, clusters);
        List<HashPolicy> hash = HashForm.route(s);
        return s.make(() -> new Route(name, matched.path(), action, hostRewrite, new Timeouts(timeout, idle, stream, grpcMax), retry, limits)
            .withConditions(matched.conditions()).withHedge(hedge).withFilters(filters).withHash(hash));
    }

    /** Exactly one of four. */
    private Route.Action action(Section s) {
        String cluster = s.read("cluster", null, Values::name);
        List<Route.WeightedCluster> shares = s.items("weightedClusters", "cluster", this::share);
        Optional<Route.Action> reply = s.section("reply").map(RouteForm::reply);
        Optional<Route.Action> redirect = s.section("redirect").map(FiltersForm::redirect);
        clusters.use(cluster, s, "cluster");
        List<String> given = List.of("cluster", "weightedClusters", "reply", "redirect").stream().filter(s::has).toList();
        if (given.isEmpty()) {
            s.wrong("cluster", "missing (expected: cluster, weightedClusters, reply or redirect)");
        }
        given.stream().skip(1).forEach(key -> s.refuse(key, "beside " + given.get(0), "one of them"));
        if (s.has("weightedClusters")) {
            s.atLeastOne("weightedClusters", "{cluster: payments, weight: 9}");
            return s.make(() -> new Route.ToWeightedClusters(shares));
        }
        return reply.or(() -> redirect).orElseGet(() -> s.make(() -> new Route.ToCluster(cluster)));
    }

    private Route.WeightedCluster share(Section s) {
        String cluster = s.required("cluster", "the name of a cluster", Values::name);
        int weight = s.weight(0);
        clusters.use(cluster, s, "cluster");
        return s.make(() -> new Route.WeightedCluster(cluster, weight));
    }

    private static Route.Action reply(Section s) {
        int status = s.integer("status", 200, 200, 599);
        String body = s.read("body", "", text -> text);
        s.end();
        return s.make(() -> new Route.DirectReply(status, body));
    }
}
