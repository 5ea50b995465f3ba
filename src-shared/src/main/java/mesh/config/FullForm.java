package mesh.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import mesh.model.AccessPolicy;
import mesh.model.Address;
import mesh.model.Arrival;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.ConsistentHash;
import mesh.model.Detection;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.HashPolicy;
import mesh.model.HealthPolicy;
import mesh.model.Listener;
import mesh.model.ListenerLimits;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;
import mesh.model.ProxyProtocol;
import mesh.model.RetryLimits;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.Timeouts;
import mesh.model.TracingPolicy;
import mesh.model.UpstreamProtocol;
import mesh.model.UpstreamTls;

/** Any number of listeners, route tables and clusters, in the words of {@code config.proto} but camelCase. */
final class FullForm {

    static final List<String> KEYS = List.of("listeners", "routes", "clusters", "identity", "telemetry", "locality", "memoryBudgetMib");
    private static final String HTTP_ONLY = "only with protocol http";

    private final Section root;
    private final Path directory;
    private final Findings findings;
    private final Sockets sockets = new Sockets();
    private final References tables = new References("routes");
    private final References clusters = new References("clusters");
    private final List<RouteTable> implicit = new ArrayList<>();
    private final RoutePlaces.Gathered places = new RoutePlaces.Gathered();
    private final AccessLogForm accessLogs;
    private final TracingForm tracing = new TracingForm();

    FullForm(Section root, Path directory, Findings findings) {
        this.root = root;
        this.directory = directory;
        this.findings = findings;
        this.accessLogs = new AccessLogForm(directory);
    }

    /** Telemetry's part of the result. */
    private record Telemetry(
        Optional<Address> metrics, Optional<Address> admin, Optional<Address> health, AccessLogForm.Said accessLog, Optional<TracingPolicy> tracing) {
        static final Telemetry NONE =
            new Telemetry(Optional.empty(), Optional.empty(), Optional.empty(), AccessLogForm.Said.NOTHING, Optional.empty());

        Listener complete(Listener listener, AccessLogForm accessLogs, TracingForm tracings) {
            return tracings.complete(accessLogs.complete(listener, accessLog), tracing);
        }
    }

    /** A cluster is two records of the model. */
    private record ClusterParts(Cluster cluster, EndpointSet endpoints) {}

    /** Null after a finding. */
    SidecarConfig read() {
        root.atLeastOne("listeners", "{name: web, listen: \":8080\", cluster: web}");
        List<Listener> listeners = root.items("listeners", "name", this::listener);
        List<RouteTable> named = root.items("routes", "name", new RouteForm(tables, clusters, places)::table);
        List<ClusterParts> parts = root.items("clusters", "name", this::cluster);
        Optional<IdentityFiles> identity = root.section("identity").flatMap(this::identity);
        Telemetry telemetry = root.section("telemetry").map(this::telemetry).orElse(Telemetry.NONE);
        Optional<Locality> locality = root.optional("locality", Locality::parse);
        OptionalLong memory = LimitsForm.memory(root);
        root.end();
        tables.check(findings);
        clusters.check(findings);
        if (!findings.none()) {
            return null;
        }
        List<RouteTable> all = new ArrayList<>(named);
        all.addAll(implicit);
        MeshSnapshot snapshot = new MeshSnapshot(0,
            MeshSnapshot.byName(listeners.stream().map(each -> telemetry.complete(each, accessLogs, tracing)).toList(), Listener::name),
            MeshSnapshot.byName(all, RouteTable::name),
            MeshSnapshot.byName(parts.stream().map(ClusterParts::cluster).toList(), Cluster::name),
            MeshSnapshot.byName(parts.stream().map(ClusterParts::endpoints).toList(), EndpointSet::cluster),
            Optional.empty());
        return new SidecarConfig(snapshot, identity, locality, memory, telemetry.metrics, telemetry.admin, telemetry.health,
            places.in(findings.file()));
    }

