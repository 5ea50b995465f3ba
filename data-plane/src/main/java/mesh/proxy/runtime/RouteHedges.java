package mesh.proxy.runtime;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import mesh.model.HedgePolicy;
import mesh.model.MeshSnapshot;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.VirtualHost;
import mesh.time.Ticker;

/** What the routes of a configuration know about hedging. One that is named again, and hedges as before, keeps it. Immutable once made. */
final class RouteHedges {

    static final RouteHedges NONE = new RouteHedges();

    private record Key(String table, String host, String route, HedgePolicy policy) {}

    private final Map<Key, RouteHedge> byKey = new HashMap<>();
    private final Map<Route, RouteHedge> byRoute = new IdentityHashMap<>();

    private RouteHedges() {}

    static RouteHedges of(MeshSnapshot next, RouteHedges before, Ticker ticker) {
        RouteHedges hedges = new RouteHedges();
        for (RouteTable table : next.routeTables().values()) {
            for (VirtualHost host : table.virtualHosts()) {
                for (Route route : host.routes()) {
                    route.hedge().ifPresent(policy -> hedges.put(route, new Key(table.name(), host.name(), route.name(), policy), before, ticker));
                }
            }
        }
        return hedges;
    }

    private void put(Route route, Key key, RouteHedges before, Ticker ticker) {
        RouteHedge known = before.byKey.get(key);
        RouteHedge hedge = known != null ? known : new RouteHedge(key.policy, ticker);
        byKey.put(key, hedge);
        byRoute.put(route, hedge);
    }

    /** Null for none. */
    RouteHedge of(Route route) {
        return byRoute.get(route);
    }
}
