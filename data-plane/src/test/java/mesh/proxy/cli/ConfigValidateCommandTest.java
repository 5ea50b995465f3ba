package mesh.proxy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigValidateCommandTest {

    private static final Path SEED = Path.of("..", "deploy", "examples", "seed.yaml");

    @TempDir
    private Path directory;
    private Path bad;

    @BeforeEach
    void writeABadFile() throws IOException {
        bad = directory.resolve("bad.yaml");
        Files.writeString(bad, "proxy:\n  listen: 8080\n  balencer: random\n  upstreams: [{addr: \"localhost:9001\"}]\n");
    }

    @Test
    void aValidFileEndsWithZero() {
        assertThat(CommandRun.of("config-validate", SEED)).isEqualTo(new CommandRun(0, SEED + ": valid\n", ""));
    }

    @Test
    void everyProblemIsALineAndEndsWithOne() {
        assertThat(CommandRun.of("config-validate", bad)).isEqualTo(new CommandRun(1, "",
            bad + ":2:11 proxy.listen: \"8080\" (expected: host:port, :port or [ipv6]:port)\n"
            + bad + ":3:3 proxy.balencer: unknown key (did you mean balancer?)\n"));
    }

    @Test
    void oneBadFileAmongGoodOnesEndsWithOne() {
        CommandRun run = CommandRun.of("config-validate", SEED, bad, SEED);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).isEqualTo((SEED + ": valid\n").repeat(2));
    }

    @Test
    void aRouteThatIsNeverReachedIsAWarningAndTheFileIsValid() throws IOException {
        Path file = directory.resolve("covered.yaml");
        Files.writeString(file, """
            listeners: [{name: web, listen: ":8080", route: web}]
            routes:
              - name: web
                virtualHosts:
                  - name: all
                    hosts: ["*"]
                    routes:
                      - {name: everything, cluster: web}
                      - {name: health, cluster: web, path: /healthz}
            clusters: [{name: web}]
            """);
        assertThat(CommandRun.of("config-validate", file)).isEqualTo(new CommandRun(0, file + ": valid, 1 warning\n", file
            + ":9:13 routes[0].virtualHosts[0].routes[1]: warning: never matches: route \"everything\" before it takes all of its requests\n"));
    }

    @Test
    void aFileThatIsNotThereEndsWithTwo() {
        Path missing = directory.resolve("missing.yaml");
        assertThat(CommandRun.of("config-validate", bad, missing).exitCode()).isEqualTo(2);
        assertThat(CommandRun.of("config-validate", missing).err()).isEqualTo(missing + ": no such file (expected: a YAML file)\n");
    }

    @Test
    void aDirectoryEndsWithTwo() {
        assertThat(CommandRun.of("config-validate", directory).exitCode()).isEqualTo(2);
    }

    @Test
    void noFileAtAllIsWrongUsage() {
        CommandRun run = CommandRun.of("config-validate");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).hasLineCount(1).contains("FILE");
    }
}
