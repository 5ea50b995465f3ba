package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.JsonFormat;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A push that is refused, by the control plane or by a sidecar, costs no request, and the configuration before it serves on. */
class RefusedPushIT {

    private static final String APPLY = "mesh.v1.AdminService/ApplyConfig";

    @TempDir
    private Path dir;

    /** @param says what grpcurl prints of it */
    private record Bad(UnaryOperator<String> edit, String... says) {}

    private static final List<Bad> BAD = List.of(
        new Bad(json -> json.replaceFirst("127\\.0\\.0\\.1:\\d+", "127.0.0.1:99999"), "InvalidArgument", "99999", "google.rpc.BadRequest"),
        new Bad(json -> json.replaceFirst("\"cluster\": \"payments\"", "\"cluster\": \"paymets\""), "InvalidArgument", "paymets"),
        new Bad(json -> json.replaceFirst("\"weight\": 1", "\"weight\": 4000000"), "InvalidArgument", "4000000"),
        new Bad(json -> json.replaceFirst("\"name\": \"payments\"", "\"nam\": \"payments\""), "nam"),
        new Bad(json -> json.replaceFirst("\"config\"", "\"expected_version\": 77, \"config\""), "Aborted", "77"),
        new Bad(json -> json.substring(0, json.length() / 2), "unexpected EOF"));

    @Test
    void trafficGoesOnUnfailedAndTheOldConfigurationServes() throws Exception {
        Judge grpcurl = Judge.find("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4");
        try (HttpService old = new HttpService("old"); HttpService fresh = new HttpService("fresh"); TestMesh mesh = new TestMesh(dir)) {
            mesh.web().payments("payments-1", old.address()).payments("payments-2", fresh.address());
            long version = mesh.push(Map.of("payments-1", 1));
            GetConfigResponse before = mesh.controlPlane().admin().getConfig(GetConfigRequest.getDefaultInstance());
            String other = "{\"config\": " + JsonFormat.printer().print(mesh.config(Map.of("payments-2", 1))) + "}";
            String[] nodes = {"web-1", "payments-1", "payments-2"};
            try (Load load = Load.start(mesh.outbound(), "/pay", 4, 1)) {
                load.awaitMore(100);
                for (Bad bad : BAD) {
                    Judge.Verdict refused = push(grpcurl, mesh, bad.edit.apply(other));
                    assertThat(refused.exit()).as(refused.text()).isNotZero();
                    assertThat(refused.text()).contains(bad.says);
                    load.awaitMore(50);
                    assertThat(mesh.controlPlane().admin().getConfig(GetConfigRequest.getDefaultInstance())).isEqualTo(before);
                }
                mesh.controlPlane().awaitSync(version, nodes);
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                assertThat(load.counts().keySet()).as("who has answered").containsExactly("old");

                // What only a sidecar can know: that a file cannot be opened there. It refuses the whole listener and keeps the one it has.
                push(grpcurl, mesh, other.replaceFirst("\"scope\"", "\"access_log\": {\"file\": \"%s\"}, \"scope\"".formatted(dir.resolve("missing/log"))));
                await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(mesh.controlPlane().sidecars())
                    .filteredOn(each -> each.getNode().equals("web-1")).singleElement()
                    .satisfies(web -> assertThat(web.getLastRejection().getMessage()).contains("missing/log")));
                load.awaitMore(50);

                assertThat(push(grpcurl, mesh, other).exit()).isZero();
                await().atMost(Duration.ofSeconds(30)).until(() -> load.counts().getOrDefault("fresh", 0) > 50);
                load.stop();
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                System.out.printf("%d pushes refused under load: %d requests, %d failed%n", BAD.size() + 1, load.ended(), load.failures().size());
            }
        }
    }

    private static Judge.Verdict push(Judge grpcurl, TestMesh mesh, String request) {
        return grpcurl.ask(request, "-plaintext", "-d", "@", mesh.controlPlane().plaintext().toString(), APPLY);
    }
}
