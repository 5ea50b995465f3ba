package mesh.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
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

    RouteForm(References tables, References clusters) {
        this.tables = tables;
        this.clusters = clusters;
    }

    RouteTable table(Section s) {
        String name = s.name("name");
        tables.define(name);
        s.atLeastOne("virtualHosts", "{name: all, hosts: [\"*\"]}");
        List<VirtualHost> hosts = s.items("virtualHosts", "name", this::virtualHost);
        return s.make(() -> new RouteTable(name, hosts));
    }

    private VirtualHost virtualHost(Section s) {
        String name = s.name("name");
        s.atLeastOne("hosts", "payments, or \"*\" for all");
        List<String> hosts = s.texts("hosts", Values::name);
        List<Route> routes = s.items("routes", "name", this::route);
        HeaderChanges requestHeaders = FiltersForm.headers(s, "requestHeaders");
        HeaderChanges responseHeaders = FiltersForm.headers(s, "responseHeaders");
        return s.make(() -> new VirtualHost(name, hosts, routes, requestHeaders, responseHeaders));
    }

    private Route route(Section s) {
        String name = s.name("name");
        Route.PathMatch path = s.read("path", null, text -> match(text, true));
        Route.PathMatch prefix = s.read("prefix", new Route.Prefix("/"), text -> match(text, false));
        if (s.has("path")) {
            s.refuse("prefix", "beside path", "one of them");
        }
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
        return s.make(() -> new Route(name, path == null ? prefix : path, action, hostRewrite,
            new Timeouts(timeout, idle, stream, grpcMax), retry, limits).withHedge(hedge).withFilters(filters));
    }

    private static Route.PathMatch match(String text, boolean exact) {
        if (!text.startsWith("/") || text.indexOf('?') >= 0 || text.indexOf('#') >= 0) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: begins with / and has no ? or #)");
        }
        return exact ? new Route.Exact(text) : new Route.Prefix(text);
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
