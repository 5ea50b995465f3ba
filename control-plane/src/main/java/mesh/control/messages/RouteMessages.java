package mesh.control.messages;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.HashPolicy;
import mesh.model.HeaderChanges;
import mesh.model.HedgePolicy;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteFilters;
import mesh.model.RouteLimits;
import mesh.model.RouteTable;
import mesh.model.Timeouts;
import mesh.model.VirtualHost;

/** {@code mesh.v1.RouteTable} and what is in it, to the model and back. */
public final class RouteMessages {

    private RouteMessages() {}

    /** Null when there were problems. */
    public static RouteTable decode(mesh.v1.RouteTable m, String path, Problems problems) {
        int before = problems.count();
        problems.name(path + ".name", m.getName());
        List<VirtualHost> hosts = problems.readAll(path + ".virtual_hosts", m.getVirtualHostsList(), "name",
            mesh.v1.VirtualHost::getName, (v, at) -> decode(v, at, problems));
        RouteTable.Order order = m.getOrder().isEmpty() ? RouteTable.Order.LISTED
            : problems.read(path + ".order", () -> RouteTable.Order.parse(m.getOrder()));
        return problems.count() > before ? null : problems.read(path, () -> new RouteTable(m.getName(), hosts, order));
    }

    private static VirtualHost decode(mesh.v1.VirtualHost m, String path, Problems problems) {
        int before = problems.count();
        problems.name(path + ".name", m.getName());
        List<Route> routes = problems.readAll(path + ".routes", m.getRoutesList(), "name",
            mesh.v1.Route::getName, (r, at) -> decode(r, at, problems));
        HeaderChanges requestHeaders = FilterMessages.headers(m.getRequestHeaders(), path + ".request_headers", problems);
        HeaderChanges responseHeaders = FilterMessages.headers(m.getResponseHeaders(), path + ".response_headers", problems);
        return problems.count() > before ? null
            : problems.read(path + ".hosts", () -> new VirtualHost(m.getName(), m.getHostsList(), routes, requestHeaders, responseHeaders));
    }

    private static Route decode(mesh.v1.Route m, String path, Problems problems) {
        int before = problems.count();
        problems.name(path + ".name", m.getName());
        MatchMessages.Matched matched = MatchMessages.decode(m, path, problems);
        Route.Action action = action(m, path, problems);
        Duration timeout = Values.notNegative(path + ".timeout", m.hasTimeout(), m.getTimeout(), Timeouts.DEFAULT.request(), problems);
        Duration idle = Values.notNegative(path + ".idle_timeout", m.hasIdleTimeout(), m.getIdleTimeout(), Timeouts.DEFAULT.idle(), problems);
        Duration stream = Values.notNegative(path + ".max_stream_duration", m.hasMaxStreamDuration(), m.getMaxStreamDuration(), Timeouts.DEFAULT.stream(), problems);
        Duration grpcMax = Values.notNegative(path + ".grpc_timeout_max", m.hasGrpcTimeoutMax(), m.getGrpcTimeoutMax(), Timeouts.DEFAULT.grpcMax(), problems);
        RetryPolicy retry = m.hasRetry() ? retry(m.getRetry(), path + ".retry", problems) : RetryPolicy.NONE;
        Optional<HedgePolicy> hedge = m.hasHedge()
            ? Optional.ofNullable(HedgeMessages.decode(m.getHedge(), path + ".hedge", problems)) : Optional.empty();
        Optional<String> hostRewrite = m.getHostRewrite().isEmpty() ? Optional.empty() : Optional.of(m.getHostRewrite());
        RouteLimits limits = LimitMessages.decode(m, path, problems);
        RouteFilters filters = FilterMessages.decode(m, path, problems);
        List<HashPolicy> hash = HashMessages.decode(m, path, problems);
        if (problems.count() > before) {
            return null;
        }
        return problems.read(path, () ->
            new Route(m.getName(), matched.path(), action, hostRewrite, new Timeouts(timeout, idle, stream, grpcMax), retry, limits)
                .withConditions(matched.conditions()).withHedge(hedge).withFilters(filters).withHash(hash));
    }

