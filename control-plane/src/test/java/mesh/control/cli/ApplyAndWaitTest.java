package mesh.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.control.admin.AdminServer;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A write whose caller waits for the sidecars, here two that answer as they are told. */
class ApplyAndWaitTest {

    private static final String CONFIG = """
        {"listeners": [{"name": "web", "listen": "127.0.0.1:15001", "protocol": "tcp", "cluster": "payments"}],
         "clusters": [{"name": "payments", "max_requests": 1, "endpoints": [{"address": "10.0.0.7:9001"}]}]}
        """;

    @TempDir
    Path temp;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private AdminServer server;
    private ManagedChannel channel;
    private Subscriber first;
    private Subscriber second;
    private Path file;

    @BeforeEach
    void start() throws Exception {
        server = new AdminServer();
        channel = NettyChannelBuilder.forTarget(server.address()).usePlaintext().build();
        file = Files.writeString(temp.resolve("mesh.json"), CONFIG);
        call("config", "apply", file.toString());
        first = subscriber("web-1");
        second = subscriber("web-2");
        Files.writeString(file, CONFIG.replace("\"max_requests\": 1", "\"max_requests\": 2"));
        out.getBuffer().setLength(0);
    }

    private Subscriber subscriber(String node) throws InterruptedException {
        Subscriber subscriber = new Subscriber(channel, node, "mesh");
        subscriber.ask(ResourceType.CLUSTER);
        server.awaitSync(node, 1);
        return subscriber;
    }

    @AfterEach
    void stop() throws Exception {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        server.close();
    }

    @Test
    void endsWhenAllHaveTakenIt() {
        first.answersAll("");
        second.answersAll("");
        assertThat(call("config", "apply", file.toString(), "--wait")).as(err.toString()).isZero();
        assertThat(out.toString()).startsWith("applied: config version 2\napplied ").endsWith("applied 2 of 2\n");
    }

    @Test
    void tellsWhoRejectsItAndLeavesItInForce() {
        first.answersAll("");
        second.answersAll("clusters.payments: no");
        assertThat(call("config", "apply", file.toString(), "--wait")).isEqualTo(1);
        assertThat(out.toString()).endsWith("""
            applied 1 of 2, 1 rejected: web-2: clusters.payments: no
            rejected: config version 2 is in force where it was not rejected
            """);
    }

    @Test
    void putsBackWhatWasBeforeWhenItIsRejected() {
        first.answersAll("clusters.payments: no");
        second.answersAll("");
        assertThat(call("config", "apply", file.toString(), "--rollback-on-rejection", "-m", "one more")).isEqualTo(1);
        assertThat(out.toString()).endsWith("rolled back: config version 3 is what was before 2\n").contains(", 1 rejected: web-1: clusters.payments: no");
        out.getBuffer().setLength(0);
        assertThat(call("config", "diff", "1", "3")).as("the two are the same").isZero();
        out.getBuffer().setLength(0);
        call("config", "history");
        assertThat(out.toString()).contains("roll back to version 1: version 2 was rejected");
    }

    @Test
    void endsWhenTheTimeIsUp() {
        first.answersAll("");
        CompletableFuture<Integer> exit = CompletableFuture.supplyAsync(() -> call("config", "apply", file.toString(), "--wait", "--wait-timeout", "30s"));
        await().until(() -> out.toString().contains("applied 1 of 2, waiting for web-2\n"));
        assertThat(exit).isNotDone();
        server.clock.advance(Duration.ofSeconds(30));
        assertThat(exit.orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo(1);
        assertThat(out.toString()).endsWith("timed out: config version 2 is in force, and not everywhere yet\n");
    }

    @Test
    void whatChangesNothingIsDoneAtOnce() throws Exception {
        Files.writeString(file, CONFIG);
        assertThat(call("config", "apply", file.toString(), "--wait")).isZero();
        assertThat(out).hasToString("applied: config version 1\napplied 0 of 0\n");
    }

    @Test
    void refusesToWaitForADryRun() {
        assertThat(call("config", "apply", file.toString(), "--wait", "--dry-run")).isEqualTo(1);
        assertThat(err.toString()).contains("apply.dry_run: true (expected: absent beside waiting");
    }

    private int call(String... words) {
        return MeshCall.to(server.address(), out, err, words);
    }
}
