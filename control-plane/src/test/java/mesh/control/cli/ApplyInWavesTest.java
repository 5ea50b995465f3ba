package mesh.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.control.admin.AdminServer;
import mesh.v1.DurationCount;
import mesh.v1.TrafficReport;
import mesh.v1.TrafficServiceGrpc;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A rollout as its author sees it, with four sidecars that answer as they are told and a clock that is moved. */
class ApplyInWavesTest {

    private static final String CONFIG = """
        {"listeners": [{"name": "web", "listen": "127.0.0.1:15001", "protocol": "tcp", "cluster": "payments"}],
         "clusters": [{"name": "payments", "max_requests": 1, "endpoints": [{"address": "10.0.0.7:9001"}]}]}
        """;

    @TempDir
    Path temp;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Map<String, Subscriber> sidecars = new LinkedHashMap<>();
    private AdminServer server;
    private ManagedChannel channel;
    private Path file;

    @BeforeEach
    void start() throws Exception {
        server = new AdminServer();
        channel = NettyChannelBuilder.forTarget(server.address()).usePlaintext().build();
        file = Files.writeString(temp.resolve("mesh.json"), CONFIG);
        call("config", "apply", file.toString());
        for (String node : List.of("web-1", "web-2", "web-3", "web-4")) {
            Subscriber sidecar = new Subscriber(channel, node, "mesh");
            sidecar.ask(ResourceType.CLUSTER);
            server.awaitSync(node, 1);
            sidecar.answersAll("");
            sidecars.put(node, sidecar);
        }
        Files.writeString(file, CONFIG.replace("\"max_requests\": 1", "\"max_requests\": 2"));
        out.getBuffer().setLength(0);
    }

    @AfterEach
    void stop() throws Exception {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        server.close();
    }

    @Test
    void eachWaveBeginsWhenTheOneBeforeHasBaked() {
        CompletableFuture<Integer> exit = rollout("50%,100%");
        awaitTold("wave 1 of 2, config version 2: applied 2 of 2, 4 in all\n");
        assertThat(given()).hasSize(2);
        server.clock.advance(Duration.ofSeconds(29));
        assertThat(exit).isNotDone();
        server.clock.advance(Duration.ofSeconds(1));
        awaitTold("wave 2 of 2, config version 3: applied 4 of 4, 4 in all\n");
        assertThat(given()).hasSize(4);
        server.clock.advance(Duration.ofSeconds(30));
        assertThat(exit.orTimeout(20, TimeUnit.SECONDS).join()).as(err.toString()).isZero();
        assertThat(out.toString()).endsWith("done: config version 3\n");
    }

    @Test
    void aRejectionTakesItBackAndTheOthersNeverHeardOfIt() {
        sidecars.values().forEach(each -> each.answersAll("clusters.payments: no"));
        assertThat(rollout("25%,100%").orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo(1);
        assertThat(out.toString()).contains("aborted: rejections: ").endsWith("clusters.payments: no\nconfig version 3 is what was before\n");
        assertThat(sidecars.values()).filteredOn(Subscriber::wasTold).hasSize(1);
        assertThat(call("config", "diff", "1", "3")).as("the two are the same").isZero();
    }

    @Test
    void failuresOfThoseThatHaveItTakeItBack() {
        CompletableFuture<Integer> exit = rollout("50%,100%", "--abort-on", "error-rate>2%");
        awaitTold("applied 2 of 2");
        String one = given().iterator().next();
        String other = sidecars.keySet().stream().filter(node -> !given().contains(node)).findFirst().orElseThrow();
        server.clock.advance(Duration.ofSeconds(2));
        report(other, 1000, 1000, 1);
        report(one, 1000, 20, 1);
        assertThat(exit).isNotDone();
        report(one, 1000, 21, 1);
        assertThat(exit.orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo(1);
        assertThat(out.toString()).endsWith("aborted: error-rate: 2.1% of 2000 requests failed (expected: at most 2%)\nconfig version 3 is what was before\n");
    }

    @Test
    void slownessOfThoseThatHaveItTakesItBack() {
        CompletableFuture<Integer> exit = rollout("50%,100%", "--abort-on", "p99>500ms");
        awaitTold("applied 2 of 2");
        server.clock.advance(Duration.ofSeconds(2));
        report(given().iterator().next(), 1000, 0, 501_000);
        assertThat(exit.orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo(1);
        assertThat(out.toString()).contains("aborted: p99: 501ms of 1000 requests (expected: at most 500ms)\n");
    }

    @Test
    void meanwhileEndpointsCanBeWrittenAndNothingElse() throws Exception {
        CompletableFuture<Integer> exit = rollout("50%,100%");
        awaitTold("applied 2 of 2");
        assertThat(call("config", "apply", file.toString())).isEqualTo(1);
        assertThat(err.toString()).contains("the rollout of version 2 is in wave 1 of 2 (expected: writes of endpoints alone");
        server.putEndpoint("payments", "10.0.0.8:9001");
        sidecars.keySet().forEach(node -> server.awaitSync(node, 3));
        assertThat(given()).as("have both, the others the endpoint alone").hasSize(2);

        assertThat(call("config", "abort-rollout")).isZero();
        assertThat(exit.orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo(1);
        out.getBuffer().setLength(0);
        call("config", "get");
        assertThat(out.toString()).contains("10.0.0.8:9001").doesNotContain("\"max_requests\": 2");
    }

    @Test
    void whatChangesNothingIsDoneAtOnce() throws Exception {
        Files.writeString(file, CONFIG);
        assertThat(rollout("50%,100%").orTimeout(20, TimeUnit.SECONDS).join()).isZero();
        assertThat(out.toString()).endsWith("done: config version 1\n");
    }

    @Test
    void refusesWavesThatAreNone() {
        assertThat(rollout("50%").join()).isEqualTo(1);
        assertThat(err.toString()).contains("waves: [50.0] (expected: the last is 100%)");
    }

    private CompletableFuture<Integer> rollout(String waves, String... more) {
        List<String> words = new ArrayList<>(List.of("config", "apply", file.toString(), "--waves", waves));
        words.addAll(Arrays.asList(more));
        return CompletableFuture.supplyAsync(() -> call(words.toArray(String[]::new)));
    }

    private void awaitTold(String text) {
        await().until(() -> out.toString().contains(text));
    }

    /** The sidecars that were sent the change. */
    private List<String> given() {
        return server.nodesThatHave(cluster -> cluster.getCircuitBreakers().getThresholds(0).getMaxRequests().getValue() == 2);
    }

    private void report(String node, long requests, long failures, long micros) {
        TrafficServiceGrpc.newBlockingStub(channel).reportTraffic(TrafficReport.newBuilder().setNode(node).setRequests(requests).setFailures(failures)
            .setInterval(com.google.protobuf.Duration.newBuilder().setSeconds(1))
            .addDurations(DurationCount.newBuilder().setMicros(micros).setCount(requests)).build());
    }

    private int call(String... words) {
        return MeshCall.to(server.address(), out, err, words);
    }
}
