package mesh.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import mesh.model.TrustDomain;
import mesh.model.PeerMatch;
import mesh.model.AccessPolicy;
import mesh.model.AccessLogPolicy;
import mesh.model.Address;
import mesh.model.BalancerKind;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Cluster;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.GrpcCall;
import mesh.model.HeaderMatch;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Percent;
import mesh.model.Problem;
import mesh.model.QueryMatch;
import mesh.model.RequestMatch;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.RouteTable;
import mesh.model.SpiffeId;
import mesh.model.TextMatch;
import mesh.model.TracingPolicy;
import mesh.model.UpstreamTls;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExamplesTest {

    private static final Path EXAMPLES = Path.of("..", "deploy", "examples");

    static Stream<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(EXAMPLES)) {
            return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyExampleIsValid(Path file) throws IOException {
        assertThat(ConfigReader.read(file)).isInstanceOfSatisfying(ConfigResult.Valid.class, valid -> assertThat(valid.warnings()).isEmpty());
    }

    @Test
    void aRouteThatCannotBeReachedIsAWarningWithItsPlace() {
        String yaml = """
            listeners: [{name: web, listen: ":8080", route: web}]
            routes:
              - name: web
                virtualHosts:
                  - name: all
                    hosts: ["*"]
                    routes:
                      - {name: everything, cluster: web}
                      - name: health
                        path: /healthz
                        cluster: web
            clusters: [{name: web}]
            """;
        assertThat(ConfigReader.read(Path.of("mesh.yaml"), yaml.getBytes(StandardCharsets.UTF_8))).isInstanceOfSatisfying(ConfigResult.Valid.class,
            valid -> {
                assertThat(valid.warnings()).extracting(Problem::toString).containsExactly("mesh.yaml:9:13 routes[0].virtualHosts[0].routes[1]:"
                    + " warning: never matches: route \"everything\" before it takes all of its requests");
                assertThat(valid.config().places().of("web", "all", "everything").orElseThrow()).hasToString("mesh.yaml:8:13");
            });
    }

    @Test
    void theMatchingFileMeansWhatItSays() throws IOException {
        RouteTable table = valid("matching.yaml").snapshot().routeTables().get("shop");
        assertThat(table.order()).isEqualTo(RouteTable.Order.LISTED);
        assertThat(table.virtualHosts().get(0).routes()).extracting(Route::match)
            .containsExactly(new Route.Exact("/shop.Payments/Pay"), new Route.Prefix("/"));
        assertThat(table.virtualHosts().get(0).routes()).extracting(Route::conditions).containsOnly(GrpcCall.only(RequestMatch.ANY));
        Map<String, Route> routes = MeshSnapshot.byName(table.virtualHosts().get(1).routes(), Route::name);
        assertThat(routes.get("canary").match()).isEqualTo(new Route.SegmentPrefix("/cart"));
        assertThat(routes.get("canary").conditions()).isEqualTo(new RequestMatch(List.of("GET", "HEAD"), false,
            List.of(HeaderMatch.is("x-canary", new TextMatch.Exact("true")), HeaderMatch.is("x-tenant", new TextMatch.Prefix("test-")),
                HeaderMatch.is("user-agent", new TextMatch.Regex("curl/[0-9.]+")), HeaderMatch.present("cookie"), HeaderMatch.absent("x-internal"),
                new HeaderMatch("x-stage", Optional.of(new TextMatch.Exact("prod")), true)),
            List.of(new QueryMatch("version", Optional.of(new TextMatch.Exact("2"))), new QueryMatch("debug", Optional.empty()),
                new QueryMatch("page", Optional.of(new TextMatch.Regex("[0-9]+"))))));
        assertThat(routes.get("orders").match()).isEqualTo(new Route.Regex("/orders/[0-9]+(/items)?"));
    }

    @Test
    void theSpecificationsFileMeansWhatItSays() throws IOException {
        SidecarConfig config = valid("seed.yaml");
        MeshSnapshot snapshot = config.snapshot();

        Listener listener = snapshot.listeners().get("proxy");
        assertThat(listener.bind()).isEqualTo(new Address("", 8080));
        assertThat(listener.tls()).contains(new DownstreamTls(Set.of()));
        Listener.HttpTraffic traffic = (Listener.HttpTraffic) listener.traffic();
        assertThat(traffic.service()).isEqualTo("default");

        Route route = snapshot.routeTables().get(traffic.routeTable()).virtualHosts().get(0).routes().get(0);
        assertThat(route.action()).isEqualTo(new Route.ToCluster("default"));
        assertThat(route.retry()).isEqualTo(RetryPolicy.of(3, Duration.ofMillis(500)));

        Cluster cluster = snapshot.clusters().get("default");
        assertThat(cluster.balancer()).isEqualTo(BalancerKind.LEAST_CONN);
        assertThat(cluster.circuitBreaker()).contains(new CircuitBreakerPolicy(20, 0.5, Duration.ofSeconds(10)));
        assertThat(cluster.tls()).as("upstreams stay plaintext").isEmpty();
        assertThat(snapshot.endpointsOf("default")).containsExactly(
            new Endpoint(new Address("localhost", 9001), 2, Optional.empty()),
            new Endpoint(new Address("localhost", 9002), 1, Optional.empty()));

        assertThat(config.identity()).contains(new IdentityFiles(
            Path.of("/etc/mesh/ca.crt"), Path.of("/etc/mesh/svc.crt"), Path.of("/etc/mesh/svc.key"), List.of()));
        assertThat(config.metricsListen()).contains(new Address("", 9090));
    }

    @Test
    void theFileOfFederationMeansWhatItSays() throws IOException {
        SidecarConfig config = valid("federation.yaml");
        assertThat(config.snapshot().listeners().get("payments").tls())
            .contains(new DownstreamTls(Set.of(SpiffeId.parse("spiffe://mesh.local/web"), SpiffeId.parse("spiffe://partner.example/shop"))));
        assertThat(config.identity().orElseThrow().federation())
            .containsExactly(new IdentityFiles.Federated(new TrustDomain("partner.example"), EXAMPLES.toAbsolutePath().resolve("partner/ca.crt")));
    }

    @Test
    void theFileOfAuthorizationMeansWhatItSays() throws IOException {
        Listener listener = valid("authorization.yaml").snapshot().listeners().get("payments");
        assertThat(listener.tls()).contains(new DownstreamTls(DownstreamTls.Mode.PERMISSIVE, Set.of()));
        HeaderMatch version = HeaderMatch.is("x-api-version", new TextMatch.Exact("1"));
        assertThat(listener.access()).containsExactly(
            new AccessPolicy("no-admin", AccessPolicy.Action.DENY, false, List.of(), List.of(new Route.Exact("/admin"), new Route.Prefix("/admin/")), List.of(), List.of()),
            new AccessPolicy("only-proven", AccessPolicy.Action.DENY, true, List.of(), List.of(), List.of(), List.of(HeaderMatch.present("x-legacy"))),
            new AccessPolicy("shop-pays", AccessPolicy.Action.ALLOW, false, List.of(new PeerMatch.Namespace("shop")), List.of(new Route.Exact("/v1/pay")),
                List.of("POST"), List.of(version)),
            new AccessPolicy("web-reads", AccessPolicy.Action.ALLOW, false, List.of(PeerMatch.parse("spiffe://mesh.local/web"),
                new PeerMatch.Below(TrustDomain.DEFAULT, "/ns/shop/")), List.of(), List.of("GET", "HEAD"), List.of()));
    }

    @Test
    void theFullFormsFileMeansWhatItSays() throws IOException {
        SidecarConfig config = valid("full.yaml");
        MeshSnapshot snapshot = config.snapshot();

        assertThat(snapshot.listeners()).containsOnlyKeys("outbound", "inbound", "database");
        assertThat(snapshot.listeners().get("database").traffic()).isEqualTo(new Listener.TcpTraffic("database"));
        assertThat(snapshot.listeners().get("inbound").tls())
            .contains(new DownstreamTls(Set.of(SpiffeId.parse("spiffe://mesh.local/gateway"))));
        assertThat(((Listener.HttpTraffic) snapshot.listeners().get("inbound").traffic()).service()).isEqualTo("web");

        Map<String, Route> routes = MeshSnapshot.byName(
            snapshot.routeTables().get("outbound").virtualHosts().stream().flatMap(host -> host.routes().stream()).toList(), Route::name);
        assertThat(routes.get("reports").match()).isEqualTo(new Route.Prefix("/reports/"));
        assertThat(routes.get("reports").timeouts().request()).isEqualTo(Duration.ofMinutes(1));
        assertThat(routes.get("all").retry()).isEqualTo(new RetryPolicy(3, Duration.ofMillis(500),
            Set.of(RetryOn.CONNECT_FAILURE, RetryOn.REFUSED_STREAM, RetryOn.RESET_BEFORE_REQUEST, RetryOn.RESET, RetryOn.GATEWAY_ERROR,
                RetryOn.RETRIABLE_STATUS_CODES),
            Set.of(425, 429), Duration.ofMillis(25), Duration.ofMillis(250)));
        assertThat(routes.get("all").hostRewrite()).contains("payments.internal");
        assertThat(MeshSnapshot.clustersOf(routes.get("all"))).containsExactly("payments", "payments-canary");
        assertThat(routes.get("nowhere").action()).isEqualTo(new Route.DirectReply(404, "no such service\n"));

        assertThat(snapshot.endpointsOf("payments").get(0).weight()).isEqualTo(2);
        assertThat(snapshot.endpointsOf("payments").get(0).spiffeId()).contains(SpiffeId.parse("spiffe://mesh.local/payments"));
        assertThat(snapshot.clusters().get("payments-canary").tls())
            .contains(new UpstreamTls(Set.of(SpiffeId.parse("spiffe://mesh.local/payments"))));
        assertThat(config.adminListen()).contains(new Address("127.0.0.1", 15000));
        assertThat(config.healthListen()).contains(new Address("", 15021));
        assertThat(snapshot.listeners().get("outbound").log()).isEmpty();
    }

    @Test
    void aListenersAccessLogStandsInPlaceOfTheFiles() throws IOException {
        SidecarConfig config = valid("telemetry.yaml");
        assertThat(config.snapshot().listeners().get("web").log())
            .contains(new AccessLogPolicy(AccessLogPolicy.Format.JSON, "/var/log/mesh/access.log", new Percent(100_000), true));
        assertThat(config.snapshot().listeners().get("payments").log()).contains(AccessLogPolicy.DEFAULT);
    }

    @Test
    void aListenersTracingStandsInPlaceOfTheFiles() throws IOException {
        SidecarConfig config = valid("telemetry.yaml");
        assertThat(config.snapshot().listeners().get("web").tracing())
            .contains(new TracingPolicy(new Address("otel-collector", 4317), Percent.of(5), "shop"));
        assertThat(config.snapshot().listeners().get("payments").tracing()).isEmpty();
    }

    @Test
    void filesAreFoundBesideTheConfigurationThatNamesThem() throws IOException {
        assertThat(valid("mtls.yaml").identity().orElseThrow().cert())
            .isEqualTo(EXAMPLES.toAbsolutePath().resolve("certs/payments.crt"));
    }

    @Test
    void aTcpListenerHasNoRoutes() throws IOException {
        MeshSnapshot snapshot = valid("tcp.yaml").snapshot();
        assertThat(snapshot.listeners().get("proxy").traffic()).isEqualTo(new Listener.TcpTraffic("default"));
        assertThat(snapshot.routeTables()).isEmpty();
    }

    private static SidecarConfig valid(String name) throws IOException {
        return ((ConfigResult.Valid) ConfigReader.read(EXAMPLES.resolve(name))).config();
    }
}
