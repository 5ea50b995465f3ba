package mesh.control.messages;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import mesh.model.AccessLogPolicy;
import mesh.model.AccessPolicy;
import mesh.model.Address;
import mesh.model.Arrival;
import mesh.model.Detection;
import mesh.model.DownstreamTls;
import mesh.model.HashPolicy;
import mesh.model.Listener;
import mesh.model.ProxyProtocol;
import mesh.model.ListenerLimits;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.Timeouts;
import mesh.model.TracingPolicy;
import mesh.model.RetryPolicy;

/**
 * {@code mesh.v1.Listener}, to the model and back.
 *
 * <p>An http listener may name a cluster instead of a route table. The model has no such listener; it gets an <em>implicit</em> route
 * table, whose name is "@" and the listener's, and which becomes the cluster again on the way back.
 */
public final class ListenerMessages {

    private static final String AUTO = "auto";

    private ListenerMessages() {}

    /**
     * A listener with the route table it brings along.
     *
     * @param implicit present when the listener named a cluster
     */
    public record ListenerParts(Listener listener, Optional<RouteTable> implicit) {}

    /** Null when there were problems. */
    public static ListenerParts decode(mesh.v1.Listener m, String path, Problems problems) {
        int before = problems.count();
        problems.name(path + ".name", m.getName());
        Address bind = problems.read(path + ".listen", () -> Address.parse(m.getListen()));
        Listener.Traffic traffic = traffic(m, path, problems);
        Optional<DownstreamTls> tls = AccessMessages.tls(m, path, problems);
        List<AccessPolicy> access = problems.readAll(path + ".authorization", m.getAuthorizationList(), "name",
            mesh.v1.AccessPolicy::getName, (x, at) -> AccessMessages.decode(x, at, problems));
        ListenerLimits limits = LimitMessages.decode(m, path, problems);
        Optional<AccessLogPolicy> log = m.hasAccessLog()
            ? Optional.ofNullable(AccessLogMessages.decode(m.getAccessLog(), path + ".access_log", problems)) : Optional.empty();
        Optional<TracingPolicy> tracing = m.hasTracing()
            ? Optional.ofNullable(TracingMessages.decode(m.getTracing(), path + ".tracing", problems)) : Optional.empty();
        boolean handedOver = m.hasBindToPort() && !m.getBindToPort();
        if (handedOver && m.getUseOriginalDst()) {
            problems.add(path + ".bind_to_port", "false beside use_original_dst (expected: true, or none)");
        }
        Arrival arrival = handedOver ? Arrival.HANDED_OVER : m.getUseOriginalDst() ? Arrival.INTERCEPTED : Arrival.DIRECT;
        ProxyProtocol.Acceptance proxied = m.getProxyProtocol().isEmpty() ? ProxyProtocol.Acceptance.NONE
            : problems.read(path + ".proxy_protocol", () -> ProxyProtocol.Acceptance.parse(m.getProxyProtocol()));
        Scope scope = new Scope(m.getScope().getWorkload(), m.getScope().getNode());
        if (problems.count() > before) {
            return null;
        }
        return problems.read(path, () ->
            new ListenerParts(new Listener(m.getName(), bind, scope, traffic, tls, limits, log, tracing, access, arrival, proxied),
                implicit(m, traffic)));
    }

    private static Listener.Traffic traffic(mesh.v1.Listener m, String path, Problems problems) {
        boolean tcp = m.getProtocol().equals("tcp");
        boolean auto = m.getProtocol().equals(AUTO);
        if (!auto && (m.getTlsRoutesCount() > 0 || m.getServerFirstPortsCount() > 0)) {
            problems.add(path + ".protocol", "\"" + m.getProtocol() + "\" beside tls_routes or server_first_ports (expected: auto)");
        }
        if (!tcp && !auto && !m.getProtocol().isEmpty() && !m.getProtocol().equals("http")) {
            problems.add(path + ".protocol", "\"" + m.getProtocol() + "\" (expected: http, tcp or auto)");
            return null;
        }
        String route = m.getRoute();
        String cluster = m.getCluster();
        if (tcp) {
            if (!route.isEmpty()) {
                problems.add(path + ".route", "\"" + route + "\" (expected: a cluster and no route, for protocol tcp)");
            }
            if (!m.getService().isEmpty()) {
                problems.add(path + ".service", "\"" + m.getService() + "\" (expected: none, for protocol tcp)");
            }
            Optional<HashPolicy.By> hash = HashMessages.decode(m, path, problems);
            return problems.read(path + ".cluster", () -> new Listener.TcpTraffic(cluster, hash));
        }
        if (!m.getHashBy().isEmpty()) {
            problems.add(path + ".hash_by", "\"" + m.getHashBy() + "\" (expected: none, a route has hash_policy)");
        }
        Optional<Detection> detection = auto ? Optional.ofNullable(detection(m, path, problems)) : Optional.empty();
        if (!auto && route.isEmpty() == cluster.isEmpty()) {
            problems.add(path + ".route", (route.isEmpty() ? "neither route nor cluster"
                : "route \"" + route + "\" and cluster \"" + cluster + "\"") + " (expected: one of them)");
            return null;
        }
        if (route.startsWith("@")) {
            problems.add(path + ".route", "\"" + route + "\" (expected: a name that does not begin with \"@\")");
            return null;
        }
        String table = route.isEmpty() ? RouteTable.implicitName(m.getName()) : route;
        return problems.read(path + ".route", () -> new Listener.HttpTraffic(table, m.getService(), detection));
    }

