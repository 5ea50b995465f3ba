package mesh.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import mesh.control.admin.AdminServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class CommandsTest {

    private static final String CONFIG = """
        {"clusters": [{"name": "payments", "balancer": "least_conn", "endpoints": [{"address": "10.0.0.7:9001"}]}]}
        """;

    @TempDir
    Path temp;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private AdminServer server;

    @BeforeEach
    void start() throws Exception {
        server = new AdminServer();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void appliesAFileAndGetsItBack() throws IOException {
        Path file = Files.writeString(temp.resolve("mesh.json"), CONFIG);
        assertThat(call("config", "apply", file.toString())).isZero();
        assertThat(out).hasToString("applied: config version 1\n");
        out.getBuffer().setLength(0);

        assertThat(call("config", "get")).isZero();
        assertThat(err).hasToString("config version 1\n");
        Files.writeString(file, out.toString());
        out.getBuffer().setLength(0);
        assertThat(call("config", "apply", file.toString(), "--expected-version", "1")).isZero();
        assertThat(out).as("what get prints, apply takes").hasToString("applied: config version 1\n");
    }

    @Test
    void saysWhatWouldChangeAndChangesNothing() throws IOException {
        Path file = Files.writeString(temp.resolve("mesh.json"), CONFIG);
        call("config", "apply", file.toString());
        out.getBuffer().setLength(0);

        assertThat(call("config", "apply", "--dry-run", file.toString())).isZero();
        assertThat(out).hasToString("nothing would change: config version 1\n");
        out.getBuffer().setLength(0);

        Files.writeString(file, CONFIG.replace("10.0.0.7", "10.0.0.8").replace("[{\"name\"", "[{\"name\": \"cart\"}, {\"name\""));
        assertThat(call("config", "apply", "--dry-run", file.toString())).isZero();
        assertThat(out).hasToString("""
            added cluster cart
            added endpoint 10.0.0.8:9001 of cluster payments
            removed endpoint 10.0.0.7:9001 of cluster payments
            would become config version 2; nothing was changed
            """);
        out.getBuffer().setLength(0);
        call("config", "get");
        assertThat(err.toString()).endsWith("config version 1\n");
        assertThat(out.toString()).contains("10.0.0.7").doesNotContain("cart");
    }

    @Test
    void aCheckThatCannotLookSaysSoByItsExitCode() throws Exception {
        String address = server.address();
        server.close();
        assertThat(execute("check", "--address", address)).isEqualTo(2);
        assertThat(err.toString()).startsWith("mesh: no control plane answers at " + address);
    }

    @Test
    void showsTheHistoryComparesAndPutsBack() throws IOException {
        Path file = Files.writeString(temp.resolve("mesh.json"), CONFIG);
        call("config", "apply", file.toString(), "-m", "the first");
        Files.writeString(file, CONFIG.replace("least_conn", "random"));
        call("config", "apply", file.toString());
        out.getBuffer().setLength(0);

        assertThat(call("config", "history")).isZero();
        assertThat(out.toString().lines()).hasSize(3).element(2).asString().startsWith("1 ").endsWith("  the first");
        out.getBuffer().setLength(0);

        assertThat(call("config", "diff")).isEqualTo(1);
        assertThat(out).hasToString("""
            config version 1 to 2
            clusters.payments.balancer
              - "least_conn"
              + "random"
            """);
        out.getBuffer().setLength(0);

        assertThat(call("config", "rollback", "1", "--dry-run")).isZero();
        assertThat(call("config", "rollback", "1")).isZero();
        assertThat(out).hasToString("""
            changed cluster payments
            would become config version 3; nothing was changed
            rolled back to version 1: config version 3
            """);
        assertThat(call("config", "diff", "1", "3")).isZero();
        out.getBuffer().setLength(0);
        assertThat(call("config", "get", "--config-version", "2")).isZero();
        assertThat(out.toString()).contains("random");
        assertThat(err.toString()).endsWith("config version 2\n");
    }

    @Test
    void tellsEveryProblemOfADryRun() throws IOException {
        Path file = Files.writeString(temp.resolve("mesh.json"), CONFIG.replace("least_conn", "rr"));
        assertThat(call("config", "apply", "--dry-run", file.toString())).isEqualTo(1);
        assertThat(err.toString()).startsWith("mesh: 1 problem").contains("config.clusters[0].balancer");
    }

    @Test
    void appliesTheSameInYaml() throws IOException {
        Path file = Files.writeString(temp.resolve("mesh.yaml"), """
            # two instances
            routes:
              - name: outbound
                virtualHosts:
                  - {name: all, hosts: ["*"], routes: [{name: pay, cluster: payments, timeout: 60s}]}
            clusters:
              - name: payments
                endpoints: [{address: 10.0.0.7:9001, weight: 2}, {address: ":9001"}]
            """);
        assertThat(call("config", "apply", file.toString())).isEqualTo(1);
        assertThat(err.toString()).startsWith("mesh: 1 problem").contains("config.clusters[0].endpoints[1].address");
        Files.writeString(file, Files.readString(file).replace("\":9001\"", "10.0.0.8:9001"));

        assertThat(call("config", "apply", file.toString())).isZero();
        assertThat(call("config", "get")).isZero();
        assertThat(out.toString()).contains("\"10.0.0.8:9001\"").contains("\"60s\"");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "[a, b|:1:6 expected ',' or ']'",
        "- a|: no listeners",
        "''|: no listeners",
        "clusters: 3|: ",
        "clusters: [{name: 2026-01-01}]|: a value that JSON does not have",
        "1: 2|: ",
    })
    void tellsWhatIsNoConfiguration(String text, String told) throws IOException {
        Path file = Files.writeString(temp.resolve("mesh.yaml"), text);

        assertThat(call("config", "apply", file.toString())).isEqualTo(1);
        assertThat(err.toString()).startsWith("mesh: " + file + told).hasLineCount(1);
    }

    @Test
    void tellsEveryProblemOfAFile() throws IOException {
        Path file = Files.writeString(temp.resolve("mesh.json"), CONFIG.replace("least_conn", "rr").replace("10.0.0.7:9001", "x"));

        assertThat(call("config", "apply", file.toString())).isEqualTo(1);
        assertThat(err.toString()).startsWith("mesh: 2 problems, nothing was changed:\n")
            .contains(file + ":1:36 config.clusters[0].balancer: \"rr\"").contains(" [INVALID_VALUE]\n")
            .contains(file + ":1:69 config.clusters[0].endpoints[0].address: \"x\"");
    }

    @Test
    void refusesAChangeOfAnotherVersion() throws IOException {
        Path file = Files.writeString(temp.resolve("mesh.json"), CONFIG);

        assertThat(call("config", "apply", file.toString(), "--expected-version", "9")).isEqualTo(1);
        assertThat(err.toString()).startsWith("mesh: expected_version: 9 (expected: 0");
    }

    @Test
    void tellsInOneLineWhatIsWrongWithAFile() throws IOException {
        assertThat(call("config", "apply", temp.resolve("gone.json").toString())).isEqualTo(1);
        assertThat(err).hasToString("mesh: " + temp.resolve("gone.json") + ": there is no such file\n");
        err.getBuffer().setLength(0);

        Path file = Files.writeString(temp.resolve("mesh.json"), "{\"clutsers\": []}");
        assertThat(call("config", "apply", file.toString())).isEqualTo(1);
        assertThat(err.toString()).startsWith("mesh: " + file + ": ").contains("clutsers").hasLineCount(1);
    }

    @Test
    void printsAToken() {
        assertThat(call("token", "create", "--id", "spiffe://mesh.local/web")).isZero();
        assertThat(out.toString()).matches("token    \\S{43}\nca pin   sha256:[0-9a-f]{64}\nexpires  2026-01-01T00:10:00Z\n");
    }

    @Test
    void showsTheStateOfSidecars() {
        assertThat(call("proxy-status")).isZero();
        assertThat(out.toString()).startsWith("NODE  IDENTITY  STATE").endsWith("config version 0\n");
        out.getBuffer().setLength(0);

        assertThat(call("proxy-status", "-o", "json")).isZero();
        assertThat(out.toString().strip()).isEqualTo("{\n  \"at\": \"2026-01-01T00:00:00Z\"\n}");
    }

    @Test
    void saysThatNobodyAnswers() throws Exception {
        String address = server.address();
        server.close();

        assertThat(execute("proxy-status", "--address", address)).isEqualTo(1);
        assertThat(err.toString()).startsWith("mesh: no control plane answers at " + address).hasLineCount(1);
    }

    @ParameterizedTest
    @CsvSource({
        "token create, Missing required option: '--id=SPIFFE-ID'",
        "token create --id web, 'expected: a SPIFFE id such as spiffe://mesh.local/payments'",
        "config apply, Missing required parameter: 'FILE'",
        "proxy-status --bogus, Unknown option: '--bogus'",
        "proxy-status -o xml, xml",
        "proxy-statsu, Did you mean: mesh proxy-status",
        "config, Commands:",
        "config rollback, Missing required parameter: 'VERSION'",
        "config get --at noon, 'expected: a time such as'",
        "control-plane start --svid-ttl 25h, --svid-ttl",
        "control-plane start --plaintext-listen 10.0.0.1:1, expected: a loopback address",
        "control-plane start --log-level loud, 'expected: error, warn, info, debug or trace'",
    })
    void tellsWhatIsWrongWithTheWords(String words, String told) {
        assertThat(execute(words.split(" "))).isEqualTo(2);
        assertThat(err.toString()).startsWith("mesh: ").contains(told);
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"--help", "control-plane --help", "control-plane start --help", "config get --help", "token create --help"})
    void helps(String words) {
        assertThat(execute(words.split(" "))).isZero();
        assertThat(out.toString()).startsWith("Usage: mesh ");
    }

    @ParameterizedTest
    @CsvSource({"--version", "config apply --version"})
    void saysItsVersion(String words) {
        assertThat(execute(words.split(" "))).isZero();
        assertThat(out.toString()).startsWith("mesh 0.");
    }

    @Test
    void putsSidecarsIntoManifests() throws IOException {
        Path file = Files.writeString(temp.resolve("pod.yaml"), "kind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web}]}\n");
        String pin = "sha256:" + "ab".repeat(32);
        assertThat(execute("inject", "-f", file.toString(), "--ca-pin", pin, "--no-native-sidecars", "--sidecar-image", "r/dp:1")).isZero();
        assertThat(err).hasToString("Pod web: injected\n");
        assertThat(out.toString()).contains("name: mesh-proxy", "image: r/dp:1", pin).doesNotContain("restartPolicy: Always");

        err.getBuffer().setLength(0);
        assertThat(execute("inject", "-f", file.toString(), "--ca-pin", "abc")).isEqualTo(2);
        assertThat(err.toString()).startsWith("mesh: --ca-pin: \"abc\" (expected: sha256: and 64 hexadecimal digits)\n");
        err.getBuffer().setLength(0);
        Files.writeString(file, "kind: Pod\nmetadata: {name: web, annotations: {mesh/inject: maybe}}\nspec: {containers: [{name: web}]}\n");
        assertThat(execute("inject", "-f", file.toString(), "--ca-pin", pin)).isEqualTo(1);
        assertThat(err).hasToString("mesh: Pod web: mesh/inject: \"maybe\" (expected: enabled or disabled, true or false)\n");
    }

    private int call(String... words) {
        List<String> all = new ArrayList<>(Arrays.asList(words));
        all.addAll(List.of("--address", server.address()));
        return execute(all.toArray(String[]::new));
    }

    private int execute(String... words) {
        CommandLine shell = Shell.of(new MeshCommand());
        return shell.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(words);
    }
}
