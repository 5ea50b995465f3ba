package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.ConnectionPolicy;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.HealthCheckPolicy;
import mesh.model.HealthCheckPolicy.Grpc;
import mesh.model.HealthCheckPolicy.Header;
import mesh.model.HealthCheckPolicy.Http;
import mesh.model.HealthCheckPolicy.Statuses;
import mesh.model.HealthCheckPolicy.Tcp;
import mesh.model.HealthPolicy;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import mesh.model.UpstreamProtocol;
import mesh.pki.TestPki;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.HealthChecker;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Active health checks of a real sidecar, over real sockets. */
class HealthCheckSidecarTest {

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final Sidecar sidecar = new Sidecar(Env.system(), 2);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @AfterEach
    void close() {
        sidecar.close();
    }

    /** Answers health checks with a status of its own, and everything else with 200. */
    private static final class App implements AutoCloseable {

        final TestUpstream server = new TestUpstream(this::answer);
        final AtomicInteger checks = new AtomicInteger();
        final AtomicInteger others = new AtomicInteger();
        volatile int health = 200;
        volatile String seen = "";

        private void answer(HttpExchange exchange) throws IOException {
            if (exchange.getRequestURI().getPath().equals("/healthz")) {
                seen = exchange.getRequestMethod() + " " + exchange.getRequestHeaders().getFirst("host") + " " + exchange.getRequestHeaders().getFirst("x-probe");
                checks.incrementAndGet();
                TestUpstream.text(exchange, health, "");
            } else {
                others.incrementAndGet();
                TestUpstream.text(exchange, 200, "served");
            }
        }

        Address address() {
            return server.address();
        }

        @Override
        public void close() {
            server.close();
        }
    }

    @Test
    void anEndpointThatSaysItIsNotWellGetsNoRequestsUntilItSaysItIs() throws Exception {
        try (App good = new App(); App sick = new App()) {
            apply(checked(Http.get("/healthz")).to(good.address(), 1).to(sick.address(), 1));
            awaitHealthy(good.address(), true);
            awaitHealthy(sick.address(), true);
            requests(20);
            assertThat(sick.others.get()).isEqualTo(10);

            sick.health = 503;
            awaitHealthy(sick.address(), false);
            assertThat(checker(sick.address()).view().last()).isEqualTo("status 503 to GET /healthz (expected: 200)");
            assertThat(value("mesh_upstream_healthy", sick.address().toString())).isEqualTo(0);
            assertThat(value("mesh_health_checks_total", sick.address().toString(), "failure")).isPositive();
            requests(20);
            assertThat(sick.others.get()).isEqualTo(10);

            sick.health = 200;
            awaitHealthy(sick.address(), true);
            assertThat(value("mesh_upstream_healthy", sick.address().toString())).isEqualTo(1);
            requests(20);
            assertThat(sick.others.get()).isEqualTo(20);
        }
    }

    @Test
    void asksAsItIsTold() throws Exception {
        Http check = new Http(Optional.of("probe.local"), "/healthz?deep=1", "HEAD", List.of(new Statuses(200, 299), new Statuses(404, 404)), List.of(),
            List.of(new Header("x-probe", "mesh")));
        try (App app = new App()) {
            app.health = 404;
            apply(checked(check).to(app.address(), 1));
            awaitHealthy(app.address(), true);
            assertThat(app.seen).isEqualTo("HEAD probe.local mesh");
        }
    }

    @Test
    void aStatusThatIsRetriableTakesAsManyAsNoAnswerDoes() throws Exception {
        Http check = new Http(Optional.empty(), "/healthz", "GET", Http.OK, List.of(new Statuses(503, 503)), List.of());
        try (App app = new App()) {
            apply(Snapshots.http().health(health(quick(check, Duration.ofMillis(50), 1000))).to(app.address(), 1));
            awaitHealthy(app.address(), true);
            app.health = 503;
            await().atMost(PATIENCE).until(() -> checker(app.address()).view().failed() >= 2);
            assertThat(checker(app.address()).isHealthy()).isTrue();
        }
    }

