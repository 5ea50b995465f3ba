package mesh.control.messages;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Function;
import mesh.model.Endpoint;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RouteTable;
import mesh.v1.Change;

/** What differs between two configurations, in the words of those who write them: no implicit route tables, endpoints one by one. */
public final class ChangeMessages {

    private ChangeMessages() {}

    /** Listeners, routes, clusters, endpoints; of each what is new or different, and then what is gone. */
    public static List<Change> between(MeshSnapshot before, MeshSnapshot after) {
        List<Change> changes = new ArrayList<>();
        compare(changes, "listener", "", before.listeners(), after.listeners(), (a, b) ->
            a.equals(b) && implicit(before, a).equals(implicit(after, b)));
        compare(changes, "route", "", written(before.routeTables()), written(after.routeTables()), Objects::equals);
        compare(changes, "cluster", "", before.clusters(), after.clusters(), Objects::equals);
        for (String cluster : after.clusters().keySet()) {
            if (before.clusters().containsKey(cluster)) {
                compare(changes, "endpoint", cluster, endpoints(before, cluster), endpoints(after, cluster), Objects::equals);
            }
        }
        return changes;
    }

    private static <T> void compare(
        List<Change> changes, String kind, String cluster, Map<String, T> before, Map<String, T> after, BiPredicate<T, T> same) {
        after.forEach((name, now) -> {
            T then = before.get(name);
            if (then == null || !same.test(then, now)) {
                changes.add(change(then == null ? "added" : "changed", kind, name, cluster));
            }
        });
        before.keySet().stream().filter(name -> !after.containsKey(name))
            .forEach(name -> changes.add(change("removed", kind, name, cluster)));
    }

    private static Change change(String action, String kind, String name, String cluster) {
        return Change.newBuilder().setAction(action).setKind(kind).setName(name).setCluster(cluster).build();
    }

    /** What an http listener that names a cluster leads to. */
    private static Optional<RouteTable> implicit(MeshSnapshot snapshot, Listener listener) {
        return Optional.ofNullable(snapshot.routeTables().get(RouteTable.implicitName(listener.name())));
    }

    private static Map<String, RouteTable> written(Map<String, RouteTable> tables) {
        return MeshSnapshot.byName(tables.values().stream().filter(table -> !table.name().startsWith("@")).toList(), RouteTable::name);
    }

    private static Map<String, Endpoint> endpoints(MeshSnapshot snapshot, String cluster) {
        Function<Endpoint, String> address = endpoint -> endpoint.address().toString();
        return MeshSnapshot.byName(snapshot.endpointsOf(cluster), address);
    }
}
