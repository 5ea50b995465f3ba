package mesh.proxy.runtime;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import mesh.model.MeshSnapshot;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.VirtualHost;
import mesh.proxy.filter.CorsRules;
import mesh.proxy.filter.FaultDraw;
import mesh.proxy.filter.HeaderEdits;
import mesh.proxy.filter.TargetRewrite;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * What a route does to requests and answers on their way, ready to be done. Only of routes that do anything. Any event loop.
 *
 * @param requestEdits null for none, as the others
 * @param mirrors      empty for none
 */
public record CompiledFilters(
    HeaderEdits requestEdits, HeaderEdits responseEdits, TargetRewrite rewrite, CorsRules cors, FaultDraw faults, List<RouteMirror> mirrors) {

    /** By route; those that do nothing are not there. */
    static Map<Route, CompiledFilters> of(MeshSnapshot snapshot, Map<String, UpstreamCluster> clusters) {
        Map<Route, CompiledFilters> byRoute = new IdentityHashMap<>();
        for (RouteTable table : snapshot.routeTables().values()) {
            for (VirtualHost host : table.virtualHosts()) {
                for (Route route : host.routes()) {
                    CompiledFilters filters = of(route, host, clusters);
                    if (!filters.isEmpty()) byRoute.put(route, filters);
                }
            }
        }
        return byRoute;
    }

    private static CompiledFilters of(Route route, VirtualHost host, Map<String, UpstreamCluster> clusters) {
        return new CompiledFilters(
            HeaderEdits.of(route.filters().requestHeaders(), host.requestHeaders()),
            HeaderEdits.of(route.filters().responseHeaders(), host.responseHeaders()),
            route.filters().rewrite().map(rewrite -> new TargetRewrite(rewrite, route.match())).orElse(null),
            route.filters().cors().map(CorsRules::new).orElse(null),
            route.filters().fault().map(FaultDraw::new).orElse(null),
            route.filters().mirrors().stream().map(mirror -> RouteMirror.of(mirror, route, clusters.get(mirror.cluster()))).toList());
    }

    private boolean isEmpty() {
        return requestEdits == null && responseEdits == null && rewrite == null && cors == null && faults == null && mirrors.isEmpty();
    }
}