    @Test
    void keepsOneConnectionForItsChecksThatIsNotCountedAsTraffic() throws Exception {
        try (RawServer server = new RawServer()) {
            apply(checked(Http.get("/healthz")).to(server.address(), 1));
            try (RawClient connection = server.accept()) {
                for (int i = 0; i < 3; i++) {
                    assertThat(connection.readTo("\r\n\r\n")).startsWith("GET /healthz HTTP/1.1\r\n").contains("host: payments\r\n", "user-agent: mesh/health-check\r\n");
                    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                }
            }
            assertThat(sidecar.tables().clusters().get("payments").load().connections()).isZero();
            assertThat(value("mesh_upstream_active_connections", server.address().toString())).isZero();
        }
    }

    @Test
    void aKeptConnectionThatWasClosedMeanwhileIsNoFailure() throws Exception {
        try (RawServer server = new RawServer()) {
            apply(checked(Http.get("/healthz")).to(server.address(), 1));
            for (int i = 0; i < 5; i++) {
                try (RawClient connection = server.accept()) {
                    connection.readTo("\r\n\r\n");
                    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                }
            }
            assertThat(checker(server.address()).view().failed()).isZero();
        }
    }

    @Test
    void whoAcceptsAndSaysNothingIsUnhealthy() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Address address = new Address("127.0.0.1", silent.getLocalPort());
            apply(Snapshots.http().health(health(quick(Http.get("/healthz"), Duration.ofMillis(50), 2))).to(address, 1));
            await().atMost(PATIENCE).until(() -> checker(address).view().failed() >= 2);
            assertThat(checker(address).view().state()).isEqualTo(HealthChecker.State.UNHEALTHY);
            assertThat(checker(address).view().last()).isEqualTo("no answer within 50ms");
            assertThat(value("mesh_health_checks_total", address.toString(), "network_failure")).isGreaterThanOrEqualTo(2);
        }
    }

    @Test
    void whoRefusesConnectionsIsUnhealthy() throws Exception {
        Address nobody;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = new Address("127.0.0.1", closed.getLocalPort());
        }
        apply(checked(Tcp.CONNECT).to(nobody, 1));
        await().atMost(PATIENCE).until(() -> checker(nobody).view().failed() >= 2);
        assertThat(checker(nobody).view().last()).contains("connection refused");
    }

    @Test
    void garbageIsNoAnswerAndAnEndlessOneIsTakenByItsStatus() throws Exception {
        try (RawServer server = new RawServer()) {
            apply(checked(Http.get("/healthz")).to(server.address(), 1));
            try (RawClient connection = server.accept()) {
                connection.readTo("\r\n\r\n");
                connection.send("EHLO there, this is no HTTP\r\n\r\n");
                await().atMost(PATIENCE).until(() -> checker(server.address()).view().failed() == 1);
            }
            try (RawClient connection = server.accept()) {
                connection.readTo("\r\n\r\n");
                connection.send("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n" + "x".repeat(70_000));
                await().atMost(PATIENCE).until(() -> checker(server.address()).view().passed() == 1);
            }
        }
    }

    @Test
    void aTcpCheckSaysAndAwaitsWhatItIsTold() throws Exception {
        try (RawServer redis = new RawServer()) {
            apply(checked(new Tcp("50494e470d0a", List.of("2b", "504f4e47"))).to(redis.address(), 1));
            try (RawClient connection = redis.accept()) {
                connection.readTo("PING\r\n");
                connection.send("+LOADING PON");
                connection.send("G\r\n");
                awaitHealthy(redis.address(), true);
            }
            try (RawClient connection = redis.accept()) {
                connection.readTo("PING\r\n");
                connection.send("-ERR\r\n");
            }
            await().atMost(PATIENCE).until(() -> checker(redis.address()).view().last().startsWith("closed after 6 bytes"));
        }
    }

    @Test
    void aGrpcCheckGoesByWhatTheServiceSays() throws Exception {
        try (GrpcHealthServer server = new GrpcHealthServer()) {
            server.say("pay.v1.Pay", GrpcHealthServer.SERVING);
            apply(checked(new Grpc("pay.v1.Pay", Optional.of("pay"))).to(server.address(), 1));
            awaitHealthy(server.address(), true);
            server.say("pay.v1.Pay", GrpcHealthServer.NOT_SERVING);
            awaitHealthy(server.address(), false);
            assertThat(checker(server.address()).view().last()).isEqualTo("NOT_SERVING (expected: SERVING)");
            server.forget("pay.v1.Pay");
            await().atMost(PATIENCE).until(() -> checker(server.address()).view().last().equals("grpc-status 5, pay.v1.Pay (expected: 0)"));
            server.say("pay.v1.Pay", GrpcHealthServer.SERVING);
            awaitHealthy(server.address(), true);
        }
    }

    @Test
    void checksGoOverMutualTlsAndThroughTheOtherSidecarInEitherHttp() throws Exception {
        TestPki pki = TestPki.create(Env.system().clock());
        Sidecar payments = new Sidecar(Env.system(), 1);
        try (payments; App app = new App()) {
            payments.rotate(pki.svid("payments"), pki.bundle());
            sidecar.rotate(pki.svid("web"), pki.bundle());
            MeshSnapshot inbound = Snapshots.http().downstreamTls(new DownstreamTls(Set.of(SpiffeId.parse("spiffe://mesh.local/web"))))
                .to(app.address(), 1).build();
            assertThat(payments.apply(inbound)).isInstanceOf(ApplyResult.Applied.class);
            Endpoint peer = new Endpoint(payments.bound().get("web"), 1, Optional.of(SpiffeId.parse("spiffe://mesh.local/payments")));
            for (UpstreamProtocol protocol : List.of(UpstreamProtocol.DOWNSTREAM, UpstreamProtocol.HTTP2)) {
                ConnectionPolicy connections = new ConnectionPolicy(Duration.ofSeconds(5), Optional.empty(), protocol, 9, 9, 9);
                app.health = 200;
                apply(checked(Http.get("/healthz")).connections(connections).version(protocol.ordinal() + 1).to(peer));
                awaitHealthy(peer.address(), true);
                app.health = 500;
                awaitHealthy(peer.address(), false);
            }
            Endpoint stranger = new Endpoint(peer.address(), 1, Optional.of(SpiffeId.parse("spiffe://mesh.local/cart")));
            apply(checked(Tcp.CONNECT).version(9).to(stranger));
            await().atMost(PATIENCE).until(() -> checker(peer.address()).view().last().contains("TLS handshake failed"));
        }
    }

    @Test
    void pushesKeepWhatIsKnownAndNewEndpointsWaitForTheirFirstPass() throws Exception {
        try (App old = new App(); App fresh = new App()) {
            apply(checked(Http.get("/healthz")).to(old.address(), 1));
            awaitHealthy(old.address(), true);
            HealthChecker before = checker(old.address());

            fresh.health = 500;
            apply(checked(Http.get("/healthz")).version(2).to(old.address(), 1).to(fresh.address(), 1));
            assertThat(checker(old.address())).isSameAs(before);
            requests(20);
            assertThat(fresh.others.get()).isZero();

            apply(Snapshots.http().version(3).health(health(quick(Http.get("/healthz?now"), Duration.ofSeconds(2), 2)))
                .to(old.address(), 1).to(fresh.address(), 1));
            assertThat(checker(old.address())).as("another check").isNotSameAs(before);
            assertThat(checker(old.address()).isHealthy()).as("what was known").isTrue();
            requests(10);
        }
    }

    @Test
    void anEndpointThatWasServedWithoutChecksIsServedUntilOneFails() throws Exception {
        try (App app = new App()) {
            apply(Snapshots.http().to(app.address(), 1));
            requests(5);
            apply(checked(Http.get("/healthz")).version(2).to(app.address(), 1));
            requests(5);
        }
    }

    @Test
    void nothingIsAskedOfEndpointsThatAreNamedNoMoreNorByAConfigurationWithoutChecks() throws Exception {
        try (RawServer left = new RawServer(); App stays = new App()) {
            apply(checked(Http.get("/healthz")).to(left.address(), 1).to(stays.address(), 1));
            try (RawClient connection = left.accept()) {
                connection.readTo("\r\n\r\n");
                connection.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                awaitHealthy(left.address(), true);
                apply(checked(Http.get("/healthz")).version(2).to(stays.address(), 1));
                connection.readAll();
            }
            awaitHealthy(stays.address(), true);
            apply(Snapshots.http().version(3).to(stays.address(), 1));
            requests(1);
            int asked = stays.checks.get();
            requests(50);
            assertThat(stays.checks.get()).isLessThanOrEqualTo(asked + 1);
            assertThat(sidecar.tables().clusters().get("payments").destinations().get(0).checker()).isNull();
        }
    }

    @Test
    void endpointsThatAreCalledUnhealthyOrDrainingGetNothing() throws Exception {
        try (App good = new App(); App other = new App(); App bad = new App(); App leaving = new App()) {
            apply(Snapshots.http().to(good.address(), 1).to(other.address(), 1)
                .to(new Endpoint(bad.address(), 1, Optional.empty(), EndpointHealth.UNHEALTHY))
                .to(new Endpoint(leaving.address(), 1, Optional.empty(), EndpointHealth.DRAINING)));
            requests(20);
            assertThat(good.others.get()).isEqualTo(10);
            assertThat(other.others.get()).isEqualTo(10);
            apply(Snapshots.http().version(2).to(good.address(), 1).to(bad.address(), 1));
            requests(20);
            assertThat(bad.others.get()).isEqualTo(10);
        }
    }

    @Test
    void aSidecarThatIsClosedCutsItsChecks() throws Exception {
        try (RawServer server = new RawServer()) {
            Sidecar closing = new Sidecar(Env.system(), 1);
            closing.apply(checked(Http.get("/healthz")).to(server.address(), 1).build());
            try (RawClient connection = server.accept()) {
                connection.readTo("\r\n\r\n");
                closing.close();
                connection.readAll();
            }
        }
    }

    private static Snapshots checked(HealthCheckPolicy.Check check) {
        return Snapshots.http().health(health(quick(check, Duration.ofSeconds(5), 2)));
    }

    private static HealthCheckPolicy quick(HealthCheckPolicy.Check check, Duration timeout, int unhealthy) {
        Duration interval = Duration.ofMillis(30);
        return new HealthCheckPolicy(check, interval, 20, Duration.ZERO, timeout, unhealthy, 2, interval, true);
    }

    private static HealthPolicy health(HealthCheckPolicy check) {
        return new HealthPolicy(Optional.empty(), Optional.of(check));
    }

    private HealthChecker checker(Address address) {
        return sidecar.tables().clusters().get("payments").destinations().stream()
            .filter(each -> each.upstream().address().equals(address)).map(Destination::checker).findFirst().orElseThrow();
    }

    private void awaitHealthy(Address address, boolean healthy) {
        await().pollInterval(Duration.ofMillis(5)).atMost(PATIENCE).until(() ->
            checker(address).view().state() == (healthy ? HealthChecker.State.HEALTHY : HealthChecker.State.UNHEALTHY));
    }

    private double value(String metric, String... labels) {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals(metric) && sample.labelValues.equals(List.of(labels)))
            .findFirst().orElseThrow().value;
    }

    private void apply(Snapshots snapshots) {
        assertThat(sidecar.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private void requests(int n) throws Exception {
        URI uri = URI.create("http://" + sidecar.bound().get("web") + "/");
        for (int i = 0; i < n; i++) {
            assertThat(http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding()).statusCode()).isEqualTo(200);
        }
    }
}
