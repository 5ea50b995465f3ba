package mesh.control.kubernetes;

import java.util.List;
import mesh.model.Listener;
import mesh.model.RouteTable;

/** What a Kubernetes cluster has to say about the configuration, all of it called {@code kubernetes/…}; each list by name. */
record Found(List<FoundCluster> clusters, List<Listener> listeners, List<RouteTable> tables) {

    Found {
        clusters = List.copyOf(clusters);
        listeners = List.copyOf(listeners);
        tables = List.copyOf(tables);
    }
}