    private Listener listener(Section s) {
        String name = s.name("name");
        Arrival arrival = arrival(s);
        Address address = s.required("listen", "an address such as :8080", Address::parse);
        Address listen = arrival == Arrival.HANDED_OVER ? address : sockets.claim(s, "listen", address);
        String protocol = s.read("protocol", "http", DetectionForm::protocol);
        boolean tcp = "tcp".equals(protocol);
        boolean auto = "auto".equals(protocol);
        String route = s.read("route", null, Values::name);
        String cluster = s.read("cluster", null, Values::name);
        String service = s.read("service", "", Values::name);
        Optional<DownstreamTls> tls = AccessForm.tls(s);
        ListenerLimits limits = LimitsForm.listener(s, tcp);
        accessLogs.listener(s, name, tcp);
        tracing.listener(s, name, tcp);
        Optional<HashPolicy.By> hash = HashForm.listener(s, tcp);
        List<AccessPolicy> access = AccessForm.policies(s, tcp);
        ProxyProtocol.Acceptance proxied = s.read("proxyProtocol", ProxyProtocol.Acceptance.NONE, ProxyProtocol.Acceptance::parse);
        Optional<Detection> detection = DetectionForm.listener(s, cluster, auto, clusters);
        if (tcp) {
            s.refuse("route", "beside protocol tcp", HTTP_ONLY);
            s.refuse("service", "beside protocol tcp", HTTP_ONLY);
        }
        if (!s.has("cluster") && (tcp || auto || !s.has("route"))) {
            s.wrong("cluster", "missing (expected: " + (tcp || auto ? "the cluster that gets the bytes)" : "a cluster, or a route)"));
        }
        if (!tcp && !auto && s.has("cluster")) {
            s.refuse("route", "beside cluster", "one of them");
        }
        tables.use(route, s, "route");
        clusters.use(cluster, s, "cluster");
        needsIdentity(s);
        return s.make(() -> {
            Listener.Traffic traffic = tcp ? new Listener.TcpTraffic(cluster, hash)
                : new Listener.HttpTraffic(route == null ? RouteTable.implicitName(name) : route, service, detection);
            if (!tcp && route == null) {
                implicit.add(RouteTable.toCluster(RouteTable.implicitName(name), new Route("all", new Route.Prefix("/"),
                    new Route.ToCluster(cluster), Optional.empty(), Timeouts.DEFAULT, RetryPolicy.NONE)));
            }
            return new Listener(name, listen, Scope.ALL, traffic, tls, limits).withAccess(access).withArrival(arrival).withProxied(proxied);
        });
    }

    private static Arrival arrival(Section s) {
        boolean intercepted = Boolean.TRUE.equals(s.read("useOriginalDst", false, Values::flag));
        if (!Boolean.FALSE.equals(s.read("bindToPort", true, Values::flag))) return intercepted ? Arrival.INTERCEPTED : Arrival.DIRECT;
        if (intercepted) s.refuse("bindToPort", "beside useOriginalDst", "true");
        return Arrival.HANDED_OVER;
    }

    private static boolean originalDst(String type) {
        if (type.equals("endpoints")) return false;
        if (type.equals("original_dst")) return true;
        throw new IllegalArgumentException("\"" + type + "\" (expected: endpoints or original_dst)");
    }

    private ClusterParts cluster(Section s) {
        String name = s.name("name");
        clusters.define(name);
        boolean originalDst = Boolean.TRUE.equals(s.read("type", false, FullForm::originalDst));
        BalancerKind balancer = s.read("balancer", BalancerKind.ROUND_ROBIN, BalancerKind::parse);
        List<Endpoint> endpoints = s.items("endpoints", "address", each -> Policies.endpoint(each, "address", root.has("identity")));
        Optional<UpstreamTls> tls = s.section("tls").map(FullForm::upstream);
        Optional<CircuitBreakerPolicy> breaker = s.section("circuitBreaker").map(Policies::breaker);
        UpstreamProtocol protocol = s.read("protocol", ConnectionPolicy.DEFAULT.protocol(), UpstreamProtocol::parse);
        ConnectionPolicy connections = Policies.connections(s, protocol);
        HealthPolicy health = HealthForm.cluster(s);
        RetryLimits retries = RetryLimitsForm.cluster(s);
        BalancingPolicy balancing = BalancingForm.cluster(s);
        ConsistentHash hash = HashForm.cluster(s, balancer);
        Optional<ProxyProtocol.Version> announces = s.optional("proxyProtocol", ProxyProtocol.Version::parse);
        needsIdentity(s);
        return s.make(() -> new ClusterParts(
            new Cluster(name, balancer, tls, breaker, connections)
                .withHealth(health).withRetries(retries).withBalancing(balancing).withHash(hash).withOriginalDst(originalDst)
                .withAnnounces(announces),
            new EndpointSet(name, endpoints)));
    }

    private static UpstreamTls upstream(Section s) {
        var expect = Policies.ids(s, "expect");
        s.end();
        return s.make(() -> new UpstreamTls(expect));
    }

    private void needsIdentity(Section s) {
        if (!root.has("identity")) {
            s.refuse("tls", "without a certificate of the sidecar's own", Policies.NEEDS_IDENTITY);
        }
    }

    private Optional<IdentityFiles> identity(Section s) {
        Optional<IdentityFiles> files = Policies.identity(s, directory);
        s.end();
        return files;
    }

    private Telemetry telemetry(Section s) {
        Optional<Address> metrics = listen(s, "metricsListen");
        Optional<Address> admin = listen(s, "adminListen");
        Optional<Address> health = listen(s, "healthListen");
        AccessLogForm.Said accessLog = accessLogs.read(s);
        Optional<TracingPolicy> traced = tracing.read(s);
        s.end();
        return new Telemetry(metrics, admin, health, accessLog, traced);
    }

    private Optional<Address> listen(Section s, String key) {
        return Optional.ofNullable(sockets.claim(s, key, s.read(key, null, Address::parse)));
    }
}
