package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading and writing need a role, whoever calls and by whichever door; by the real grpcurl and the mesh command. */
class RolesIT {

    private static final String CLUSTER = "{\"cluster\": {\"name\": \"%s\", \"endpoints\": [{\"address\": \"127.0.0.1:1\"}]}}";
    private static final String PUT = "mesh.v1.AdminService/PutCluster";
    private static final String GET = "mesh.v1.AdminService/GetConfig";

    @TempDir
    private Path dir;
    private Path data;
    private Judge grpcurl;
    private ControlPlaneProcess controlPlane;

    @BeforeEach
    void start() {
        grpcurl = Judge.find("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4");
        data = dir.resolve("data");
        controlPlane = ControlPlaneProcess.guarded(data, "--admin", "spiffe://mesh.local/ops", "--reader", "spiffe://mesh.local/dashboard");
    }

    @AfterEach
    void stop() {
        if (controlPlane != null) controlPlane.close();
    }

    @Test
    void everybodyOnThisMachineReadsAndWhoHasTheTokenWrites() throws IOException {
        assertThat(plaintext(GET, "").text()).contains("{");
        Judge.Verdict refused = plaintext(PUT, CLUSTER.formatted("a"));
        assertThat(refused.exit()).isNotZero();
        assertThat(refused.text()).contains("PermissionDenied", "the plaintext port is for reading", "admin.token", "--dev");
        assertThat(plaintext(GET, "", "-H", "authorization: Bearer guess").text()).contains("Unauthenticated", "admin.token");
        assertThat(plaintext(GET, "").text()).doesNotContain("\"a\"");

        String token = Files.readString(data.resolve("admin.token")).strip();
        assertThat(plaintext(PUT, CLUSTER.formatted("a"), "-H", "authorization: Bearer " + token).text()).contains("\"version\": \"1\"");
        assertThat(plaintext("mesh.v1.AdminService/ListVersions", "").text()).contains("\"author\": \"admin token\"");
    }

    @Test
    void certificatesCarryRolesOverTls() {
        for (String name : List.of("ops", "dashboard", "web")) {
            try (MeshProcess made = MeshProcess.controlPlane("certificate", "create", "--id", "spiffe://mesh.local/" + name, "--out", dir.toString(),
                "--address", controlPlane.plaintext().toString(), "--token-file", data.resolve("admin.token").toString())) {
                assertThat(made.exitCode()).as(made.log()).isZero();
            }
        }

        assertThat(tls("ops", PUT, CLUSTER.formatted("a")).text()).contains("\"version\": \"1\"");
        assertThat(tls("ops", GET, "").text()).contains("\"a\"");
        assertThat(tls("dashboard", GET, "").text()).contains("\"a\"");
        assertThat(tls("dashboard", PUT, CLUSTER.formatted("b")).text()).contains("PermissionDenied", "--admin spiffe://mesh.local/dashboard");
        assertThat(tls("web", GET, "").text()).contains("PermissionDenied", "--admin or --reader spiffe://mesh.local/web");
        try (MeshProcess history = MeshProcess.controlPlane("config", "history", "--address", controlPlane.tls().toString(),
            "--cacert", data.resolve("roots.pem").toString(), "--cert", dir.resolve("ops.crt").toString(), "--key", dir.resolve("ops.key").toString())) {
            assertThat(history.exitCode()).as(history.log()).isZero();
            assertThat(history.log()).contains("spiffe://mesh.local/ops").contains("put cluster a");
        }
    }

    private Judge.Verdict plaintext(String method, String body, String... options) {
        List<String> words = new ArrayList<>(List.of("-plaintext"));
        words.addAll(List.of(options));
        words.addAll(List.of("-d", "@", controlPlane.plaintext().toString(), method));
        return grpcurl.ask(body, words.toArray(String[]::new));
    }

    /** Verified as any server is, by a name in its certificate. */
    private Judge.Verdict tls(String who, String method, String body) {
        return grpcurl.ask(body, "-cacert", data.resolve("roots.pem").toString(), "-cert", dir.resolve(who + ".crt").toString(),
            "-key", dir.resolve(who + ".key").toString(), "-d", "@", "127.0.0.1:" + controlPlane.tls().port(), method);
    }
}
