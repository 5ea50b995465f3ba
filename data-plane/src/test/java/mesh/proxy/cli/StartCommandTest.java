package mesh.proxy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is refused before anything is started. */
class StartCommandTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''                                                   | neither --config nor --control-plane (expected: one of them)",
        "--config a.yaml --control-plane localhost:15012      | both --config and --control-plane (expected: one of them)",
        "--config a.yaml --node n                             | --node: \"n\" (expected: only with --control-plane)",
        "--config a.yaml --concurrency 0                      | --concurrency: \"0\" (expected: 1 to 256)",
        "--config a.yaml --log-level loud                     | \"loud\" (expected: error, warn, info, debug or trace)",
        "--config a.yaml --drain-delay 28s                    | --drain-delay: \"28s\" (expected: less than --drain-limit, 28s)",
        "--config a.yaml --drain-ack-timeout 1m               | --drain-ack-timeout: \"1m\" (expected: less than --drain-limit, 28s)",
        "--config a.yaml --drain-limit 2h                     | --drain-limit: \"2h\" (expected: at most 1h)",
        "--config a.yaml --drain-delay soon                   | \"soon\" (expected: a duration such as 500ms or 2s)",
        "--config a.yaml --admin-listen 15000                 | \"15000\" (expected: host:port, :port or [ipv6]:port)",
        "--control-plane :15012 --workload w                  | --control-plane: \":15012\" (expected: host:port, such as mesh.example:15012)",
        "--control-plane localhost:15012                      | --workload: \"\" (expected: what runs beside this sidecar, such as payments)",
        "--control-plane h:1 --workload w --ca-pin abc        | --ca-pin: \"abc\" (expected: sha256: and 64 hexadecimal digits)",
        "--control-plane h:1 --workload w --join-token-file t | --join-token-file: \"t\" (expected: --ca-pin with it)",
        "--control-plane h:1 --workload w --service-account-token-file t | --service-account-token-file: \"t\" (expected: --ca-pin with it)",
        "--config a.yaml --app-probe web=http://10.0.0.1:80/   | \"web=http://10.0.0.1:80/\" (expected: NAME=URL such as web/readyz=http://127.0.0.1:8080",
        "--confg a.yaml                                       | Unknown option",
    })
    void aBadFlagIsOneLineThatNamesItAndWhatWasExpected(String flags, String message) {
        CommandRun run = CommandRun.of((Object[]) ("proxy start " + flags).strip().split(" +"));
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).hasLineCount(1).startsWith("mesh: ").contains(message).endsWith("(see mesh proxy start --help)\n");
    }

    @Test
    void everyCommandHasHelpAndAVersion() {
        assertThat(CommandRun.of("proxy", "start", "--help").out()).contains("--config", "--control-plane", "--drain-delay");
        assertThat(CommandRun.of("config-validate", "--help").out()).contains("Exit codes");
        assertThat(CommandRun.of("--version").out()).isEqualTo("mesh 0.1.0\n");
    }
}
