package mesh.proxy.runtime;

import java.util.HashSet;
import java.util.Set;
import mesh.model.Cluster;
import mesh.model.HealthCheckPolicy;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.loop.ProxyLoops;
import mesh.proxy.upstream.ClusterLoad;
import mesh.proxy.upstream.Connector;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.HealthChecker;
import mesh.proxy.upstream.HealthLog;
import mesh.proxy.upstream.HealthProbes;
import mesh.proxy.upstream.UpstreamCluster;
import mesh.time.Env;

/**
 * Who is asked whether it is well. A checker whose policy and endpoint stay as they are lives on; where one of them changes, the new one
 * begins with what the old one knew, and an endpoint that was served without any begins as a healthy one.
 */
final class HealthCheckers {

    private final Env env;
    private final ProxyLoops loops;
    private final Connector connector;

    HealthCheckers(Env env, ProxyLoops loops, Connector connector) {
        this.env = env;
        this.loops = loops;
        this.connector = connector;
    }

    /**
     * The destination with its checker, not begun yet if it is new.
     *
     * @param before what the endpoint was until now; null for a new one
     */
    Destination watched(Cluster model, Destination destination, Destination before, ClusterLoad load) {
        HealthCheckPolicy policy = model.health().check().orElse(null);
        if (policy == null) return destination;
        HealthChecker known = before == null ? null : before.checker();
        if (known != null && known.fits(policy, destination.settings())) return destination.with(known);
        HealthChecker.State state = before == null ? HealthChecker.State.PENDING : known == null ? HealthChecker.State.HEALTHY : known.view().state();
        // Spread over the loops, each endpoint always on the same.
        ProxyLoop loop = loops.all().get(Math.floorMod(destination.upstream().address().hashCode(), loops.count()));
        return destination.with(new HealthChecker(policy, destination.settings(),
            HealthProbes.of(policy, model, destination, connector, loop), loop.executor(), loop.timers(), load, state, env.random(), new HealthLog(destination.upstream())));
    }

    /** Begins what is in force now, and ends what is not any more. */
    static void settle(RuntimeTables now, RuntimeTables before) {
        Set<HealthChecker> named = new HashSet<>();
        for (UpstreamCluster cluster : now.clusters().values()) {
            for (Destination destination : cluster.destinations()) {
                if (destination.checker() == null) continue;
                named.add(destination.checker());
                destination.checker().begin();
            }
        }
        for (UpstreamCluster cluster : before.clusters().values()) {
            for (Destination destination : cluster.destinations()) {
                HealthChecker checker = destination.checker();
                if (checker != null && !named.contains(checker)) checker.end();
            }
        }
    }
}
