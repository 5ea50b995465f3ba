package mesh.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.ConsistentHash;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.HashPolicy;
import mesh.model.HealthPolicy;
import mesh.model.Listener;
import mesh.model.ListenerLimits;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;
import mesh.model.RetryLimits;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.Scope;
import mesh.model.SpiffeId;
import mesh.model.Timeouts;
import mesh.model.UpstreamTls;

/**
 * The specification's form: one listener, named {@code proxy}, in front of one cluster. {@code proxy.service} names the cluster and the
 * {@code service} label, {@code default} when absent. {@code mtls} secures the listener; upstreams stay plaintext unless
 * {@code mtls.upstream} is true.
 */
final class ShortForm {

    static final List<String> KEYS = List.of("proxy", "mtls", "metrics", "locality", "memoryBudgetMib");
    private static final String LISTENER = "proxy";

    private final Section root;
    private final Path directory;
    private final Findings findings;
    private final Sockets sockets = new Sockets();

    ShortForm(Section root, Path directory, Findings findings) {
        this.root = root;
        this.directory = directory;
        this.findings = findings;
    }

    /** What {@code mtls} says. */
    private record Mtls(Optional<IdentityFiles> files, Optional<DownstreamTls> downstream, Optional<UpstreamTls> upstream) {
        static final Mtls NONE = new Mtls(Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** Null after a finding. */
    SidecarConfig read() {
        Optional<Section> proxy = root.section("proxy");
        Mtls mtls = root.section("mtls").map(this::mtls).orElse(Mtls.NONE);
        Optional<MeshSnapshot> snapshot = proxy.map(s -> snapshot(s, mtls));
        Optional<Address> metrics = root.section("metrics").map(this::metrics);
        Optional<Locality> locality = root.optional("locality", Locality::parse);
        OptionalLong memory = LimitsForm.memory(root);
        FullForm.KEYS.stream().filter(key -> !KEYS.contains(key)).forEach(key ->
            root.refuse(key, "beside proxy", "the short form, " + KEYS + ", or the full form, " + FullForm.KEYS));
        root.end();
        return root.make(() -> new SidecarConfig(snapshot.orElseThrow(), mtls.files, locality, memory, metrics, Optional.empty(), Optional.empty(),
            new RoutePlaces.Gathered().in(findings.file())));
    }

    private MeshSnapshot snapshot(Section s, Mtls mtls) {
        Address listen = sockets.claim(s, "listen", s.required("listen", "an address such as :8080", Address::parse));
        boolean tcp = Policies.isTcp(s);
        String service = s.read("service", "default", Values::name);
        s.atLeastOne("upstreams", "{addr: localhost:9001}");
        List<Endpoint> upstreams = s.items("upstreams", "addr", each -> Policies.endpoint(each, "addr", mtls != Mtls.NONE));
        BalancerKind balancer = s.read("balancer", BalancerKind.ROUND_ROBIN, BalancerKind::parse);
        Optional<CircuitBreakerPolicy> breaker = s.section("circuitBreaker").map(Policies::breaker);
        ConnectionPolicy connections = Policies.connections(s, ConnectionPolicy.DEFAULT.protocol());
        HealthPolicy health = HealthForm.cluster(s);
        RetryLimits retries = RetryLimitsForm.cluster(s);
        BalancingPolicy balancing = BalancingForm.cluster(s);
        ConsistentHash spread = HashForm.cluster(s, balancer);
        Duration timeout = s.duration("timeout", Timeouts.DEFAULT.request(), true);
        RetryPolicy retry = s.section("retry").map(Policies::retry).orElse(RetryPolicy.NONE);
        ListenerLimits limits = LimitsForm.listener(s, tcp);
        Optional<HashPolicy.By> hashBy = HashForm.listener(s, tcp);
        List<HashPolicy> hash = HashForm.route(s);
        if (tcp) {
            s.refuse("timeout", "beside protocol tcp", "only with protocol http");
            s.refuse("retry", "beside protocol tcp", "only with protocol http");
            s.refuse("hashPolicy", "beside protocol tcp", "hashBy: address or spiffe_id");
        }
        s.end();
        return s.make(() -> {
            Cluster cluster = new Cluster(service, balancer, mtls.upstream, breaker, connections)
                .withHealth(health).withRetries(retries).withBalancing(balancing).withHash(spread);
            Map<String, EndpointSet> endpoints = Map.of(service, new EndpointSet(service, upstreams));
            if (tcp) {
                Listener listener = new Listener(LISTENER, listen, Scope.ALL, new Listener.TcpTraffic(service, hashBy), mtls.downstream, limits);
                return new MeshSnapshot(0, Map.of(LISTENER, listener), Map.of(), Map.of(service, cluster), endpoints, Optional.empty());
            }
            RouteTable table = RouteTable.toCluster(RouteTable.implicitName(LISTENER), new Route("all", new Route.Prefix("/"),
                new Route.ToCluster(service), Optional.empty(), new Timeouts(timeout, Timeouts.DEFAULT.idle()), retry).withHash(hash));
            Listener listener =
                new Listener(LISTENER, listen, Scope.ALL, new Listener.HttpTraffic(table.name(), service), mtls.downstream, limits);
            return new MeshSnapshot(0, Map.of(LISTENER, listener), Map.of(table.name(), table), Map.of(service, cluster), endpoints,
                Optional.empty());
        });
    }

    private Mtls mtls(Section s) {
        boolean enabled = !Boolean.FALSE.equals(s.flag("enabled", true));
        Optional<IdentityFiles> files = enabled ? Policies.identity(s, directory) : Optional.empty();
        Set<SpiffeId> allow = Policies.ids(s, "allow");
        boolean upstream = Boolean.TRUE.equals(s.flag("upstream", false));
        s.knows(List.of("ca", "cert", "key", "federation"));
        s.end();
        return enabled ? new Mtls(files, Optional.of(new DownstreamTls(allow)), upstream ? Optional.of(new UpstreamTls(Set.of())) : Optional.empty())
            : Mtls.NONE;
    }

    private Address metrics(Section s) {
        Address listen = sockets.claim(s, "listen", s.required("listen", "an address such as :9090", Address::parse));
        s.end();
        return listen;
    }
}
