package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import mesh.config.ConfigReader;
import mesh.config.ConfigResult;
import mesh.model.ApplyResult;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A listener that finds out what its clients speak, over real sockets. */
class DetectionSidecarTest {

    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final RawServer web = new RawServer();
    private final RawServer shop = new RawServer();
    private final RawServer other = new RawServer();

    @BeforeEach
    void begin() {
        apply("");
    }

    @AfterEach
    void close() throws Exception {
        sidecar.close();
        for (RawServer each : List.of(web, shop, other)) each.close();
    }

    private void apply(String more) {
        String yaml = """
            listeners:
              - {name: any, listen: "127.0.0.1:0", protocol: auto, route: web, cluster: other, tlsRoutes: [{sni: ["shop.example", "*.shop.example"], cluster: shop}]
                 MORE}
            routes: [{name: web, virtualHosts: [{name: all, hosts: ["*"], routes: [{name: all, cluster: web}]}]}]
            clusters:
              - {name: web, protocol: http1, endpoints: [{address: "WEB"}]}
              - {name: shop, endpoints: [{address: "SHOP"}]}
              - {name: other, endpoints: [{address: "OTHER"}]}
            """.replace("MORE", more).replace("WEB", web.address().toString()).replace("SHOP", shop.address().toString())
            .replace("OTHER", other.address().toString());
        ConfigResult read = ConfigReader.read(Path.of("test.yaml"), yaml.getBytes(StandardCharsets.UTF_8));
        assertThat(read).isInstanceOf(ConfigResult.Valid.class);
        assertThat(sidecar.apply(((ConfigResult.Valid) read).config().snapshot())).isInstanceOf(ApplyResult.Applied.class);
    }

    private RawClient client() {
        return new RawClient(sidecar.bound().get("any"));
    }

    private double detected(String protocol) {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(each -> each.name.equals("mesh_detected_protocols_total") && each.labelValues.contains(protocol)).mapToDouble(each -> each.value).sum();
    }

    @Test
    void requestsGoByTheRoutes() throws Exception {
        try (RawClient client = client().send("GET / HTTP/1.1\r\nHo").send("st: shop\r\n\r\n"); RawClient upstream = web.accept()) {
            assertThat(upstream.readHead()).startsWith("GET / HTTP/1.1\r\n").contains("x-forwarded-for: 127.0.0.1\r\n");
            upstream.send("HTTP/1.1 204 No Content\r\n\r\n");
            assertThat(client.readHead()).startsWith("HTTP/1.1 204 ");
        }
        byte[] two = RawHttp2.join(RawHttp2.hello(), RawHttp2.get(1, "/two"));
        try (RawClient client = client().send(two); RawClient upstream = web.accept()) {
            assertThat(upstream.readHead()).startsWith("GET /two HTTP/1.1\r\n");
        }
        assertThat(detected("http_1")).isEqualTo(1);
        assertThat(detected("http_2")).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"shop.example, true", "a.shop.example, true", "shop.example.org, false", "'', false"})
    void tlsGoesByTheNameItAsksForAndIsPassedThrough(String name, boolean known) throws Exception {
        String hello = new String(ClientHello.of(name), StandardCharsets.ISO_8859_1);
        try (RawClient client = client().send(hello); RawClient upstream = (known ? shop : other).accept()) {
            assertThat(upstream.read(hello.length())).isEqualTo(hello);
            upstream.send("answer");
            assertThat(client.readTo("answer")).isEqualTo("answer");
        }
        assertThat(detected("tls")).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"*1\r\n$4\r\nPING\r\n", "EHLO example.com\r\n"})
    void anythingElseIsPassedThrough(String words) throws Exception {
        try (RawClient client = client().send(words); RawClient upstream = other.accept()) {
            assertThat(upstream.readTo(words)).isEqualTo(words);
            upstream.send("+PONG\r\n");
            assertThat(client.readTo("\r\n")).isEqualTo("+PONG\r\n");
        }
        assertThat(detected("other")).isEqualTo(1);
    }

    @Test
    void aServerThatSpeaksFirstIsHeardInTheEndAndWhereItIsKnownToAtOnce() throws Exception {
        try (RawClient client = client(); RawClient upstream = other.accept()) {
            upstream.send("220 ready\r\n");
            assertThat(client.readTo("\r\n")).isEqualTo("220 ready\r\n");
        }
        assertThat(detected("timeout")).isEqualTo(1);
        apply(", serverFirstPorts: [" + sidecar.bound().get("any").port() + "]");
        try (RawClient client = client(); RawClient upstream = other.accept()) {
            upstream.send("220 ready\r\n");
            assertThat(client.readTo("\r\n")).isEqualTo("220 ready\r\n");
        }
        assertThat(detected("server_first")).isEqualTo(1);
    }

    @Test
    void whoLeavesBeforeSayingAnythingLeavesNothing() throws Exception {
        try (RawClient client = client().finish()) {
            assertThat(client.readAll()).isEmpty();
        }
        try (RawClient client = client().send("GET").finish(); RawClient upstream = other.accept()) {
            assertThat(upstream.readAll()).isEqualTo("GET");
        }
    }
}
