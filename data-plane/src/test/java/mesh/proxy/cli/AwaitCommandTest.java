package mesh.proxy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AwaitCommandTest {

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final AtomicInteger notReady = new AtomicInteger();
    private HttpServer sidecar;
    private String at;

    @BeforeEach
    void start() throws IOException {
        sidecar = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        sidecar.createContext("/", exchange -> {
            asked.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            exchange.sendResponseHeaders(notReady.getAndDecrement() > 0 ? 503 : 200, -1);
            exchange.close();
        });
        sidecar.start();
        at = "127.0.0.1:" + sidecar.getAddress().getPort();
    }

    @AfterEach
    void stop() {
        sidecar.stop(0);
    }

    @Test
    void waitsUntilTheSidecarIsReady() {
        notReady.set(2);
        assertThat(CommandRun.of("await", "--health", at).exitCode()).isZero();
        assertThat(asked).containsExactly("GET /ready", "GET /ready", "GET /ready");
    }

    @Test
    void whatIsNotReadyInTimeIsSaidAndTheCommandIsNotRun() {
        notReady.set(Integer.MAX_VALUE);
        CommandRun run = CommandRun.of("await", "--health", at, "--timeout", "0s", "--", "false");
        assertThat(run.exitCode()).isEqualTo(69);
        assertThat(run.err()).isEqualTo("mesh: http://" + at + "/ready: 503 (expected: 200 within 0s)\n");
    }

    @ParameterizedTest
    @CsvSource({"true, 0", "exit 3, 3", "kill -9 $$, 137"})
    void endsAsItsCommandDoesAndTheSidecarAfterIt(String script, int code) {
        assertThat(CommandRun.of("await", "--health", at, "--admin", at, "--shutdown", "--", "sh", "-c", script).exitCode()).isEqualTo(code);
        assertThat(asked).containsExactly("GET /ready", "POST /quitquitquit");
    }

    @Test
    void withoutShutdownTheSidecarGoesOn() {
        assertThat(CommandRun.of("await", "--health", at, "--", "true").exitCode()).isZero();
        assertThat(asked).containsExactly("GET /ready");
    }

    @Test
    void aCommandThatIsNotThereIsSaid() {
        CommandRun run = CommandRun.of("await", "--health", at, "--", "no-such-program");
        assertThat(run.exitCode()).isEqualTo(127);
        assertThat(run.err()).startsWith("mesh: Cannot run program \"no-such-program\"");
    }

    @Test
    void toEndTheSidecarAfterNothingIsAMistake() {
        CommandRun run = CommandRun.of("await", "--shutdown");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("--shutdown: no command (expected: one after --)");
    }
}
