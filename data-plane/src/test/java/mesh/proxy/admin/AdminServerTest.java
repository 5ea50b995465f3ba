package mesh.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import mesh.model.Address;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.HealthCheckPolicy;
import mesh.model.HealthPolicy;
import mesh.pki.TestPki;
import mesh.proxy.RawClient;
import mesh.proxy.Sidecar;
import mesh.proxy.Snapshots;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdminServerTest {

    private static final Address ANY_PORT = new Address("127.0.0.1", 0);

    private static final String METRICS = """
        # HELP mesh_requests_total Requests answered
        # TYPE mesh_requests_total counter
        mesh_requests_total{service="payments",status="200",} 3.0
        mesh_requests_total{service="users",status="200",} 2.5E7
        # HELP mesh_internal_errors_total Bugs
        # TYPE mesh_internal_errors_total counter
        mesh_internal_errors_total 0.0
        # HELP mesh_request_duration_seconds Time
        # TYPE mesh_request_duration_seconds summary
        mesh_request_duration_seconds{service="payments",quantile="0.5",} NaN
        """;

    private final Vertx vertx = Vertx.vertx();
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final AtomicBoolean ready = new AtomicBoolean(true);
    private final List<String> told = new ArrayList<>();
    private final FakeClock clock = new FakeClock();
    private final AdminServer server = new AdminServer(vertx, sidecar, "web-1", clock, () -> METRICS, ready::get, List.of(), new AdminServer.Control() {
        @Override
        public void drain(boolean graceful) {
            told.add(graceful ? "drain gracefully" : "drain");
        }

        @Override
        public void quit() {
            told.add("quit");
        }

        @Override
        public void reopenLogs() {
            told.add("reopenLogs");
        }

        @Override
        public void renewCertificate() {
            told.add("renew certificate");
        }

        @Override
        public void logLevel(String level) {
            if (!level.equals("debug")) throw new IllegalArgumentException("level: \"" + level + "\" (expected: debug)");
            told.add(level);
        }
    });
    private Map<String, Address> at;

    @BeforeEach
    void start() {
        sidecar.apply(Snapshots.http().version(7).breaker(CircuitBreakerPolicy.DEFAULT).to(Address.parse("127.0.0.1:9001"), 2).build());
        at = server.start(ANY_PORT, ANY_PORT, ANY_PORT);
    }

    @AfterEach
    void close() throws Exception {
        server.close();
        sidecar.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void showsTheConfigurationInForce() throws Exception {
        JsonObject dump = new JsonObject(body(ask("admin", "GET /config_dump")));

        assertThat(dump.getLong("version")).isEqualTo(7);
        assertThat(dump.getJsonObject("endpoints").getJsonObject("payments").getJsonArray("endpoints").getJsonObject(0).getString("address"))
            .isEqualTo("127.0.0.1:9001");
        assertThat(dump.getJsonObject("listeners").getJsonObject("web").getJsonObject("traffic").getString("kind")).isEqualTo("HttpTraffic");
    }

    @Test
    void showsWhatIsAlive() throws Exception {
        JsonObject endpoint = new JsonObject(body(ask("admin", "GET /snapshot")))
            .getJsonObject("clusters").getJsonObject("payments").getJsonArray("endpoints").getJsonObject(0);
        assertThat(endpoint.getString("circuit")).isEqualTo("closed");
        assertThat(endpoint.getInteger("in_flight")).isZero();
        assertThat(new JsonObject(body(ask("admin", "GET /snapshot"))).getJsonObject("listeners").getJsonObject("web").getString("address"))
            .isEqualTo(sidecar.bound().get("web").toString());
        assertThat(ask("admin", "GET /")).contains("text/html").contains("127.0.0.1:9001").contains("closed");
    }

    @Test
    void showsHowEndpointsAre() throws Exception {
        Address nobody = new Address("127.0.0.1", 1);
        sidecar.apply(Snapshots.http().version(2)
            .health(new HealthPolicy(Optional.empty(), Optional.of(HealthCheckPolicy.of(HealthCheckPolicy.Tcp.CONNECT))))
            .to(nobody, 1).to(new Endpoint(new Address("127.0.0.1", 9), 1, Optional.empty(), EndpointHealth.DRAINING)).build());
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            JsonArray endpoints = new JsonObject(body(ask("admin", "GET /snapshot"))).getJsonObject("clusters").getJsonObject("payments")
                .getJsonArray("endpoints");
            JsonObject check = endpoints.getJsonObject(0).getJsonObject("health_check");
            assertThat(check.getString("state")).isEqualTo("unhealthy");
            assertThat(check.getInteger("failed")).isEqualTo(1);
            assertThat(check.getString("last")).contains("refused");
            assertThat(endpoints.getJsonObject(1).getString("configured_health")).isEqualTo("draining");
        });
        assertThat(ask("admin", "GET /")).contains("<td class=bad>unhealthy: connection refused", "<td class=bad>draining");
        assertThat(new JsonObject(body(ask("admin", "GET /config_dump"))).getJsonObject("clusters").getJsonObject("payments").getJsonObject("health")
            .getJsonObject("check").getJsonObject("check").getString("kind")).isEqualTo("Tcp");
    }

    @Test
    void showsWhatBreakersCountAndHowTheyStand() throws Exception {
        JsonObject cluster = new JsonObject(body(ask("admin", "GET /breakers"))).getJsonObject("payments");
        assertThat(cluster.getInteger("window")).isEqualTo(20);
        assertThat(cluster.getJsonArray("failures")).contains("5xx", "connect-failure", "unavailable").doesNotContain("not-found");
        assertThat(cluster.getJsonArray("endpoints").getJsonObject(0).encode())
            .isEqualTo("{\"address\":\"127.0.0.1:9001\",\"state\":\"closed\",\"failed\":0,\"of\":0}");
    }

    @Test
    void saysWhetherTheConfigurationIsFromBefore() throws Exception {
        assertThat(new JsonObject(body(ask("admin", "GET /server_info"))).getBoolean("config_stale")).isFalse();

        sidecar.restore(Snapshots.http().version(6).build(), Instant.parse("2026-11-23T20:05:07Z"));
        JsonObject info = new JsonObject(body(ask("admin", "GET /server_info")));
        assertThat(info.getBoolean("config_stale")).isTrue();
        assertThat(info.getString("config_cached_at")).isEqualTo("2026-11-23T20:05:07Z");
        assertThat(ask("admin", "GET /")).contains("config_stale<td>true").contains("2026-11-23T20:05:07Z");

        sidecar.apply(Snapshots.http().version(7).build());
        assertThat(ask("admin", "GET /server_info")).contains("\"config_stale\" : false").doesNotContain("config_cached_at");
    }

    @Test
    void explainsWhatBecomesOfARequest() throws Exception {
        String answer = ask("admin", "GET /explain?host=shop.example&path=%2Fcart%3Fpage%3D2&method=PUT&header=x-a%3A1&listener=web");
        assertThat(answer).containsIgnoringCase("content-type: application/json").containsIgnoringCase("x-mesh-served: true");
        JsonObject told = new JsonObject(body(answer));
        assertThat(told.getString("request")).isEqualTo("PUT shop.example/cart?page=2");
        assertThat(told.getJsonObject("route").getString("name")).isEqualTo("all");
        assertThat(told.getJsonArray("clusters").getJsonObject(0).getJsonArray("endpoints").getJsonObject(0).getString("address"))
            .isEqualTo("127.0.0.1:9001");
        assertThat(told.getString("configuration")).isEqualTo("version 7");

        assertThat(ask("admin", "GET /explain?host=shop&format=text")).containsIgnoringCase("content-type: text/plain").contains("-> goes to cluster payments");
        assertThat(ask("admin", "GET /explain?host=shop&hots=a")).startsWith("HTTP/1.1 400")
            .endsWith("parameter: \"hots\" (expected: one of [listener, method, host, path, header, format])\n");
        assertThat(ask("admin", "GET /explain")).startsWith("HTTP/1.1 400").contains("host: missing");
        assertThat(ask("admin", "POST /explain?host=shop")).startsWith("HTTP/1.1 405");
    }

    @Test
    void servesMetricsOnTheirOwnListener() throws Exception {
        assertThat(body(ask("metrics", "GET /metrics"))).isEqualTo(METRICS);
        assertThat(ask("metrics", "GET /config_dump")).startsWith("HTTP/1.1 404");
        assertThat(ask("health", "GET /metrics")).startsWith("HTTP/1.1 404");
    }

    @Test
    void isReadyOnceConfiguredAndUntilItDrains() throws Exception {
        assertThat(ask("health", "GET /ready")).startsWith("HTTP/1.1 200");
        ready.set(false);
        assertThat(ask("health", "GET /ready")).startsWith("HTTP/1.1 503").contains("NO CONFIGURATION YET");
        ready.set(true);
        sidecar.drain(Duration.ofHours(1), Duration.ofHours(1));
        assertThat(ask("health", "GET /ready")).startsWith("HTTP/1.1 503").contains("DRAINING");
        assertThat(ask("health", "GET /live")).startsWith("HTTP/1.1 200");
    }

    @Test
    void isReadyUntilItsCertificateHasExpired() throws Exception {
        TestPki pki = TestPki.create(clock);
        sidecar.rotate(pki.svid("payments", Duration.ofHours(1)), pki.bundle());
        clock.advance(Duration.ofHours(1).minusNanos(1));
        assertThat(ask("health", "GET /ready")).startsWith("HTTP/1.1 200");
        clock.advance(Duration.ofNanos(1));
        assertThat(ask("health", "GET /ready")).startsWith("HTTP/1.1 503").contains("CERTIFICATE EXPIRED");
        sidecar.rotate(pki.svid("payments", Duration.ofHours(1)), pki.bundle());
        assertThat(ask("health", "GET /ready")).startsWith("HTTP/1.1 200");
    }

    @Test
    void changesSomethingOnlyWhenPosted() throws Exception {
        assertThat(ask("admin", "GET /drain")).startsWith("HTTP/1.1 405").containsIgnoringCase("allow: POST");
        assertThat(ask("admin", "GET /quitquitquit")).startsWith("HTTP/1.1 405");
        assertThat(told).isEmpty();
        assertThat(ask("admin", "POST /drain")).startsWith("HTTP/1.1 200");
        assertThat(ask("admin", "POST /drain?graceful")).startsWith("HTTP/1.1 200");
        assertThat(ask("admin", "POST /reopen_logs")).startsWith("HTTP/1.1 200");
        assertThat(ask("admin", "POST /logging?level=debug")).startsWith("HTTP/1.1 200");
        assertThat(told).containsExactly("drain", "drain gracefully", "reopenLogs", "debug");
        assertThat(ask("admin", "POST /config_dump")).startsWith("HTTP/1.1 405").containsIgnoringCase("allow: GET, HEAD")
            .endsWith("method: \"POST\" (expected: GET)\n");
        assertThat(ask("health", "POST /ready")).startsWith("HTTP/1.1 405");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "POST /logging?level=loud | level: \"loud\" (expected: debug)",
        "POST /logging | level: missing (expected: /logging?level=debug, for one)",
        "POST /drain?gracefully | parameter: \"gracefully\" (expected: one of [graceful])",
        "POST /drain?graceful=soon | graceful: \"soon\" (expected: true, false or nothing)",
        "POST /quitquitquit?now | parameter: \"now\" (expected: none)",
        "GET /clusters?format=xml | format: \"xml\" (expected: one of [text, json])",
        "GET /config_dump?resource=secrets | resource: \"secrets\" (expected: one of [all, listeners, routeTables, clusters, endpoints, trust])",
        "GET /config_dump?name_regex=%28 | name_regex: \"(\" is none: missing closing ) (expected: RE2's syntax)",
        "GET /stats?filter=%28a%7B1000%7D%29%7B1000%7D | filter: \"(a{1000}){1000}\" counts too far (expected: repetitions of at most 10000 in all)",
        "GET /server_info?x=1 | parameter: \"x\" (expected: none)",
    })
    void tellsWhichParameterIsWrong(String request, String message) throws Exception {
        assertThat(ask("admin", request)).startsWith("HTTP/1.1 400").endsWith(message + "\n");
        assertThat(told).isEmpty();
    }

    @Test
    void listsWhatThereIsWhenThereIsNoSuchPage() throws Exception {
        assertThat(ask("admin", "GET /clutsers")).startsWith("HTTP/1.1 404")
            .contains("no such page: \"/clutsers\"", "/clusters", "/snapshot", "/ready", "POST [/drain");
    }

    @Test
    void dumpsWhatIsAskedFor() throws Exception {
        assertThat(dump("?resource=clusters").fieldNames()).containsExactly("version", "clusters");
        JsonObject named = dump("?name_regex=pay.*");
        assertThat(named.getJsonObject("clusters").fieldNames()).containsExactly("payments");
        assertThat(named.getJsonObject("endpoints").fieldNames()).containsExactly("payments");
        assertThat(named.getJsonObject("listeners").isEmpty()).isTrue();
        assertThat(dump("?resource=clusters&name_regex=pay").getJsonObject("clusters").isEmpty()).as("the whole name").isTrue();
    }

    @Test
    void printsClustersAsEnvoyDoes() throws Exception {
        assertThat(body(ask("admin", "GET /clusters")).lines()).containsExactly(
            "payments::observability_name::payments",
            "payments::default_priority::max_connections::1024",
            "payments::default_priority::max_pending_requests::1024",
            "payments::default_priority::max_requests::1024",
            "payments::added_via_api::true",
            "payments::127.0.0.1:9001::cx_active::0",
            "payments::127.0.0.1:9001::rq_active::0",
            "payments::127.0.0.1:9001::hostname::127.0.0.1",
            "payments::127.0.0.1:9001::health_flags::healthy",
            "payments::127.0.0.1:9001::weight::2",
            "payments::127.0.0.1:9001::region::",
            "payments::127.0.0.1:9001::zone::",
            "payments::127.0.0.1:9001::sub_zone::",
            "payments::127.0.0.1:9001::priority::0",
            "payments::127.0.0.1:9001::circuit::closed");
        JsonObject cluster = new JsonObject(body(ask("admin", "GET /clusters?format=json"))).getJsonArray("cluster_statuses").getJsonObject(0);
        JsonObject host = cluster.getJsonArray("host_statuses").getJsonObject(0);
        assertThat(cluster.getString("name")).isEqualTo("payments");
        assertThat(host.getJsonObject("address").getJsonObject("socket_address").getInteger("port_value")).isEqualTo(9001);
        assertThat(host.getJsonObject("health_status").encode()).isEqualTo("{\"eds_health_status\":\"HEALTHY\"}");
    }

    @Test
    void printsListenersAsEnvoyDoes() throws Exception {
        Address web = sidecar.bound().get("web");
        assertThat(body(ask("admin", "GET /listeners"))).isEqualTo("web::" + web + "\n");
        JsonObject listener = new JsonObject(body(ask("admin", "GET /listeners?format=json"))).getJsonArray("listener_statuses").getJsonObject(0);
        assertThat(listener.getString("name")).isEqualTo("web");
        assertThat(listener.getJsonObject("local_address").getJsonObject("socket_address").getInteger("port_value")).isEqualTo(web.port());
    }

    @Test
    void tellsWhichSidecarItIs() throws Exception {
        JsonObject info = new JsonObject(body(ask("admin", "GET /server_info")));
        assertThat(info.getString("state")).isEqualTo("LIVE");
        assertThat(info.getJsonObject("node").getString("id")).isEqualTo("web-1");
        assertThat(info.getString("uptime_current_epoch")).matches("[0-9]+s");
        ready.set(false);
        assertThat(ask("admin", "GET /server_info")).contains("INITIALIZING");
        sidecar.drain(Duration.ofHours(1), Duration.ofHours(1));
        assertThat(ask("admin", "GET /server_info")).contains("DRAINING");
    }

    @Test
    void showsCertificatesAndNoKey() throws Exception {
        TestPki pki = TestPki.create(Env.system().clock());
        sidecar.rotate(pki.svid("payments"), pki.bundle());
        String answer = body(ask("admin", "GET /certs"));
        JsonObject own = new JsonObject(answer).getJsonArray("certificates").getJsonObject(0);
        JsonObject leaf = own.getJsonArray("cert_chain").getJsonObject(0);
        assertThat(leaf.getJsonArray("subject_alt_names").getJsonObject(0).getString("uri")).isEqualTo("spiffe://mesh.local/payments");
        assertThat(leaf.getString("serial_number")).isNotEmpty();
        assertThat(own.getJsonArray("ca_cert").size()).isOne();
        assertThat(answer).doesNotContainIgnoringCase("private").doesNotContain("\"key\"");
    }

    @Test
    void filtersStatsByNameAndLabels() throws Exception {
        assertThat(body(ask("admin", "GET /stats?filter=status"))).isEqualTo("""
            mesh_requests_total{service="payments",status="200"}: 3
            mesh_requests_total{service="users",status="200"}: 2.5E7
            """);
        JsonArray stats = new JsonObject(body(ask("admin", "GET /stats?format=json&filter=payments"))).getJsonArray("stats");
        assertThat(stats.encode()).isEqualTo("[{\"name\":\"mesh_requests_total{service=\\\"payments\\\",status=\\\"200\\\"}\",\"value\":3},"
            + "{\"name\":\"mesh_request_duration_seconds{service=\\\"payments\\\",quantile=\\\"0.5\\\"}\",\"value\":\"NaN\"}]");
        assertThat(body(ask("admin", "GET /stats?format=prometheus"))).isEqualTo(METRICS);
        assertThat(body(ask("admin", "GET /stats/prometheus?filter=users"))).isEqualTo("""
            # HELP mesh_requests_total Requests answered
            # TYPE mesh_requests_total counter
            mesh_requests_total{service="users",status="200",} 2.5E7
            """);
    }

    @Test
    void showsTheSnapshotAsItRuns() throws Exception {
        JsonObject snapshot = new JsonObject(body(ask("admin", "GET /snapshot")));
        assertThat(snapshot.getLong("version")).isEqualTo(7);
        assertThat(snapshot.getBoolean("config_stale")).isFalse();
        String table = snapshot.getJsonObject("listeners").getJsonObject("web").getString("decided_by");
        assertThat(snapshot.getJsonObject("route_tables").getJsonArray(table).getJsonObject(0).getJsonArray("routes").getJsonObject(0)
            .getJsonObject("action").getString("cluster")).isEqualTo("payments");
        assertThat(snapshot.getJsonObject("clusters").getJsonObject("payments").getJsonArray("endpoints").getJsonObject(0).getString("circuit"))
            .isEqualTo("closed");
    }

    @ParameterizedTest
    @CsvSource({
        "evil.example, , 403",
        "evil.example:15000, , 403",
        "localhost.evil.example, , 403",
        "localhost, http://evil.example, 403",
        "localhost, null, 403",
        "localhost:15000, http://localhost:15000, 200",
        "127.0.0.1:15000, , 200",
        "[::1]:15000, , 200",
    })
    void answersNobodyElsesPages(String host, String origin, int status) throws Exception {
        assertThat(ask("admin", "POST /drain", host, origin)).startsWith("HTTP/1.1 " + status);
        assertThat(told).hasSize(status == 200 ? 1 : 0);
    }

    @Test
    void saysWhichAddressIsTaken() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            Address address = new Address("127.0.0.1", taken.getLocalPort());
            assertThatThrownBy(() -> server.start(ANY_PORT, address, ANY_PORT))
                .hasMessageContaining("metrics listener: \"" + address + "\"").hasMessageContaining("expected: a free local address");
        }
    }

    private JsonObject dump(String query) throws Exception {
        return new JsonObject(body(ask("admin", "GET /config_dump" + query)));
    }

    private String ask(String server, String request) throws Exception {
        return ask(server, request, "localhost", null);
    }

    private String ask(String server, String request, String host, String origin) throws Exception {
        try (RawClient client = new RawClient(at.get(server))) {
            client.send(request + " HTTP/1.1\r\nhost: " + host + "\r\n" + (origin == null ? "" : "origin: " + origin + "\r\n")
                + "content-length: 0\r\nconnection: close\r\n\r\n");
            return client.readAll();
        }
    }

    private static String body(String answer) {
        return answer.substring(answer.indexOf("\r\n\r\n") + 4);
    }
}
