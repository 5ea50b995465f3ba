package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sidecar with nothing but a file. */
class StandaloneIT {

    @TempDir
    private Path dir;

    @Test
    void aChangedFileIsAppliedLiveAndABadOneIsRefused() throws Exception {
        try (HttpService old = new HttpService("old"); HttpService fresh = new HttpService("new")) {
            Address listen = Ports.free();
            Path config = dir.resolve("mesh.yaml");
            Files.writeString(config, yaml(listen, old.address(), "round_robin"));
            try (SidecarProcess sidecar = SidecarProcess.of(config)) {
                assertThat(get(listen)).isEqualTo("old");

                int seen = sidecar.process().linesSoFar();
                Files.writeString(config, yaml(listen, fresh.address(), "roundrobin"));
                sidecar.process().awaitLine(Pattern.compile("mesh.yaml:5:13 proxy.balancer: \"roundrobin\" \\(expected: .*round_robin"), seen);
                assertThat(get(listen)).isEqualTo("old");

                seen = sidecar.process().linesSoFar();
                Files.writeString(config, yaml(listen, fresh.address(), "random"));
                sidecar.process().awaitLine(Pattern.compile("(?i)applied|in force"), seen);
                assertThat(get(listen)).isEqualTo("new");
            }
        }
    }

    @Test
    void aFileThatIsWrongFromTheBeginningEndsTheStart() throws Exception {
        Path config = Files.writeString(dir.resolve("mesh.yaml"), "proxy:\n  listn: \":1\"\n");
        try (MeshProcess process = MeshProcess.dataPlane("proxy", "start", "--config", config.toString())) {
            assertThat(process.exitCode()).isEqualTo(1);
            assertThat(process.log()).contains("mesh.yaml:2:3").contains("did you mean").contains("listen");
        }
    }

    @Test
    void theCommandLineSaysWhereAndHowRequestsAreWrittenDown() throws Exception {
        try (HttpService application = new HttpService("ok")) {
            Address listen = Ports.free();
            Path config = Files.writeString(dir.resolve("mesh.yaml"), yaml(listen, application.address(), "random"));
            Path log = dir.resolve("access.log");
            try (SidecarProcess sidecar = SidecarProcess.of(config, "--access-log=json:" + log)) {
                assertThat(get(listen)).isEqualTo("ok");
                await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(log).content().endsWith("}\n"));
                JsonObject line = JsonParser.parseString(Files.readString(log)).getAsJsonObject();
                assertThat(line.get("method").getAsString()).isEqualTo("GET");
                assertThat(line.get("status").getAsInt()).isEqualTo(200);
                assertThat(line.get("endpoint").getAsString()).isEqualTo(application.address().toString());
                assertThat(sidecar.process().log()).doesNotContain("\"status\"");
            }
        }
    }

    private static String yaml(Address listen, Address upstream, String balancer) {
        return """
            proxy:
              listen: "%s"
              upstreams:
                - addr: "%s"
              balancer: %s
            """.formatted(listen, upstream, balancer);
    }

    private static String get(Address address) throws Exception {
        return HttpClient.newHttpClient().send(
            HttpRequest.newBuilder(URI.create("http://" + address + "/")).build(), HttpResponse.BodyHandlers.ofString()).body();
    }
}
