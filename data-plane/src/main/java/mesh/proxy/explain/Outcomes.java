package mesh.proxy.explain;

import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import mesh.model.FaultPolicy;
import mesh.model.Route;
import mesh.proxy.explain.Explanation.Kind;
import mesh.proxy.explain.Explanation.Outcome;
import mesh.proxy.filter.CorsRules;
import mesh.proxy.http.RequestHead;
import mesh.proxy.outcome.Failure;
import mesh.proxy.route.RouteTrace;
import mesh.proxy.runtime.CompiledFilters;
import mesh.proxy.runtime.CompiledRoute;
import mesh.proxy.runtime.ListenerTable;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * What becomes of a request, asked of the same filters and in the same order as by {@code exchange/Exchange}. What hangs on other requests, such as
 * a rate limit, is left out; what hangs on chance is only said to happen where it must.
 */
final class Outcomes {

    /** Draws what loses wherever anything can lose. */
    private static final RandomGenerator UNLUCKY = new RandomGenerator() {
        @Override
        public long nextLong() {
            return -1;
        }

        @Override
        public int nextInt(int bound) {
            return bound - 1;
        }
    };

    private Outcomes() {}

    static Outcome ofConnection(UpstreamCluster cluster) {
        if (cluster.model().originalDst()) return onward("every byte goes to where the connection was opened to, by cluster " + cluster.name());
        if (isAnyUsable(List.of(cluster))) return onward("every byte goes to cluster " + cluster.name());
        return new Outcome(Kind.REFUSED, Optional.empty(), Optional.of(Failure.NO_HEALTHY_UPSTREAM.flag()), Optional.empty(),
            "closed at once, " + Failure.NO_HEALTHY_UPSTREAM.flag() + ": no endpoint of cluster " + cluster.name() + " may get it now");
    }

    /** @param clusters those that the route may send it to */
    static Outcome of(RouteTrace<CompiledRoute> trace, ListenerTable listener, RequestHead asked, List<UpstreamCluster> clusters) {
        if (trace.virtualHost() == null) return refused(asked, Failure.NO_ROUTE, "no virtual host is for \"" + asked.authority() + "\"");
        if (trace.taken() == null) return refused(asked, Failure.NO_ROUTE, "no route of virtual host " + trace.virtualHost().name() + " takes it");
        CompiledRoute route = trace.target();
        // A copy: what is sent on is rewritten on the way.
        RequestHead head = asked.copy();
        Outcome filtered = filtered(route.filters(), head);
        if (filtered != null) return filtered;
        if (route.reply() != null) return answered(Kind.REPLY, route.reply().status(), "answered here with " + route.reply().status());
        if (route.location() != null) return redirected(route, listener, head);
        long most = route.bodyBytes(((ListenerTable.Http) listener.traffic()).bodyBytes());
        if (head.contentLength() > most) return refused(head, Failure.BODY_TOO_LARGE, "its body is longer than " + most + " bytes");
        if (route.filters() != null && route.filters().rewrite() != null && !route.filters().rewrite().apply(head)) {
            return refused(head, Failure.BAD_REWRITE, "route " + route.name() + " makes no path of this one");
        }
        if (isAnyUsable(clusters)) {
            boolean original = clusters.size() == 1 && clusters.get(0).model().originalDst();
            return onward(goesTo(trace.taken().action()) + (original ? ", to where the connection was opened to" : ""));
        }
        return refused(head, Failure.NO_HEALTHY_UPSTREAM, "no endpoint of cluster "
            + clusters.stream().map(UpstreamCluster::name).collect(Collectors.joining(" or ")) + " may get it now");
    }

    /** What ends it before it goes anywhere, or null. */
    private static Outcome filtered(CompiledFilters filters, RequestHead head) {
        if (filters == null) return null;
        if (filters.cors() != null && CorsRules.isPreflight(head) && filters.cors().allowed(head) != null) {
            return answered(Kind.PREFLIGHT, filters.cors().preflight().status(), "answered here: a preflight of an origin that is allowed");
        }
        FaultPolicy.Status abort = filters.faults() == null ? null : filters.faults().abort(head, UNLUCKY);
        if (abort == null) return null;
        Optional<Integer> status = abort instanceof FaultPolicy.Http http ? Optional.of(http.status()) : Optional.empty();
        return new Outcome(Kind.REFUSED, status, Optional.of(Failure.FAULT_INJECTED.flag()), Optional.empty(),
            "refused with " + RouteText.status(abort) + " " + Failure.FAULT_INJECTED.flag() + ": " + Failure.FAULT_INJECTED.sentence());
    }

    private static Outcome redirected(CompiledRoute route, ListenerTable listener, RequestHead head) {
        String location = route.location().of(head, listener.model().tls().isPresent() ? "https" : "http");
        if (location == null) return refused(head, Failure.BAD_REWRITE, "route " + route.name() + " makes no path of this one");
        int status = route.location().status();
        return new Outcome(Kind.REDIRECT, Optional.of(status), Optional.empty(), Optional.of(location),
            "redirected with " + status + " to " + location);
    }

    private static String goesTo(Route.Action action) {
        if (action instanceof Route.ToCluster to) return "goes to cluster " + to.cluster();
        Route.ToWeightedClusters weighted = (Route.ToWeightedClusters) action;
        return "goes by chance to cluster " + weighted.clusters().stream().map(each -> each.cluster() + " (" + RouteText.share(each, weighted) + ")")
            .collect(Collectors.joining(" or "));
    }

    private static boolean isAnyUsable(List<UpstreamCluster> clusters) {
        return clusters.stream().anyMatch(cluster -> cluster.model().originalDst() || cluster.destinations().stream().anyMatch(each -> ClusterViews.isUsable(cluster, each)));
    }

    private static Outcome onward(String sentence) {
        return new Outcome(Kind.CLUSTER, Optional.empty(), Optional.empty(), Optional.empty(), sentence);
    }

    private static Outcome answered(Kind kind, int status, String sentence) {
        return new Outcome(kind, Optional.of(status), Optional.empty(), Optional.empty(), sentence);
    }

    /** The status is the one of the access log; a gRPC client gets another. */
    private static Outcome refused(RequestHead head, Failure failure, String why) {
        String status = head.isGrpc() ? "grpc-status " + failure.grpcStatus() : Integer.toString(failure.httpStatus());
        return new Outcome(Kind.REFUSED, Optional.of(failure.httpStatus()), Optional.of(failure.flag()), Optional.empty(),
            "refused with " + status + " " + failure.flag() + ": " + why);
    }
}
