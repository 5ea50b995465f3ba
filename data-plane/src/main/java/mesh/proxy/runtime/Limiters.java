package mesh.proxy.runtime;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RateLimit;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.VirtualHost;
import mesh.proxy.limit.RateLimiter;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.time.Ticker;

/** The rate limiters of a configuration. One that is named again, and limits as before, lives on with its buckets. Immutable once made. */
final class Limiters {

    static final Limiters NONE = new Limiters();

    private final Map<String, RateLimiter> byName = new HashMap<>();
    private final Map<Listener, RateLimiter> ofListeners = new IdentityHashMap<>();
    private final Map<Route, RateLimiter> ofRoutes = new IdentityHashMap<>();

    private Limiters() {}

    static Limiters of(MeshSnapshot next, Limiters before, ProxyMetrics metrics, Ticker ticker) {
        Limiters limiters = new Limiters();
        for (Listener listener : next.listeners().values()) {
            limiters.named("listener", listener.name(), listener.limits().rate(), before, metrics, ticker)
                .ifPresent(limiter -> limiters.ofListeners.put(listener, limiter));
        }
        for (RouteTable table : next.routeTables().values()) {
            for (VirtualHost host : table.virtualHosts()) {
                for (Route route : host.routes()) {
                    String name = table.name() + "/" + host.name() + "/" + route.name();
                    limiters.named("route", name, route.limits().rate(), before, metrics, ticker)
                        .ifPresent(limiter -> limiters.ofRoutes.put(route, limiter));
                }
            }
        }
        return limiters;
    }

    private Optional<RateLimiter> named(
        String scope, String name, Optional<RateLimit> limit, Limiters before, ProxyMetrics metrics, Ticker ticker) {
        return limit.map(model -> {
            RateLimiter known = before.byName.get(scope + " " + name);
            RateLimiter limiter = known != null && known.model().equals(model)
                ? known : new RateLimiter(scope, model, metrics.rateLimit(scope, name), ticker);
            byName.put(scope + " " + name, limiter);
            return limiter;
        });
    }

    /** Null for none. */
    RateLimiter of(Listener listener) {
        return ofListeners.get(listener);
    }

    /** Null for none. */
    RateLimiter of(Route route) {
        return ofRoutes.get(route);
    }
}
