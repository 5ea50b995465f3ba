package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code mesh config-validate} as a command, exit codes included. */
class ConfigValidateIT {

    @TempDir
    private Path dir;

    @Test
    void acceptsTheSpecificationsOwnFile() {
        Path seed = MeshProcess.ROOT.resolve("deploy/examples/seed.yaml");
        try (MeshProcess process = MeshProcess.dataPlane("config-validate", seed.toString())) {
            assertThat(process.exitCode()).as(process.log()).isZero();
        }
    }

    @Test
    void reportsEveryProblemOfEveryFileAtOnce() throws Exception {
        Path one = Files.writeString(dir.resolve("one.yaml"), """
            proxy:
              listen: ":99999"
              upstreams:
                - addr: "localhost:9001"
                  weight: -1
              balencer: least_conn
              retry:
                perTryTimeout: "500"
            """);
        Path two = Files.writeString(dir.resolve("two.yaml"), "proxy: [\n");
        try (MeshProcess process = MeshProcess.dataPlane("config-validate", one.toString(), two.toString())) {
            assertThat(process.exitCode()).isEqualTo(1);
            assertThat(process.log())
                .contains("one.yaml:2:11 proxy.listen: \":99999\"")
                .containsPattern("one.yaml:5:15 proxy.upstreams\\[0\\].weight: .?-1")
                .containsPattern("one.yaml:6:3 proxy.balencer.*did you mean .?balancer")
                .contains("one.yaml:8:20 proxy.retry.perTryTimeout: \"500\" (expected: a duration such as 500ms or 2s)")
                .contains("two.yaml:");
        }
    }

    @Test
    void saysWhichFileCannotBeRead() {
        try (MeshProcess process = MeshProcess.dataPlane("config-validate", dir.resolve("missing.yaml").toString())) {
            assertThat(process.exitCode()).isEqualTo(2);
            assertThat(process.log()).contains("missing.yaml");
        }
        try (MeshProcess process = MeshProcess.dataPlane("config-validate")) {
            assertThat(process.exitCode()).isEqualTo(2);
        }
    }
}
