package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import mesh.model.Address;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** sslyze looks at the doors that strangers reach: TLS 1.3 and nothing before it, nothing weak in it, and none of TLS's known faults. */
class TlsScannerIT {

    private static final Set<String> SUITES = Set.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");
    /** Those of RFC 8446 section 4.2.7; all as strong as 128 bits or stronger. */
    private static final Set<String> CURVES = Set.of("X25519", "X448", "secp256r1", "secp384r1", "secp521r1");
    private static final String[] OLD = {"ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1", "tls_1_2"};
    private static final List<String> SCANS = List.of(
        "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--compression", "--reneg", "--heartbleed",
        "--openssl_ccs", "--robot", "--elliptic_curves");

    @TempDir
    private Path dir;
    private Judge sslyze;

    @BeforeEach
    void find() {
        sslyze = Judge.find("sslyze", "pip install sslyze==6.3.1");
    }

    @Test
    void findsNothingInASidecarsListeners() throws Exception {
        Identities identities = new Identities(dir.resolve("identities"));
        Address http = Ports.free(), tcp = Ports.free();
        try (HttpService application = new HttpService("hello");
            SidecarProcess ignored = SidecarProcess.of(Files.writeString(dir.resolve("mesh.yaml"), """
                listeners:
                  - {name: http, listen: "%s", cluster: app, tls: {}}
                  - {name: tcp, listen: "%s", protocol: tcp, cluster: app, tls: {}}
                clusters:
                  - {name: app, endpoints: [{address: "%s"}], protocol: http1}
                %s
                """.formatted(http, tcp, application.address(), identities.yaml("payments"))))) {
            check(http);
            check(tcp);
            String pem = identities.file("web").toString();
            assertNoEarlyData(http, "-cert", pem, "-key", pem);
            assertNoEarlyData(tcp, "-cert", pem, "-key", pem);
        }
    }

    @Test
    void findsNothingInTheControlPlane() throws Exception {
        try (ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("data"))) {
            check(controlPlane.tls());
            assertNoEarlyData(controlPlane.tls());
        }
    }

    private void check(Address target) throws Exception {
        JsonObject found = scan(target);
        for (String version : OLD) assertThat(accepted(found, version)).as(version).isEmpty();
        assertThat(accepted(found, "tls_1_3")).isNotEmpty().isSubsetOf(SUITES);
        assertThat(names(result(found, "elliptic_curves").getAsJsonArray("supported_curves"), "")).isNotEmpty().isSubsetOf(CURVES);
        assertThat(is(found, "tls_compression", "supports_compression")).as("compression").isFalse();
        assertThat(is(found, "session_renegotiation", "is_vulnerable_to_client_renegotiation_dos")).as("renegotiation").isFalse();
        assertThat(is(found, "heartbleed", "is_vulnerable_to_heartbleed")).as("heartbleed").isFalse();
        assertThat(is(found, "openssl_ccs_injection", "is_vulnerable_to_ccs_injection")).as("CCS injection").isFalse();
        assertThat(result(found, "robot").get("robot_result").getAsString()).startsWith("NOT_VULNERABLE");
    }

    /** sslyze cannot show a certificate where it looks for this; a session ticket says how much of it would be taken. */
    private static void assertNoEarlyData(Address target, String... certificate) {
        List<String> words = new ArrayList<>(List.of("s_client", "-connect", target.toString(), "-tls1_3", "-alpn", "http/1.1", "-ign_eof"));
        words.addAll(List.of(certificate));
        String seen = Judge.find("openssl", "apt-get install openssl")
            .ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", words.toArray(String[]::new)).text();
        assertThat(seen).contains("Max Early Data: 0").doesNotContainPattern("Max Early Data: [1-9]");
    }

    private JsonObject scan(Address target) throws Exception {
        Path report = dir.resolve("report.json");
        List<String> words = new ArrayList<>(SCANS);
        words.addAll(List.of("--mozilla_config", "disable", "--json_out", report.toString(), target.toString()));
        Judge.Verdict verdict = sslyze.ask("", words.toArray(String[]::new));
        assertThat(report).as(verdict.text()).exists();
        JsonObject scan = JsonParser.parseString(Files.readString(report)).getAsJsonObject()
            .getAsJsonArray("server_scan_results").get(0).getAsJsonObject();
        Files.delete(report);
        assertThat(scan.get("scan_status").getAsString()).as(verdict.text()).isEqualTo("COMPLETED");
        return scan.getAsJsonObject("scan_result");
    }

    private static JsonObject result(JsonObject found, String what) {
        JsonObject scan = found.getAsJsonObject(what);
        assertThat(scan.get("status").getAsString()).as("%s: %s", what, scan).isEqualTo("COMPLETED");
        return scan.getAsJsonObject("result");
    }

    private static boolean is(JsonObject found, String what, String key) {
        return result(found, what).get(key).getAsBoolean();
    }

    private static Set<String> accepted(JsonObject found, String version) {
        return names(result(found, version + "_cipher_suites").getAsJsonArray("accepted_cipher_suites"), "cipher_suite");
    }

    private static Set<String> names(JsonArray all, String inside) {
        Set<String> names = new TreeSet<>();
        for (JsonElement each : all) {
            JsonObject named = inside.isEmpty() ? each.getAsJsonObject() : each.getAsJsonObject().getAsJsonObject(inside);
            names.add(named.get("name").getAsString());
        }
        return names;
    }
}
