package mesh.proxy.runtime;

import java.util.random.RandomGenerator;
import mesh.model.Mirror;
import mesh.model.Route;
import mesh.model.Timeouts;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * A cluster that gets copies of a route's requests. Any event loop.
 *
 * @param millionths of the requests
 * @param nanos      a copy may take: the route's time, or 15 s where that is without end
 */
public record RouteMirror(UpstreamCluster cluster, int millionths, long nanos) {

    private static final int WHOLE = 1_000_000;

    static RouteMirror of(Mirror mirror, Route route, UpstreamCluster cluster) {
        boolean endless = route.timeouts().request().isZero();
        return new RouteMirror(cluster, mirror.percent().millionths(), (endless ? Timeouts.DEFAULT : route.timeouts()).request().toNanos());
    }

    public boolean isDrawn(RandomGenerator random) {
        return millionths == WHOLE || random.nextInt(WHOLE) < millionths;
    }
}
