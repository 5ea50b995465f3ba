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
import mesh.proxy.RawClient;
import mesh.proxy.Sidecar;
import mesh.proxy.Snapshots;
import mesh.pki.TestPki;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AdminServerTest {

    private static final Address ANY_PORT = new Address("127.0.0.1", 0);

    private final Vertx vertx = Vertx.vertx();
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final AtomicBoolean ready = new AtomicBoolean(true);
    private final List<String> told = new ArrayList<>();
    private final FakeClock clock = new FakeClock();
    private final AdminServer server = new AdminServer(vertx, sidecar, clock, () -> "a_metric 1.0\n", ready::get, new AdminServer.Control() {
        @Override
        public void drain() {
            told.add("drain");
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
        JsonObject endpoint = new JsonObject(body(ask("admin", "GET /clusters")))
            .getJsonObject("payments").getJsonArray("endpoints").getJsonObject(0);
        assertThat(endpoint.getString("circuit")).isEqualTo("closed");
        assertThat(endpoint.getInteger("in_flight")).isZero();
        assertThat(new JsonObject(body(ask("admin", "GET /listeners"))).getJsonObject("web").getString("address"))
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
            JsonArray endpoints = new JsonObject(body(ask("admin", "GET /clusters"))).getJsonObject("payments").getJsonArray("endpoints");
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
        assertThat(body(ask("metrics", "GET /metrics"))).isEqualTo("a_metric 1.0\n");
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
        assertThat(ask("admin", "POST /logging?level=debug")).startsWith("HTTP/1.1 200");
        assertThat(ask("admin", "POST /logging?level=loud")).startsWith("HTTP/1.1 400").contains("\"loud\"");
        assertThat(told).containsExactly("drain", "debug");
        assertThat(ask("admin", "POST /config_dump")).startsWith("HTTP/1.1 405");
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
