package mesh.control.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import mesh.model.Listener;
import mesh.model.RouteTable;

/**
 * What a Kubernetes cluster has to say about the configuration, all of it called {@code kubernetes/…}.
 *
 * @param statuses objects as they are to be, of those whose status is another now
 */
record Found(List<FoundCluster> clusters, List<Listener> listeners, List<RouteTable> tables, List<HasMetadata> statuses) {

    static final Found NOTHING = new Found(List.of(), List.of(), List.of(), List.of());

    Found {
        clusters = List.copyOf(clusters);
        listeners = List.copyOf(listeners);
        tables = List.copyOf(tables);
        statuses = List.copyOf(statuses);
    }

    /** Both; of two that have one name this one's. */
    Found and(Found other) {
        return new Found(both(clusters, other.clusters, FoundCluster::name), both(listeners, other.listeners, Listener::name),
            both(tables, other.tables, RouteTable::name), concatenated(statuses, other.statuses));
    }

    private static <T> List<T> both(List<T> first, List<T> second, Function<T, String> name) {
        Map<String, T> all = new LinkedHashMap<>();
        first.forEach(each -> all.put(name.apply(each), each));
        second.forEach(each -> all.putIfAbsent(name.apply(each), each));
        return List.copyOf(all.values());
    }

    private static <T> List<T> concatenated(List<T> first, List<T> second) {
        List<T> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }
}
