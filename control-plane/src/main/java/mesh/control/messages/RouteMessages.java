package mesh.control.messages;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.Route;
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
        return problems.count() > before ? null : problems.read(path, () -> new RouteTable(m.getName(), hosts));
    }

    private static VirtualHost decode(mesh.v1.VirtualHost m, String path, Problems problems) {
        int before = problems.count();
        problems.name(path + ".name", m.getName());
        List<Route> routes = problems.readAll(path + ".routes", m.getRoutesList(), "name",
            mesh.v1.Route::getName, (r, at) -> decode(r, at, problems));
        return problems.count() > before ? null
            : problems.read(path + ".hosts", () -> new VirtualHost(m.getName(), m.getHostsList(), routes));
    }

    private static Route decode(mesh.v1.Route m, String path, Problems problems) {
        int before = problems.count();
        problems.name(path + ".name", m.getName());
        Route.PathMatch match = match(m, path, problems);
        Route.Action action = action(m, path, problems);
        Duration timeout = m.hasTimeout() ? Values.notNegative(path + ".timeout", m.getTimeout(), problems) : Timeouts.DEFAULT.request();
        RetryPolicy retry = m.hasRetry() ? retry(m.getRetry(), path + ".retry", problems) : RetryPolicy.NONE;
        if (problems.count() > before) {
            return null;
        }
        Timeouts timeouts = new Timeouts(timeout, Timeouts.DEFAULT.idle());
        return problems.read(path, () -> new Route(m.getName(), match, action, Problems.text(m.getHostRewrite()), timeouts, retry));
    }

    private static Route.PathMatch match(mesh.v1.Route m, String path, Problems problems) {
        if (!m.getPath().isEmpty() && !m.getPrefix().isEmpty()) {
            problems.add(path, "path \"" + m.getPath() + "\" and prefix \"" + m.getPrefix() + "\" (expected: one of them)");
            return null;
        }
        if (!m.getPath().isEmpty()) {
            return problems.read(path + ".path", () -> new Route.Exact(m.getPath()));
        }
        return problems.read(path + ".prefix", () -> new Route.Prefix(m.getPrefix().isEmpty() ? "/" : m.getPrefix()));
    }

    private static Route.Action action(mesh.v1.Route m, String path, Problems problems) {
        boolean one = !m.getCluster().isEmpty();
        boolean several = m.getWeightedClustersCount() > 0;
        if (one == several) {
            problems.add(path + ".cluster", (one ? "cluster and weighted_clusters" : "neither cluster nor weighted_clusters")
                + " (expected: one of them)");
            return null;
        }
        if (one) {
            return problems.read(path + ".cluster", () -> new Route.ToCluster(m.getCluster()));
        }
        List<Route.WeightedCluster> shares = problems.readAll(path + ".weighted_clusters", m.getWeightedClustersList(), "cluster",
            mesh.v1.WeightedCluster::getCluster, (w, at) -> share(w, at, problems));
        return shares.size() < m.getWeightedClustersCount() ? null
            : problems.read(path + ".weighted_clusters", () -> new Route.ToWeightedClusters(shares));
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
        Duration perTry = m.hasPerTryTimeout()
            ? Values.notNegative(path + ".per_try_timeout", m.getPerTryTimeout(), problems) : Duration.ZERO;
        RetryPolicy normal = RetryPolicy.of(attempts, perTry);
        if (m.getRetryOnCount() == 0) {
            return normal;
        }
        Set<RetryOn> conditions = EnumSet.noneOf(RetryOn.class);
        for (int i = 0; i < m.getRetryOnCount(); i++) {
            String text = m.getRetryOn(i);
            RetryOn condition = problems.read(path + ".retry_on[" + i + "]", () -> RetryOn.parse(text));
            if (condition != null) {
                conditions.add(condition);
            }
        }
        return new RetryPolicy(attempts, perTry, conditions, normal.backoffBase(), normal.backoffMax());
    }

    public static mesh.v1.RouteTable encode(RouteTable table) {
        mesh.v1.RouteTable.Builder m = mesh.v1.RouteTable.newBuilder().setName(table.name());
        for (VirtualHost host : table.virtualHosts()) {
            mesh.v1.VirtualHost.Builder h = m.addVirtualHostsBuilder().setName(host.name()).addAllHosts(host.hosts());
            host.routes().forEach(route -> h.addRoutes(encode(route)));
        }
        return m.build();
    }

    private static mesh.v1.Route encode(Route route) {
        mesh.v1.Route.Builder m = mesh.v1.Route.newBuilder().setName(route.name());
        if (route.match() instanceof Route.Exact exact) {
            m.setPath(exact.path());
        } else if (route.match() instanceof Route.Prefix prefix) {
            m.setPrefix(prefix.prefix());
        }
        if (route.action() instanceof Route.ToCluster to) {
            m.setCluster(to.cluster());
        } else if (route.action() instanceof Route.ToWeightedClusters to) {
            to.clusters().forEach(w -> m.addWeightedClustersBuilder().setCluster(w.cluster()).setWeight(w.weight()));
        } else {
            throw new IllegalArgumentException("route \"" + route.name() + "\": a direct reply (expected: a cluster; mesh.v1 has no direct replies)");
        }
        route.hostRewrite().ifPresent(m::setHostRewrite);
        m.setTimeout(Values.message(route.timeouts().request()));
        RetryPolicy retry = route.retry();
        if (!retry.equals(RetryPolicy.NONE)) {
            mesh.v1.Retry.Builder r = m.getRetryBuilder().setAttempts(retry.attempts());
            if (!retry.perTryTimeout().isZero()) {
                r.setPerTryTimeout(Values.message(retry.perTryTimeout()));
            }
            if (!retry.retryOn().equals(RetryOn.DEFAULT)) {
                retry.retryOn().stream().sorted().forEach(on -> r.addRetryOn(on.text()));
            }
        }
        return m.build();
    }
}
