package mesh.xds;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;

/** Snapshots that differ from another one in one thing. */
final class Changes {

    private Changes() {}

    static MeshSnapshot endpoint(MeshSnapshot snapshot, String cluster, int index, UnaryOperator<Endpoint> change) {
        List<Endpoint> endpoints = new ArrayList<>(snapshot.endpointsOf(cluster));
        endpoints.set(index, change.apply(endpoints.get(index)));
        return endpoints(snapshot, new EndpointSet(cluster, endpoints));
    }

    static MeshSnapshot endpoints(MeshSnapshot snapshot, EndpointSet set) {
        Map<String, EndpointSet> sets = new LinkedHashMap<>(snapshot.endpoints());
        sets.put(set.cluster(), set);
        return new MeshSnapshot(snapshot.version() + 1, snapshot.listeners(), snapshot.routeTables(), snapshot.clusters(), sets,
            snapshot.trust(), snapshot.federation());
    }
}
