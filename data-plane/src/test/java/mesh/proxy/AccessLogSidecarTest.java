package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import mesh.model.AccessLogPolicy;
import mesh.model.AccessLogPolicy.Format;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.model.Percent;
import mesh.model.RetryBudgetPolicy;
import mesh.model.RetryLimits;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.time.Env;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a sidecar in this process writes of its requests, over real sockets. */
class AccessLogSidecarTest {

    @TempDir
    private Path directory;
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final TestUpstream upstream = new TestUpstream("paid");
    private long version;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @AfterEach
    void close() {
        sidecar.close();
        upstream.close();
    }

    @Test
    void saysEverythingOfARequest() throws Exception {
        apply(Snapshots.http().to(upstream.address(), 1).log(log("a.log", Percent.ALL)));
        HttpRequest request = HttpRequest.newBuilder(uri("/pay?a=1")).header("user-agent", "test/1").header("x-request-id", "r-1")
            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .POST(HttpRequest.BodyPublishers.ofString("money")).build();
        http.send(request, HttpResponse.BodyHandlers.ofString());

        JsonObject line = lines("a.log", 1).get(0);
        assertThat(line.getMap())
            .containsEntry("method", "POST").containsEntry("path", "/pay?a=1").containsEntry("protocol", "HTTP/1.1").containsEntry("status", 200)
            .containsEntry("flags", "-").containsEntry("route", "all").containsEntry("cluster", "payments")
            .containsEntry("endpoint", upstream.address().toString()).containsEntry("attempts", 1).containsEntry("peer", null)
            .containsEntry("authority", sidecar.bound().get("web").toString()).containsEntry("request_id", "r-1")
            .containsEntry("trace_id", "0af7651916cd43dd8448eb211c80319c").containsEntry("bytes_in", 5).containsEntry("bytes_out", 4)
            .containsEntry("grpc_status", null).containsEntry("user_agent", "test/1");
        assertThat(line.getString("client")).startsWith("127.0.0.1:");
        assertThat(line.getDouble("upstream_ms")).isBetween(0.0, line.getDouble("duration_ms"));
    }

    @Test
    void failuresAreWrittenBesideASampleOfNone() throws Exception {
        apply(Snapshots.http().to(upstream.address(), 1).log(log("a.log", new Percent(0))));
        get("/good");
        apply(Snapshots.http().version(2).log(log("a.log", new Percent(0))));
        assertThat(get("/bad").statusCode()).isEqualTo(503);

        assertThat(lines("a.log", 1)).singleElement().satisfies(line -> {
            assertThat(line.getString("path")).isEqualTo("/bad");
            assertThat(line.getString("flags")).isEqualTo("UH");
            assertThat(line.getInteger("attempts")).isZero();
            assertThat(line.getValue("endpoint")).isNull();
        });
    }

    @Test
    void saysWhyThereWasNoFurtherTry() throws Exception {
        RetryPolicy twice = new RetryPolicy(2, Duration.ZERO, Set.of(RetryOn.FIVE_XX), Duration.ZERO, Duration.ZERO);
        RetryPolicy onResets = new RetryPolicy(2, Duration.ZERO, Set.of(RetryOn.RESET), Duration.ZERO, Duration.ZERO);
        RetryPolicy onConnect = new RetryPolicy(2, Duration.ZERO, Set.of(RetryOn.CONNECT_FAILURE), Duration.ZERO, Duration.ZERO);
        RetryBudgetPolicy nothing = new RetryBudgetPolicy(0, 0, Duration.ofSeconds(10));
        try (TestUpstream bad = new TestUpstream(exchange -> TestUpstream.text(exchange, 503, ""))) {
            flagged(bad.address(), RetryPolicy.NONE, RetryLimits.DEFAULT, "5xx-without-retries");
            flagged(bad.address(), twice, RetryLimits.DEFAULT, "no-attempts");
            flagged(bad.address(), onResets, RetryLimits.DEFAULT, "not-wanted");
            flagged(bad.address(), twice, new RetryLimits(nothing, 0), "no-budget");
            flagged(closed(), onConnect, RetryLimits.DEFAULT, "refused-twice");
        }
        assertThat(lines("a.log", 5)).extracting(line -> line.getString("path") + " " + line.getString("flags")).containsExactly(
            "/5xx-without-retries -", "/no-attempts URX", "/not-wanted -", "/no-budget URX", "/refused-twice UF,URX");
        assertThat(lines("a.log", 5)).extracting(line -> line.getInteger("attempts")).containsExactly(1, 2, 1, 1, 2);
    }

    private static Address closed() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return new Address("127.0.0.1", socket.getLocalPort());
        }
    }

    private void flagged(Address address, RetryPolicy retry, RetryLimits limits, String path) throws Exception {
        apply(Snapshots.http().version(++version).to(address, 1).retry(retry).retryLimits(limits).log(log("a.log", Percent.ALL)));
        assertThat(get("/" + path).statusCode()).isEqualTo(503);
    }

    @Test
    void whatIsNoRequestIsWrittenToo() throws Exception {
        apply(Snapshots.http().log(log("a.log", Percent.ALL)));
        try (RawClient client = new RawClient(sidecar.bound().get("web"))) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
        }
        assertThat(lines("a.log", 1).get(0).getMap()).containsEntry("status", 400).containsEntry("flags", "DPE").containsEntry("path", null);
    }

    @Test
    void aChangeMovesTheLogWhileItRuns() throws Exception {
        apply(Snapshots.http().to(upstream.address(), 1).log(log("a.log", Percent.ALL)));
        get("/one");
        apply(Snapshots.http().version(2).to(upstream.address(), 1).log(log("b.log", Percent.ALL)));
        get("/two");
        apply(Snapshots.http().version(3).to(upstream.address(), 1));
        get("/three");
        assertThat(lines("a.log", 1)).singleElement().satisfies(line -> assertThat(line.getString("path")).isEqualTo("/one"));
        assertThat(lines("b.log", 1)).singleElement().satisfies(line -> assertThat(line.getString("path")).isEqualTo("/two"));
    }

    @Test
    void aFileThatCannotBeOpenedRefusesTheConfiguration() {
        MeshSnapshot bad = Snapshots.http().log(new AccessLogPolicy(Format.TEXT, directory.toString(), Percent.ALL, true)).build();
        assertThat(((ApplyResult.Rejected) sidecar.apply(bad)).problems()).singleElement().asString()
            .startsWith("listeners.web.accessLog: file: \"" + directory + "\" cannot be opened: ");
        assertThat(sidecar.bound()).isEmpty();
    }

    private AccessLogPolicy log(String name, Percent sample) {
        return new AccessLogPolicy(Format.JSON, directory.resolve(name).toString(), sample, true);
    }

    private void apply(Snapshots snapshot) {
        assertThat(sidecar.apply(snapshot.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private List<JsonObject> lines(String name, int count) {
        Path file = directory.resolve(name);
        Awaitility.await().until(() -> Files.readAllLines(file).size() >= count);
        try {
            return Files.readAllLines(file).stream().map(JsonObject::new).toList();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://" + sidecar.bound().get("web") + path);
    }
}
