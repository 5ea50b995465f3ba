package mesh.proxy.cli;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.Optional;
import java.util.OptionalLong;
import mesh.model.Address;
import mesh.model.Problem;
import mesh.proxy.Sidecar;
import mesh.proxy.TestUpstream;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file, a sidecar with real sockets, and time that is moved. */
class FileFeedTest {

    private static final Duration LOOKED_TWICE = Duration.ofMillis(600);

    @TempDir
    private Path directory;
    private final FakeClock clock = new FakeClock();
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final TestUpstream first = new TestUpstream("first");
    private final TestUpstream second = new TestUpstream("second");
    private FileFeed feed;

    @AfterEach
    void close() {
        feed.close();
        sidecar.close();
        first.close();
        second.close();
    }

    @Test
    void aChangeOfTheFileIsServedAndABadOneIsNot() throws Exception {
        Path file = write("a.yaml", yaml("127.0.0.1:0", first, ""));
        assertThat(open(file)).isEmpty();
        feed.follow();
        assertThat(get()).isEqualTo("first");

        write("a.yaml", yaml("127.0.0.1:0", second, ""));
        clock.advance(LOOKED_TWICE);
        assertThat(get()).isEqualTo("second");

        write("a.yaml", "proxy: {}");
        clock.advance(LOOKED_TWICE);
        assertThat(get()).isEqualTo("second");
        assertThat(sidecar.current().version()).isEqualTo(2);
    }

    /** What explains a route tells where it is written now. */
    @Test
    void theSidecarKnowsWhereItsRoutesAreWritten() throws Exception {
        String routes = "listeners: [{name: web, listen: \"127.0.0.1:0\", route: web}]\nclusters: [{name: web}]\nroutes:\n  - name: web\n"
            + "    virtualHosts: [{name: all, hosts: [\"*\"], routes: [{name: all, cluster: web}]}]\n";
        Path file = write("a.yaml", routes);
        assertThat(open(file)).isEmpty();
        assertThat(sidecar.places().of("web", "all", "all").orElseThrow()).hasToString(file + ":5:55");
        feed.follow();
        write("a.yaml", "# moved\n" + routes);
        clock.advance(LOOKED_TWICE);
        assertThat(sidecar.places().of("web", "all", "all").orElseThrow()).hasToString(file + ":6:55");
    }

    @Test
    void aPortInUseNamesTheFileAndTheAddress() throws Exception {
        try (ServerSocket other = new ServerSocket(0)) {
            Path file = write("a.yaml", yaml("127.0.0.1:" + other.getLocalPort(), first, ""));
            assertThat(open(file)).singleElement().asString()
                .startsWith(file + " listeners.proxy.listen: ").contains("127.0.0.1:" + other.getLocalPort());
            assertThat(feed.ready()).isFalse();
        }
    }

    @Test
    void aCertificateThatIsNotThereIsAProblemOfTheStart() throws Exception {
        Path file = write("a.yaml", yaml("127.0.0.1:0", first, "mtls: {ca: ca.crt, cert: svc.crt, key: svc.key}\n"));
        assertThat(open(file)).singleElement().asString().contains(directory.resolve("svc.crt").toString());
        assertThat(sidecar.bound()).isEmpty();
    }

    @Test
    void whatTheFileSaysOfMetricsIsKnownOnceItIsOpen() throws Exception {
        open(write("a.yaml", yaml("127.0.0.1:0", first, "metrics: {listen: \"127.0.0.1:9099\"}\n")));
        assertThat(feed.listens().metrics()).contains(new Address("127.0.0.1", 9099));
        assertThat(feed.listens().admin()).isEmpty();
    }

    @Test
    void theMemoryThatConnectionsMayHoldFollowsTheFile() throws Exception {
        Path file = write("mesh.yaml", logged("memoryBudgetMib: 8"));
        assertThat(open(file)).isEmpty();
        assertThat(budget()).isEqualTo(8 << 20);
        write("mesh.yaml", logged("memoryBudgetMib: 9"));
        feed.follow();
        clock.advance(LOOKED_TWICE);
        assertThat(budget()).isEqualTo(9 << 20);
    }

    private double budget() {
        return new MetricsCollector(sidecar.metrics()).collect().stream().filter(each -> each.name.equals("mesh_memory_budget_bytes")).findFirst()
            .orElseThrow().samples.get(0).value;
    }

    @Test
    void theAccessLogFollowsTheFileUnlessTheCommandLineHasSpoken() throws Exception {
        Path log = directory.resolve("access.log");
        Path file = write("a.yaml", logged(""));
        open(file);
        feed.follow();
        get();
        assertThat(log).doesNotExist();

        write("a.yaml", logged("telemetry: {accessLog: {file: access.log}}\n"));
        clock.advance(LOOKED_TWICE);
        get();
        Awaitility.await().untilAsserted(() -> assertThat(log).content().contains("\"GET / HTTP/1.1\" 200 - all c "));

        sidecar.accessLogs().everywhere(AccessLogFlag.parse("false").log());
        write("a.yaml", logged("telemetry: {accessLog: {file: other.log}}\n"));
        clock.advance(LOOKED_TWICE);
        assertThat(sidecar.current().version()).isEqualTo(3);
        assertThat(directory.resolve("other.log")).doesNotExist();
    }

    @Test
    void aLogThatCannotBeOpenedIsAProblemAndTheOldConfigurationServes() throws Exception {
        Path file = write("a.yaml", logged(""));
        open(file);
        feed.follow();
        write("a.yaml", logged("telemetry: {accessLog: {file: no-such-directory/access.log}}\n"));
        clock.advance(LOOKED_TWICE);
        assertThat(sidecar.current().version()).isEqualTo(1);
        assertThat(get()).isEqualTo("first");
    }

    private String logged(String telemetry) {
        return "listeners: [{name: proxy, listen: \"127.0.0.1:0\", cluster: c}]\nclusters: [{name: c, endpoints: [{address: \"" + first.address()
            + "\"}]}]\n" + telemetry;
    }

    private List<Problem> open(Path file) {
        feed = new FileFeed(file, Optional.empty(), OptionalLong.empty(), sidecar, clock, clock.scheduler());
        return feed.open();
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static String yaml(String listen, TestUpstream upstream, String more) {
        return "proxy:\n  listen: \"" + listen + "\"\n  upstreams:\n    - addr: \"" + upstream.address() + "\"\n" + more;
    }

    private String get() throws IOException, InterruptedException {
        URI uri = URI.create("http://" + sidecar.bound().get("proxy") + "/");
        return HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString()).body();
    }
}