    private static Route.Action action(mesh.v1.Route m, String path, Problems problems) {
        List<String> given = new ArrayList<>();
        if (!m.getCluster().isEmpty()) {
            given.add("cluster");
        }
        if (m.getWeightedClustersCount() > 0) {
            given.add("weighted_clusters");
        }
        if (m.hasReply()) {
            given.add("reply");
        }
        if (m.hasRedirect()) {
            given.add("redirect");
        }
        if (given.size() != 1) {
            problems.add(path + ".cluster", (given.isEmpty() ? "missing" : String.join(" and ", given))
                + " (expected: one of cluster, weighted_clusters, reply, redirect)");
            return null;
        }
        if (m.hasReply() || m.hasRedirect()) {
            return answer(m, path, problems);
        }
        if (!m.getCluster().isEmpty()) {
            return problems.read(path + ".cluster", () -> new Route.ToCluster(m.getCluster()));
        }
        List<Route.WeightedCluster> shares = problems.readAll(path + ".weighted_clusters", m.getWeightedClustersList(), "cluster",
            mesh.v1.WeightedCluster::getCluster, (w, at) -> share(w, at, problems));
        return shares.size() < m.getWeightedClustersCount() ? null
            : problems.read(path + ".weighted_clusters", () -> new Route.ToWeightedClusters(shares));
    }

    private static Route.Action answer(mesh.v1.Route m, String path, Problems problems) {
        if (m.hasTimeout() || m.hasIdleTimeout() || m.hasMaxStreamDuration() || m.hasGrpcTimeoutMax() || m.hasRetry() || m.hasHedge()
            || !m.getHostRewrite().isEmpty() || m.hasRewrite() || m.hasRequestHeaders() || m.getMirrorsCount() > 0
            || m.getHashPolicyCount() > 0) {
            problems.add(path + (m.hasReply() ? ".reply" : ".redirect"), "beside timeout, idle_timeout, max_stream_duration, grpc_timeout_max, retry,"
                + " hedge, host_rewrite, rewrite, request_headers, mirrors or hash_policy (expected: none of them, nothing is sent upstream)");
        }
        if (m.hasRedirect()) {
            return FilterMessages.redirect(m.getRedirect(), path + ".redirect", problems);
        }
        return problems.read(path + ".reply.status", () -> new Route.DirectReply(m.getReply().getStatus(), m.getReply().getBody()));
    }

    private static Route.WeightedCluster share(mesh.v1.WeightedCluster m, String path, Problems problems) {
        if (m.getWeight() < 0 || m.getWeight() > 1_000_000) {
            problems.add(path + ".weight", Integer.toUnsignedString(m.getWeight()) + " (expected: 0 to 1000000)");
            return null;
        }
        return problems.read(path + ".cluster", () -> new Route.WeightedCluster(m.getCluster(), m.getWeight()));
    }

    private static RetryPolicy retry(mesh.v1.Retry m, String path, Problems problems) {
        int attempts = m.getAttempts() == 0 ? RetryPolicy.NONE.attempts() : m.getAttempts();
        if (attempts < 1 || attempts > 10) {
            problems.add(path + ".attempts", Integer.toUnsignedString(attempts) + " (expected: 1 to 10)");
            return RetryPolicy.NONE;
        }
        Duration perTry = Values.notNegative(path + ".per_try_timeout", m.hasPerTryTimeout(), m.getPerTryTimeout(), Duration.ZERO, problems);
        Duration perTryIdle =
            Values.notNegative(path + ".per_try_idle_timeout", m.hasPerTryIdleTimeout(), m.getPerTryIdleTimeout(), Duration.ZERO, problems);
        Duration base = Values.notNegative(path + ".backoff_base", m.hasBackoffBase(), m.getBackoffBase(), RetryPolicy.NONE.backoffBase(), problems);
        Duration max = Values.notNegative(path + ".backoff_max", m.hasBackoffMax(), m.getBackoffMax(), RetryPolicy.NONE.backoffMax(), problems);
        Set<RetryOn> on = m.getRetryOnCount() == 0 ? RetryOn.DEFAULT : conditions(m, path, problems);
        return problems.read(path, () ->
            new RetryPolicy(attempts, perTry, perTryIdle, on, Set.copyOf(m.getRetriableStatusCodesList()), base, max));
    }

