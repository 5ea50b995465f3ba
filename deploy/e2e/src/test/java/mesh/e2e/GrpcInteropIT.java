package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import mesh.model.Address;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The gRPC project's own client and server, of the Go implementation, through two sidecars with mTLS between them. Left out are the cases
 * about credentials of a cloud, which never leave their client, and {@code pick_first_unary}, which wants several servers by DNS.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GrpcInteropIT {

    private static final String INSTALL = "go install google.golang.org/grpc/interop/%s@v1.76.0, renamed";

    @TempDir
    private static Path dir;

    private Judge client;
    private MeshProcess server;
    private TestMesh mesh;

    @BeforeAll
    void start() throws Exception {
        client = Judge.find("grpc-interop-client", INSTALL.formatted("client"));
        Path program = Judge.find("grpc-interop-server", INSTALL.formatted("server")).program();
        Address application = Ports.free();
        server = MeshProcess.start("interop server", List.of(program.toString(), "--port", Integer.toString(application.port())));
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> {
            new Socket(application.host(), application.port()).close();
            return true;
        });
        mesh = new TestMesh(dir);
        mesh.web().payments("payments-1", application).push(Map.of("payments-1", 1));
    }

    @AfterAll
    void stop() {
        if (mesh != null) mesh.close();
        if (server != null) server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "empty_unary", "large_unary", "client_streaming", "server_streaming", "ping_pong", "empty_stream", "timeout_on_sleeping_server",
        "cancel_after_begin", "cancel_after_first_response", "status_code_and_message", "special_status_message", "custom_metadata",
        "unimplemented_method", "unimplemented_service"})
    void passes(String testCase) {
        ask(testCase);
    }

    @ParameterizedTest
    @ValueSource(strings = {"orca_per_rpc", "orca_oob"})
    void passesWithTheBalancerThatItNeeds(String testCase) {
        ask(testCase, "--service_config_json", "{\"loadBalancingConfig\": [{\"test_backend_metrics_load_balancer\": {}}]}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rpc_soak", "channel_soak"})
    void passesManyAtOnce(String testCase) {
        ask(testCase, "--soak_iterations", "300", "--soak_num_threads", "5", "--soak_overall_timeout_seconds", "60");
    }

    private void ask(String testCase, String... options) {
        String[] words = {"--server_host", mesh.outbound().host(), "--server_port", Integer.toString(mesh.outbound().port()), "--test_case", testCase};
        String[] all = new String[words.length + options.length];
        System.arraycopy(words, 0, all, 0, words.length);
        System.arraycopy(options, 0, all, words.length, options.length);
        Judge.Verdict verdict = client.ask("", all);
        assertThat(verdict.exit()).as(verdict.text()).isZero();
    }
}
