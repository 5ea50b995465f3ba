package mesh.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class BootstrapTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void aGrpcClientFindsThePlaintextPort() {
        assertThat(call("bootstrap", "grpc", "--node", "web-1", "--server", ":15010")).isZero();
        assertThat(new JsonObject(out.toString())).isEqualTo(new JsonObject("""
            {"xds_servers": [{"server_uri": "127.0.0.1:15010", "channel_creds": [{"type": "insecure"}], "server_features": ["xds_v3"]}],
             "node": {"id": "web-1", "cluster": "web-1", "locality": {}}}"""));
    }

    @Test
    void aGrpcClientHasItsFilesByAbsolutePathsAndThemselvesForTls(@TempDir Path dir) throws Exception {
        Path file = dir.resolve("bootstrap.json");
        assertThat(call("bootstrap", "grpc", "--node", "web-1", "--workload", "web", "--server", "mesh.example:15012", "--tls",
            "--cacert", "web/roots.pem", "--cert", "web/web.crt", "--key", "web/web.key", "--out", file.toString())).isZero();
        assertThat(out.toString()).isEmpty();
        JsonObject written = new JsonObject(Files.readString(file));
        JsonObject files = new JsonObject(Map.of(
            "certificate_file", Path.of("web/web.crt").toAbsolutePath().toString(), "private_key_file", Path.of("web/web.key").toAbsolutePath().toString(),
            "ca_certificate_file", Path.of("web/roots.pem").toAbsolutePath().toString(), "refresh_interval", "60s"));
        assertThat(written.getJsonObject("certificate_providers").getJsonObject("default").getJsonObject("config")).isEqualTo(files);
        JsonObject credentials = written.getJsonArray("xds_servers").getJsonObject(0).getJsonArray("channel_creds").getJsonObject(0);
        assertThat(credentials.getString("type")).isEqualTo("tls");
        assertThat(credentials.getJsonObject("config")).isEqualTo(files);
    }

    @Test
    void anEnvoysIsReadableYamlWithAndWithoutTls() {
        assertThat(call("bootstrap", "envoy", "--node", "edge-1", "--workload", "edge", "--server", "127.0.0.1:15010")).isZero();
        Map<String, Object> plain = yaml();
        assertThat(plain.get("node")).isEqualTo(Map.of("id", "edge-1", "cluster", "edge"));
        assertThat(plain.get("static_resources").toString()).doesNotContain("transport_socket");

        assertThat(call("bootstrap", "envoy", "--node", "edge-1", "--server", "cp:15012", "--tls", "--trust-domain", "shop.example",
            "--cacert", "roots.pem", "--cert", "edge.crt", "--key", "edge.key")).isZero();
        Map<String, Object> secured = yaml();
        assertThat(secured.get("static_resources").toString()).contains("secrets", "name=default", "exact=spiffe://shop.example/control-plane",
            Path.of("edge.key").toAbsolutePath().toString());
    }

    @Test
    void saysWhenFilesAreMissing() {
        assertThat(call("bootstrap", "grpc", "--node", "web-1", "--server", "127.0.0.1:15012", "--tls")).isEqualTo(1);
        assertThat(call("bootstrap", "envoy", "--node", "web-1", "--server", "127.0.0.1:15012", "--cert", "a")).isEqualTo(1);
        assertThat(err).hasToString("""
            mesh: --cacert, --cert, --key: (expected: all three, beside --tls)
            mesh: --cacert, --cert, --key: (expected: all three, or none)
            """);
    }

    private Map<String, Object> yaml() {
        Map<String, Object> read = new Yaml(new SafeConstructor(new LoaderOptions())).load(out.toString());
        out.getBuffer().setLength(0);
        return read;
    }

    private int call(String... words) {
        return Shell.of(new MeshCommand()).setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(words);
    }
}
