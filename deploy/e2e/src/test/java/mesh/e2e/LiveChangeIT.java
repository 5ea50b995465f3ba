package mesh.e2e;

import static mesh.e2e.LiveMesh.Place.HOST;
import static mesh.e2e.LiveMesh.Place.MUTE;
import static mesh.e2e.LiveMesh.Place.OUT;
import static mesh.e2e.LiveMesh.Place.PAYMENTS;
import static mesh.e2e.LiveMesh.Place.ROUTE;
import static mesh.e2e.LiveMesh.Place.SIDE;
import static mesh.e2e.LiveMesh.Place.SPARE;
import static mesh.e2e.LiveMesh.Place.TABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each policy is changed by the real grpcurl while requests flow through two sidecars, of which none fails. Tried dry it changes
 * nothing, a bad one is refused with its field's name, and a good one is seen to take effect.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LiveChangeIT {

    @TempDir
    private static Path dir;

    private LiveMesh mesh;
    private Load load;

    /** Whether a policy is in force, by what happens to requests. */
    @FunctionalInterface
    private interface Effect {
        boolean isSeen(LiveMesh mesh, Load load) throws Exception;
    }

    /**
     * @param good  the policy, as fields of where it stands
     * @param bad   the same with something wrong in it
     * @param field where and what is wrong, as it is told
     */
    private record Change(String name, LiveMesh.Place place, String good, String bad, String field, Effect effect) {

        @Override
        public String toString() {
            return name;
        }
    }

    /** @param policy what a route to payments has beside its cluster */
    private static Change route(String name, String policy, String bad, String field, Effect effect) {
        return new Change(name, ROUTE, "\"cluster\": \"payments\", " + policy, "\"cluster\": \"payments\", " + bad, field, effect);
    }

    private static Change change(String name, LiveMesh.Place place, String good, String bad, String field, Effect effect) {
        return new Change(name, place, good, bad, field, effect);
    }

    private static List<Change> clusters() {
        return List.of(
            change("balancer least_conn", PAYMENTS, "'balancer': 'least_conn'", "'balancer': 'leastconn'", "balancer",
                (mesh, load) -> mesh.loadLeavesBusyTwoAlone(load, 4)),
            change("balancer peak_ewma", PAYMENTS, "'balancer': 'peak_ewma'", "'balancer': 'ewma'", "balancer",
                (mesh, load) -> mesh.loadLeavesBusyTwoAlone(load, 12)),
            change("balancer random", SPARE, "'balancer': 'random'", "'balancer': 'rnd'", "balancer",
                (mesh, load) -> mesh.spareIsAskedOutOfTurn()),
            change("circuit breaker", PAYMENTS, "'circuit_breaker': {'failure_threshold': 0.05, 'reset_timeout': '600s'}",
                "'circuit_breaker': {'window_size': 2000}", "circuit_breaker.window_size",
                (mesh, load) -> fail(mesh) && mesh.web().metric("mesh_circuit_breaker_state{upstream=\"" + mesh.two() + "\",}") == 1),
            change("outlier detection", PAYMENTS, "'outlier_detection': {'consecutive_5xx': 1, 'base_ejection_time': '60s'}",
                "'outlier_detection': {'max_ejection_percent': 101}", "outlier_detection: maxEjectionPercent",
                (mesh, load) -> fail(mesh) && mesh.web().metric("mesh_outlier_ejections_active{upstream=\"" + mesh.two() + "\",}") == 1),
            change("health check", PAYMENTS,
                "'health_check': {'http': {'path': '/healthz'}, 'interval': '0.1s', 'no_traffic_interval': '0.1s', 'timeout': '10s'}",
                "'health_check': {'http': {'path': 'healthz'}}", "health_check.http: http path",
                (mesh, load) -> mesh.web().metric("mesh_upstream_healthy{upstream=\"" + mesh.two() + "\",}") == 0),
            change("retry budget", PAYMENTS, "'retry_budget': {'ratio': 0, 'min_per_second': 0}", "'retry_budget': {'ratio': 11}", "retry_budget: ratio",
                (mesh, load) -> mesh.grows("mesh_retries_total{outcome=\"no_budget\",}", () -> mesh.status("/retried/fails"))),
            change("max_retries", SPARE, "'max_retries': 1", "'max_retries': 2000000000", "max_retries",
                (mesh, load) -> mesh.grows("mesh_retries_total{outcome=\"overflow\",}", () -> mesh.oneIsRefused(12, "/spare-retried/fails"))),
            change("max_connections", SPARE, "'max_connections': 1", "'max_connections': 2000000000", "max_connections",
                (mesh, load) -> mesh.grows("mesh_cluster_overflow_total{cluster=\"spare\",limit=\"connections\",}", () -> mesh.oneIsRefused(6, "/spare/waits"))),
            change("max_pending_requests", SPARE, "'max_connections': 1, 'max_pending_requests': 1", "'max_pending_requests': 2000000000",
                "max_pending_requests", (mesh, load) -> mesh.oneIsRefused(8, "/spare/waits")),
            change("max_requests", SPARE, "'max_requests': 1", "'max_requests': 2000000000", "max_requests",
                (mesh, load) -> mesh.oneIsRefused(4, "/spare/waits")),
            change("max_requests_per_connection", SPARE, "'max_requests_per_connection': 1", "'max_requests_per_connection': 2000000000",
                "max_requests_per_connection", (mesh, load) -> mesh.spareGetsNewConnections()),
            change("max_connection_duration", SPARE, "'max_connection_duration': '0.05s'", "'max_connection_duration': '-1s'", "max_connection_duration",
                (mesh, load) -> mesh.spareGetsNewConnections()),
            change("idle_timeout of a cluster", SPARE, "'idle_timeout': '0.05s'", "'idle_timeout': '-1s'", "idle_timeout",
                (mesh, load) -> mesh.spareGetsNewConnections()),
            change("connect_timeout", MUTE, "'connect_timeout': '0.1s'", "'connect_timeout': '-1s'", "connect_timeout",
                (mesh, load) -> mesh.statusSoon("/mute/") == 503));
    }

    private static List<Change> routes() {
        return List.of(
            route("timeout", "'timeout': '0.1s'", "'timeout': '-1s'", "timeout", (mesh, load) -> mesh.statusSoon("/policy/waits") == 504),
            route("idle_timeout", "'timeout': '0s', 'idle_timeout': '0.1s'", "'idle_timeout': '-1s'", "idle_timeout",
                (mesh, load) -> mesh.statusSoon("/policy/waits") == 504),
            route("max_stream_duration", "'timeout': '0s', 'max_stream_duration': '0.1s'", "'max_stream_duration': '-1s'", "max_stream_duration",
                (mesh, load) -> mesh.statusSoon("/policy/waits") == 504),
            route("retry", "'retry': {'attempts': 2, 'retry_on': ['5xx']}", "'retry': {'attempts': 11}", "retry.attempts",
                (mesh, load) -> mesh.grows("mesh_retries_total{outcome=\"retried\",}", () -> mesh.status("/policy/fails"))),
            route("per_try_timeout", "'timeout': '0s', 'retry': {'attempts': 2, 'per_try_timeout': '0.1s'}", "'retry': {'per_try_timeout': '-1s'}",
                "retry.per_try_timeout", (mesh, load) -> mesh.statusSoon("/policy/waits") == 504),
            route("hedge", "'timeout': '0s', 'hedge': {'after': '20ms', 'max_extra': 1}", "'hedge': {'max_extra': 2}", "hedge: maxExtra",
                (mesh, load) -> mesh.grows("mesh_hedges_total{outcome=\"won\",}", () -> mesh.statusSoon("/policy/two-waits"))),
            route("rate limit", "'rate_limit': {'requests': 1, 'per': '3600s'}", "'rate_limit': {'requests': 1, 'per': '0.001s'}", "rate_limit: per",
                (mesh, load) -> mesh.status("/policy/") + mesh.status("/policy/") > 2 * 200),
            route("max_body_bytes", "'max_body_bytes': 10", "'max_body_bytes': 18446744073709551615", "routes[1]: maxBodyBytes",
                (mesh, load) -> mesh.postStatus("/policy/", 100) == 413),
            route("match", "'match': {'methods': ['GET'], 'headers': [{'name': 'x-tier', 'exact': 'gold'}], 'query_params': [{'name': 'v', 'prefix': '2'}]}",
                "'match': {'headers': [{'name': 'x-tier', 'regex': '('}]}", "match.headers[0]: regex",
                (mesh, load) -> mesh.status("/policy/?v=21", "x-tier", "gold") == 200 && mesh.status("/policy/?v=21") == 404
                    && mesh.status("/policy/?v=1", "x-tier", "gold") == 404),
            change("redirect", ROUTE, "'redirect': {'host': 'new.example', 'status': 307}", "'redirect': {'status': 200}", "redirect: redirect status",
                (mesh, load) -> mesh.get("/policy/").headers().firstValue("location").orElse("").equals("http://new.example/policy/")),
            change("reply", ROUTE, "'reply': {'status': 418, 'body': 'a teapot'}", "'reply': {'status': 99}", "reply.status",
                (mesh, load) -> mesh.get("/policy/").body().equals("a teapot")),
            change("weighted clusters", ROUTE, "'weighted_clusters': [{'cluster': 'payments', 'weight': 1}, {'cluster': 'shadow', 'weight': 1}]",
                "'weighted_clusters': [{'cluster': 'shade', 'weight': 1}]", "routes[1].cluster",
                (mesh, load) -> mesh.get("/policy/").body().equals("shadow")),
            route("rewrite", "'rewrite': {'prefix': '/new'}", "'rewrite': {'prefix': 'new'}", "rewrite: rewrite prefix",
                (mesh, load) -> saw(mesh.get("/policy/a?b")).startsWith("/new/a?b ")),
            route("host_rewrite", "'host_rewrite': 'new.example'", "'host_rewrite': 'a b'", "routes[1]: route \"policy\" hostRewrite",
                (mesh, load) -> saw(mesh.get("/policy/")).contains(" new.example ")),
            route("headers of requests", "'request_headers': {'add': [{'name': 'x-team', 'value': 'blue'}]}",
                "'request_headers': {'add': [{'name': 'host', 'value': 'a'}]}", "request_headers.add[0]",
                (mesh, load) -> saw(mesh.get("/policy/")).endsWith(" blue")),
            route("headers of answers", "'response_headers': {'add': [{'name': 'x-why', 'value': 'route'}]}",
                "'response_headers': {'remove': ['transfer-encoding']}", "response_headers.remove",
                (mesh, load) -> mesh.get("/policy/").headers().firstValue("x-why").orElse("").equals("route")),
            route("abort", "'fault': {'abort': {'status': 410, 'percent': 100}}", "'fault': {'abort': {'status': 410, 'percent': 101}}",
                "fault.abort.percent", (mesh, load) -> mesh.status("/policy/") == 410),
            route("delay", "'fault': {'delay': {'fixed': '0.001s', 'percent': 100}}", "'fault': {'delay': {'fixed': '0.001s'}}", "fault.delay.percent",
                (mesh, load) -> mesh.grows("mesh_faults_injected_total{kind=\"delay\",}", () -> mesh.status("/policy/"))),
            route("cors", "'cors': {'allow_origins': ['https://shop.example'], 'allow_methods': ['PUT']}", "'cors': {'allow_methods': ['PUT']}",
                "cors: cors allowOrigins", (mesh, load) -> mesh.options("/policy/", "origin", "https://shop.example", "access-control-request-method", "PUT")
                    .headers().firstValue("access-control-allow-origin").orElse("").equals("https://shop.example")),
            route("mirror", "'mirrors': [{'cluster': 'shadow'}]", "'mirrors': [{'cluster': 'shadow', 'percent': 101}]", "mirrors[0]: percent",
                (mesh, load) -> mesh.status("/policy/mirrored") == 200 && mesh.isMirrored("/policy/mirrored")),
            change("headers of a host", HOST, "'response_headers': {'add': [{'name': 'x-why', 'value': 'host'}]}",
                "'response_headers': {'add': [{'name': 'x why', 'value': 'host'}]}", "response_headers.add[0]",
                (mesh, load) -> mesh.get("/policy/").headers().firstValue("x-why").orElse("").equals("host")),
            change("order of a table", TABLE, "'order': 'specific'", "'order': 'random'", "order",
                (mesh, load) -> mesh.get("/ordered/one").body().equals("the exact one")));
    }

    private static List<Change> listeners() {
        Path log = dir.resolve("access.log");
        return List.of(
            change("access log", OUT, "'access_log': {'format': 'json', 'file': '" + log + "'}", "'access_log': {'format': 'xml'}", "access_log.format",
                (mesh, load) -> mesh.status("/policy/logged") == 200 && Files.exists(log) && Files.readString(log).contains("/policy/logged")),
            change("max_body_bytes of a listener", OUT, "'limits': {'max_body_bytes': 10}", "'limits': {'max_body_bytes': 18446744073709551615}",
                "limits: maxBodyBytes", (mesh, load) -> mesh.postStatus("/policy/", 100) == 413),
            change("head_kib", OUT, "'limits': {'http': {'head_kib': 1}}", "'limits': {'http': {'head_kib': 2000}}", "limits.http: headKib",
                (mesh, load) -> LiveMesh.told(mesh.out(), get("x: " + "y".repeat(2000) + "\r\n")).startsWith("HTTP/1.1 431")),
            change("fields", OUT, "'limits': {'http': {'fields': 10}}", "'limits': {'http': {'fields': 20000}}", "limits.http: fields",
                (mesh, load) -> LiveMesh.told(mesh.out(), get("x: y\r\n".repeat(20))).startsWith("HTTP/1.1 431")),
            change("head_timeout", OUT, "'limits': {'http': {'head_timeout': '0.1s'}}", "'limits': {'http': {'head_timeout': '-1s'}}",
                "limits.http.head_timeout", (mesh, load) -> LiveMesh.told(mesh.out(), "GET / HT").startsWith("HTTP/1.1 408")),
            change("idle_timeout of a listener", SIDE, "'limits': {'http': {'idle_timeout': '0.1s'}}", "'limits': {'http': {'idle_timeout': '-1s'}}",
                "limits.http.idle_timeout", (mesh, load) -> LiveMesh.told(mesh.side(), get("")).endsWith(LiveMesh.CLOSED)),
            change("streams", SIDE, "'limits': {'http': {'streams': 7}}", "'limits': {'http': {'streams': 20000}}", "limits.http: streams",
                (mesh, load) -> LiveMesh.told(mesh.side(), "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0").contains("\0\3\0\0\0\7")),
            change("max_connections of a listener", SIDE, "'limits': {'max_connections': 1}", "'limits': {'max_connections': 2000000}",
                "limits: maxConnections", (mesh, load) -> mesh.secondConnectionIsClosed()),
            change("rate limit of a listener", SIDE, "'limits': {'rate': {'requests': 1, 'per': '3600s'}}", "'limits': {'rate': {'requests': 2000000}}",
                "limits.rate: requests", (mesh, load) -> mesh.statusBySide(2, "/policy/") == 429));
    }

    @BeforeAll
    void start() throws Exception {
        mesh = new LiveMesh(dir);
        mesh.pushPlain();
        load = mesh.load();
    }

    @AfterAll
    void stop() throws Exception {
        if (load != null) load.close();
        if (mesh != null) mesh.close();
    }

    @AfterEach
    void letGo() {
        mesh.letGo();
    }

    @ParameterizedTest
    @MethodSource({"clusters", "routes", "listeners"})
    void takesEffectUnderLoad(Change change) throws Exception {
        String good = change.good.replace('\'', '"');
        String bad = change.bad.replace('\'', '"');
        long plain = mesh.pushPlain();
        int failed = load.failures().size();

        assertThat(mesh.dryRun(change.place, good)).isEqualTo(plain + 1);
        assertThat(mesh.refused(change.place, bad)).contains("InvalidArgument", change.field + ": ");
        assertThat(mesh.version()).isEqualTo(plain);
        assertThat(change.effect.isSeen(mesh, load)).as("seen before it is there").isFalse();

        assertThat(mesh.push(change.place, good)).isEqualTo(plain + 1);
        await().atMost(Duration.ofSeconds(30)).until(() -> change.effect.isSeen(mesh, load));

        load.awaitMore(20);
        assertThat(load.failures().subList(failed, load.failures().size())).as("requests that failed, of %d", load.ended()).isEmpty();
    }

    /** Makes an instance answer with failures, at times. */
    private static boolean fail(LiveMesh mesh) throws Exception {
        for (int i = 0; i < 4; i++) mesh.status("/policy/two-fails");
        return true;
    }

    private static String saw(HttpResponse<String> answer) {
        return answer.headers().firstValue("x-saw").orElse("");
    }

    private static String get(String fields) {
        return "GET /policy/ HTTP/1.1\r\nhost: payments\r\n" + fields + "\r\n";
    }
}
