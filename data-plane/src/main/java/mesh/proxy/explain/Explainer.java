package mesh.proxy.explain;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import mesh.config.RoutePlaces;
import mesh.model.Address;
import mesh.model.Listener;
import mesh.model.Route;
import mesh.model.Route.WeightedCluster;
import mesh.proxy.explain.Explanation.ClusterView;
import mesh.proxy.explain.Explanation.HostView;
import mesh.proxy.explain.Explanation.ListenerView;
import mesh.proxy.explain.Explanation.PassedByView;
import mesh.proxy.explain.Explanation.RouteView;
import mesh.proxy.http.RequestHead;
import mesh.proxy.route.RouteTrace;
import mesh.proxy.runtime.CompiledRoute;
import mesh.proxy.runtime.ListenerTable;
import mesh.proxy.runtime.RuntimeTables;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * Answers which listener, virtual host, route, cluster and endpoints would serve a request. It asks the tables that requests ask, by {@link
 * mesh.proxy.route.RouteIndex#trace}, and decides nothing itself. Any thread.
 *
 * @param tables   of one configuration
 * @param bound    where listeners are, by name; those that are not there are not bound
 * @param places   where routes are written
 * @param cachedAt when the configuration was applied, where that was by an earlier process
 */
public record Explainer(RuntimeTables tables, Map<String, Address> bound, RoutePlaces places, Optional<Instant> cachedAt) {

    /** Throws an IllegalArgumentException for what is no request, or comes to no listener. */
    public Explanation explain(Question question) {
        ListenerTable listener = listener(question.listener());
        if (listener.traffic() instanceof ListenerTable.Tcp tcp) {
            return new Explanation("a connection", Outcomes.ofConnection(tcp.cluster()), view(listener), Optional.empty(), List.of(), Optional.empty(),
                List.of(ClusterViews.of(tcp.cluster(), Optional.empty())), configuration());
        }
        RequestHead head = question.head();
        RouteTrace<CompiledRoute> trace = ((ListenerTable.Http) listener.traffic()).routes().trace(head);
        String table = ((Listener.HttpTraffic) listener.model().traffic()).routeTable();
        List<WeightedCluster> shares = shares(trace.taken());
        List<UpstreamCluster> reached = shares.stream().filter(each -> each.weight() > 0).map(each -> tables.clusters().get(each.cluster())).toList();
        return new Explanation(head.method().name() + " " + head.authority() + head.target(), Outcomes.of(trace, listener, head, reached), view(listener),
            Optional.ofNullable(trace.virtualHost()).map(host -> new HostView(host.name(), trace.host())),
            trace.passedBy().stream().map(each ->
                new PassedByView(each.route().name(), at(table, trace, each.route()), each.subject(), each.found(), each.expected())).toList(),
            Optional.ofNullable(trace.taken()).map(route -> new RouteView(route.name(), table, at(table, trace, route), RouteText.match(route),
                RouteSettings.of(route, trace.virtualHost(), listener.model(), trace.target(), head))),
            clusters(trace.taken(), shares), configuration());
    }

    private ListenerTable listener(Optional<String> name) {
        TreeSet<String> names = new TreeSet<>(tables.listeners().keySet());
        if (name.isPresent()) {
            ListenerTable named = tables.listeners().get(name.get());
            if (named == null) throw new IllegalArgumentException("listener: \"" + name.get() + "\" (expected: one of " + names + ")");
            return named;
        }
        if (names.size() == 1) return tables.listeners().values().iterator().next();
        throw new IllegalArgumentException(names.isEmpty() ? "listener: there is none (expected: a configuration with one)"
            : "listener: missing (expected: one of " + names + ")");
    }

    /** What was only read from a file has no version yet. */
    private String configuration() {
        long version = tables.snapshot().version();
        String named = version == 0 ? "" : "version " + version;
        String from = places.file().isEmpty() ? named : named.isEmpty() ? places.file() : places.file() + ", " + named;
        return from + cachedAt.map(at -> ", cached, from " + at).orElse("");
    }

    private ListenerView view(ListenerTable listener) {
        Listener model = listener.model();
        String clients = model.tls().map(tls -> "mTLS, " + (tls.allow().isEmpty() ? "any of the trust domain"
            : tls.allow().stream().map(Object::toString).sorted().collect(Collectors.joining(" or ")))).orElse("plaintext");
        return new ListenerView(model.name(), bound.getOrDefault(model.name(), model.bind()).toString(),
            protocol(model.traffic()), clients);
    }

    private static String protocol(Listener.Traffic traffic) {
        if (traffic instanceof Listener.TcpTraffic) return "tcp";
        return ((Listener.HttpTraffic) traffic).detection().map(other -> "http, and what is none by cluster " + other.cluster()).orElse("http");
    }

    private Optional<String> at(String table, RouteTrace<?> trace, Route route) {
        return places.of(table, trace.virtualHost().name(), route.name()).map(Object::toString);
    }

    private List<ClusterView> clusters(Route taken, List<WeightedCluster> shares) {
        return shares.stream().map(each -> ClusterViews.of(tables.clusters().get(each.cluster()),
            taken.action() instanceof Route.ToWeightedClusters all ? Optional.of(RouteText.share(each, all)) : Optional.empty())).toList();
    }

    /** Where a route sends requests; nowhere where there is none, or it answers itself. */
    private static List<WeightedCluster> shares(Route taken) {
        if (taken != null && taken.action() instanceof Route.ToCluster to) return List.of(new WeightedCluster(to.cluster(), 1));
        return taken != null && taken.action() instanceof Route.ToWeightedClusters to ? to.clusters() : List.of();
    }
}