    private static Detection detection(mesh.v1.Listener m, String path, Problems problems) {
        List<Detection.TlsRoute> tls = new ArrayList<>();
        for (int i = 0; i < m.getTlsRoutesCount(); i++) {
            mesh.v1.TlsRoute route = m.getTlsRoutes(i);
            tls.add(problems.read(path + ".tls_routes[" + i + "]", () -> new Detection.TlsRoute(route.getSniList(), route.getCluster())));
        }
        if (tls.contains(null)) return null;
        return problems.read(path + ".cluster", () -> new Detection(m.getCluster(), tls,
            m.getServerFirstPortsCount() == 0 ? Detection.SERVER_FIRST : Set.copyOf(new TreeSet<>(m.getServerFirstPortsList()))));
    }

    private static Optional<RouteTable> implicit(mesh.v1.Listener m, Listener.Traffic traffic) {
        boolean named = traffic instanceof Listener.TcpTraffic || !m.getRoute().isEmpty();
        return named ? Optional.empty() : Optional.of(implicit(m.getName(), m.getCluster()));
    }

    private static RouteTable implicit(String listener, String cluster) {
        return RouteTable.toCluster(RouteTable.implicitName(listener), new Route("all", new Route.Prefix("/"), new Route.ToCluster(cluster),
            Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE));
    }

    /**
     * The listener as it was written.
     *
     * @param table the route table it names; null for tcp
     */
    public static mesh.v1.Listener encode(Listener listener, RouteTable table) {
        mesh.v1.Listener.Builder m = mesh.v1.Listener.newBuilder().setName(listener.name()).setListen(listener.bind().toString());
        if (!listener.scope().equals(Scope.ALL)) {
            m.setScope(mesh.v1.Scope.newBuilder().setWorkload(listener.scope().workload()).setNode(listener.scope().node()));
        }
        if (listener.traffic() instanceof Listener.TcpTraffic tcp) {
            m.setProtocol("tcp").setCluster(tcp.cluster());
            tcp.hash().ifPresent(by -> m.setHashBy(by.text()));
        } else if (listener.traffic() instanceof Listener.HttpTraffic http) {
            m.setProtocol("http").setService(http.service());
            if (http.routeTable().equals(RouteTable.implicitName(listener.name()))) {
                m.setCluster(implicitCluster(listener, table));
            } else {
                m.setRoute(http.routeTable());
            }
            http.detection().ifPresent(detection -> encode(detection, m));
        }
        listener.tls().ifPresent(tls -> m.setTls(AccessMessages.encode(tls)));
        listener.access().forEach(policy -> m.addAuthorization(AccessMessages.encode(policy)));
        if (listener.arrival() == Arrival.INTERCEPTED) m.setUseOriginalDst(true);
        if (listener.arrival() == Arrival.HANDED_OVER) m.setBindToPort(false);
        if (listener.proxied() != ProxyProtocol.Acceptance.NONE) m.setProxyProtocol(listener.proxied().text());
        LimitMessages.encode(listener.limits(), m);
        listener.log().ifPresent(log -> m.setAccessLog(AccessLogMessages.encode(log)));
        listener.tracing().ifPresent(tracing -> m.setTracing(TracingMessages.encode(tracing)));
        return m.build();
    }

    private static void encode(Detection detection, mesh.v1.Listener.Builder m) {
        m.setProtocol(AUTO).setCluster(detection.cluster());
        detection.tls().forEach(route -> m.addTlsRoutes(mesh.v1.TlsRoute.newBuilder().addAllSni(route.names()).setCluster(route.cluster())));
        if (!detection.serverFirstPorts().equals(Detection.SERVER_FIRST)) m.addAllServerFirstPorts(new TreeSet<>(detection.serverFirstPorts()));
    }

    private static String implicitCluster(Listener listener, RouteTable table) {
        if (table.virtualHosts().get(0).routes().get(0).action() instanceof Route.ToCluster to
            && table.equals(implicit(listener.name(), to.cluster()))) {
            return to.cluster();
        }
        throw new IllegalArgumentException("route table \"" + table.name() + "\" (expected: a name that does not begin with \"@\")");
    }
}
