package mesh.proxy.route;

import java.util.function.Function;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.proxy.http.RequestHead;

/** TEMP. */
public final class RouteIndex<T> {
    private final RouteTable t; private final Function<Route, T> f; private final java.util.Map<Route,T> m = new java.util.HashMap<>();
    RouteIndex(RouteTable t, Function<Route, T> f) { this.t = t; this.f = f; }
    public static <T> RouteIndex<T> compile(RouteTable table, Function<Route, T> f) { var r = new RouteIndex<>(table, f); table.virtualHosts().forEach(v -> v.routes().forEach(x -> r.m.put(x, f.apply(x)))); return r; }
    public T match(RequestHead h) { for (var v : t.virtualHosts()) for (var r : v.routes()) if (r.match() instanceof Route.Prefix p && h.path().startsWith(p.prefix()) || r.match() instanceof Route.Exact e && h.path().equals(e.path())) return m.get(r); return null; }
}
