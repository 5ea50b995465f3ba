package mesh.control.kubernetes;

import java.util.List;
import java.util.function.UnaryOperator;
import mesh.model.Mirror;
import mesh.model.Route;
import mesh.model.RouteFilters;
import mesh.model.RouteTable;
import mesh.model.VirtualHost;

/** A route table that sends to other clusters by the same rules. */
final class RenamedClusters {

    private RenamedClusters() {}

    static RouteTable in(RouteTable table, UnaryOperator<String> name) {
        return new RouteTable(table.name(), table.virtualHosts().stream().map(host -> new VirtualHost(host.name(), host.hosts(),
            host.routes().stream().map(route -> in(route, name)).toList(), host.requestHeaders(), host.responseHeaders())).toList(), table.order());
    }

    private static Route in(Route route, UnaryOperator<String> name) {
        RouteFilters filters = route.filters();
        List<Mirror> mirrors = filters.mirrors().stream().map(each -> new Mirror(name.apply(each.cluster()), each.percent())).toList();
        return new Route(route.name(), route.match(), route.conditions(), in(route.action(), name), route.hostRewrite(), route.timeouts(), route.retry(),
            route.limits(), route.hedge(), new RouteFilters(filters.rewrite(), filters.requestHeaders(), filters.responseHeaders(), filters.cors(),
            filters.fault(), mirrors), route.hash());
    }

    private static Route.Action in(Route.Action action, UnaryOperator<String> name) {
        if (action instanceof Route.ToCluster to) return new Route.ToCluster(name.apply(to.cluster()));
        if (!(action instanceof Route.ToWeightedClusters to)) return action;
        return new Route.ToWeightedClusters(to.clusters().stream()
            .map(each -> new Route.WeightedCluster(name.apply(each.cluster()), each.weight())).toList());
    }
}