    private static Set<RetryOn> conditions(mesh.v1.Retry m, String path, Problems problems) {
        Set<RetryOn> conditions = EnumSet.noneOf(RetryOn.class);
        for (int i = 0; i < m.getRetryOnCount(); i++) {
            String text = m.getRetryOn(i);
            RetryOn condition = problems.read(path + ".retry_on[" + i + "]", () -> RetryOn.parse(text));
            if (condition != null) {
                conditions.add(condition);
            }
        }
        return conditions;
    }

    public static mesh.v1.RouteTable encode(RouteTable table) {
        mesh.v1.RouteTable.Builder m = mesh.v1.RouteTable.newBuilder().setName(table.name());
        if (table.order() != RouteTable.Order.LISTED) m.setOrder(table.order().text());
        for (VirtualHost host : table.virtualHosts()) {
            mesh.v1.VirtualHost.Builder h = m.addVirtualHostsBuilder().setName(host.name()).addAllHosts(host.hosts());
            host.routes().forEach(route -> h.addRoutes(encode(route)));
            if (!host.requestHeaders().isEmpty()) h.setRequestHeaders(FilterMessages.encode(host.requestHeaders()));
            if (!host.responseHeaders().isEmpty()) h.setResponseHeaders(FilterMessages.encode(host.responseHeaders()));
        }
        return m.build();
    }

    private static mesh.v1.Route encode(Route route) {
        mesh.v1.Route.Builder m = mesh.v1.Route.newBuilder().setName(route.name());
        LimitMessages.encode(route.limits(), m);
        FilterMessages.encode(route.filters(), m);
        MatchMessages.encode(route, m);
        if (route.action() instanceof Route.ToCluster to) {
            m.setCluster(to.cluster());
        } else if (route.action() instanceof Route.ToWeightedClusters to) {
            to.clusters().forEach(w -> m.addWeightedClustersBuilder().setCluster(w.cluster()).setWeight(w.weight()));
        } else if (route.action() instanceof Route.DirectReply reply) {
            return m.setReply(mesh.v1.Reply.newBuilder().setStatus(reply.status()).setBody(reply.body())).build();
        } else if (route.action() instanceof Route.Redirect redirect) {
            return m.setRedirect(FilterMessages.encode(redirect)).build();
        }
        route.hostRewrite().ifPresent(m::setHostRewrite);
        m.setTimeout(Values.message(route.timeouts().request()));
        m.setIdleTimeout(Values.message(route.timeouts().idle()));
        if (!route.timeouts().stream().isZero()) m.setMaxStreamDuration(Values.message(route.timeouts().stream()));
        if (!route.timeouts().grpcMax().isZero()) m.setGrpcTimeoutMax(Values.message(route.timeouts().grpcMax()));
        if (!route.retry().equals(RetryPolicy.NONE)) {
            m.setRetry(encode(route.retry()));
        }
        route.hedge().ifPresent(hedge -> m.setHedge(HedgeMessages.encode(hedge)));
        HashMessages.encode(route.hash(), m);
        return m.build();
    }

    private static mesh.v1.Retry.Builder encode(RetryPolicy retry) {
        mesh.v1.Retry.Builder m = mesh.v1.Retry.newBuilder()
            .setAttempts(retry.attempts())
            .setBackoffBase(Values.message(retry.backoffBase()))
            .setBackoffMax(Values.message(retry.backoffMax()));
        if (!retry.perTryIdleTimeout().isZero()) {
            m.setPerTryIdleTimeout(Values.message(retry.perTryIdleTimeout()));
        }
        if (!retry.perTryTimeout().isZero()) {
            m.setPerTryTimeout(Values.message(retry.perTryTimeout()));
        }
        if (!retry.retryOn().equals(RetryOn.DEFAULT)) {
            retry.retryOn().stream().sorted().forEach(on -> m.addRetryOn(on.text()));
        }
        retry.retriableStatusCodes().stream().sorted().forEach(m::addRetriableStatusCodes);
        return m;
    }
}
