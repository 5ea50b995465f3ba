package mesh.proxy.runtime;

import java.util.Map;
import mesh.model.MeshSnapshot;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * One configuration, compiled. Immutable in what it names; what it leads to is alive and lives on into the next one. A request uses the
 * tables that were current when it began, to its end.
 *
 * @param snapshot  what was compiled
 * @param listeners by name
 * @param clusters  by name
 * @param limiters  of its listeners and routes
 * @param hedges    of its routes
 * @param handOver  its listeners without a socket
 */
public record RuntimeTables(
    MeshSnapshot snapshot, Map<String, ListenerTable> listeners, Map<String, UpstreamCluster> clusters, Limiters limiters, RouteHedges hedges,
    HandOver handOver) {

    public static final RuntimeTables EMPTY = new RuntimeTables(MeshSnapshot.EMPTY, Map.of(), Map.of(), Limiters.NONE, RouteHedges.NONE, HandOver.NONE);

    public RuntimeTables {
        listeners = Map.copyOf(listeners);
        clusters = Map.copyOf(clusters);
    }
}
