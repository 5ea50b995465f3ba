package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import mesh.config.ConfigReader;
import mesh.config.ConfigResult;
import mesh.model.ApplyResult;
import mesh.model.ProxyProtocol.Version;
import mesh.proxy.ends.Ends;
import mesh.proxy.ends.ProxyHeader;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A sidecar behind a proxy, and one before another, over real sockets. */
class ProxyProtocolSidecarTest {

    private static final Ends CLIENT = new Ends(new InetSocketAddress("203.0.113.7", 51000), new InetSocketAddress("198.51.100.1", 443));
    private static final String GET = "GET / HTTP/1.1\r\nHost: shop\r\n\r\n";

    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final RawServer server = new RawServer();

    @AfterEach
    void close() throws Exception {
        sidecar.close();
        server.close();
    }

    private void apply(String listener, String cluster) {
        String yaml = """
            listeners: [{name: web, listen: "127.0.0.1:0", cluster: app, LISTENER}]
            clusters: [{name: app, endpoints: [{address: "SERVER"}], CLUSTER}]
            """.replace("LISTENER", listener).replace("CLUSTER", cluster).replace("SERVER", server.address().toString());
        ConfigResult read = ConfigReader.read(Path.of("test.yaml"), yaml.getBytes(StandardCharsets.UTF_8));
        assertThat(read).isInstanceOf(ConfigResult.Valid.class);
        assertThat(sidecar.apply(((ConfigResult.Valid) read).config().snapshot())).isInstanceOf(ApplyResult.Applied.class);
    }

    private RawClient client() {
        return new RawClient(sidecar.bound().get("web"));
    }

    private static byte[] header(Version version, Ends ends) {
        ByteBuf header = Unpooled.buffer();
        ProxyHeader.write(version, ends, header);
        return ByteBufUtil.getBytes(header);
    }

    private static byte[] joined(byte[] header, String text) {
        return ByteBufUtil.getBytes(Unpooled.wrappedBuffer(header, text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @ParameterizedTest
    @EnumSource
    void theClientIsWhomTheProxySaysItIs(Version version) throws Exception {
        apply("proxyProtocol: required", "");
        try (RawClient client = client()) {
            client.send(joined(header(version, CLIENT), GET));
            try (RawClient upstream = server.accept()) {
                assertThat(upstream.readHead()).contains("x-forwarded-for: 203.0.113.7\r\n");
            }
        }
    }

    @Test
    void aHeaderMayComeByteByByte() throws Exception {
        apply("proxyProtocol: required, protocol: tcp", "");
        try (RawClient client = client()) {
            for (byte each : header(Version.V1, CLIENT)) client.send(new byte[] {each});
            client.send("hello");
            try (RawClient upstream = server.accept()) {
                assertThat(upstream.readTo("hello")).isEqualTo("hello");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\nHost: shop\r\n\r\n", "PROXY TCP4 nobody nobody 1 2\r\n"})
    void whoSaysNothingOrNonsenseIsClosedWhereItIsRequired(String text) throws Exception {
        apply("proxyProtocol: required", "");
        try (RawClient client = client()) {
            assertThat(client.send(text).readAll()).isEmpty();
        }
        assertThat(new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(each -> each.name.equals("mesh_clients_stopped_total") && each.labelValues.contains("proxy_header"))).isNotEmpty();
    }

    @Test
    void whoSaysNothingIsItselfWhereItIsOptionalAndNobodyIsBelievedWhereItIsNotDeclared() throws Exception {
        apply("proxyProtocol: optional", "");
        try (RawClient client = client().send(GET); RawClient upstream = server.accept()) {
            assertThat(upstream.readHead()).contains("x-forwarded-for: 127.0.0.1\r\n");
        }
        try (RawClient client = client().send(joined(header(Version.V1, null), GET)); RawClient upstream = server.accept()) {
            assertThat(upstream.readHead()).as("of the proxy itself").contains("x-forwarded-for: 127.0.0.1\r\n");
        }
        apply("proxyProtocol: none", "");
        try (RawClient client = client()) {
            assertThat(client.send(joined(header(Version.V1, CLIENT), GET)).readHead()).startsWith("HTTP/1.1 400 ");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUpstreamIsToldWhoAsksAndEachClientHasConnectionsOfItsOwn(Version version) throws Exception {
        apply("proxyProtocol: optional", "proxyProtocol: " + version.text());
        byte[] told = header(version, CLIENT);
        try (RawClient first = client().send(joined(told, GET)); RawClient upstream = server.accept()) {
            assertThat(upstream.read(told.length)).isEqualTo(new String(told, StandardCharsets.ISO_8859_1));
            assertThat(upstream.readHead()).startsWith("GET / HTTP/1.1\r\n");
            upstream.send("HTTP/1.1 204 No Content\r\n\r\n");
            first.readHead();
            first.send(GET);
            assertThat(upstream.readHead()).as("the same, and no second header").startsWith("GET / HTTP/1.1\r\n");
            upstream.send("HTTP/1.1 204 No Content\r\n\r\n");
            first.readHead();
            Ends other = new Ends(new InetSocketAddress("203.0.113.8", 1), CLIENT.destination());
            try (RawClient second = client().send(joined(header(version, other), GET)); RawClient another = server.accept()) {
                byte[] others = header(version, other);
                assertThat(another.read(others.length)).isEqualTo(new String(others, StandardCharsets.ISO_8859_1));
                assertThat(another.readHead()).startsWith("GET / HTTP/1.1\r\n");
            }
            first.close();
            assertThat(upstream.readAll()).as("goes with its client").isEmpty();
        }
    }

    @Test
    void bytesOfAClientFollowWhoItIs() throws Exception {
        apply("protocol: tcp", "proxyProtocol: v1");
        try (RawClient client = client().send("hello"); RawClient upstream = server.accept()) {
            assertThat(upstream.readTo("\r\nhello")).isEqualTo("PROXY TCP4 127.0.0.1 127.0.0.1 " + client.socket().getLocalPort() + " "
                + sidecar.bound().get("web").port() + "\r\nhello");
        }
    }
}
