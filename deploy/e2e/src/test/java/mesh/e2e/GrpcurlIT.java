package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.v1.GetConfigResponse;
import mesh.v1.Listener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real grpcurl, with no .proto file, and the README's own words. */
class GrpcurlIT {

    private static final Pattern PUSH = Pattern.compile("<!-- e2e: push.json -->\\s*```json\\n(.*?)```", Pattern.DOTALL);
    private static final String ADMIN = "mesh.v1.AdminService/";

    @TempDir
    private Path dir;
    private Judge grpcurl;
    private ControlPlaneProcess controlPlane;

    @BeforeEach
    void start() {
        grpcurl = Judge.find("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4");
        controlPlane = new ControlPlaneProcess(dir.resolve("data"));
    }

    @AfterEach
    void stop() {
        if (controlPlane != null) controlPlane.close();
    }

    @Test
    void listsWhatThereIsAndThatItIsWell() {
        assertThat(call("", "list").text()).contains("mesh.v1.AdminService", "mesh.v1.IdentityService",
            "envoy.service.discovery.v3.AggregatedDiscoveryService", "grpc.health.v1.Health");
        assertThat(call("", "describe", "mesh.v1.Cluster").text()).contains("repeated .mesh.v1.Endpoint endpoints");
        assertThat(call("", "grpc.health.v1.Health/Check").text()).contains("SERVING");
    }

    @Test
    void pushesTheReadmesConfigurationAndReadsItBack() throws IOException {
        Judge.Verdict pushed = call(push(), ADMIN + "ApplyConfig");
        assertThat(pushed.exit()).as(pushed.text()).isZero();
        assertThat(pushed.text()).contains("\"version\": \"1\"");

        GetConfigResponse.Builder back = GetConfigResponse.newBuilder();
        JsonFormat.parser().merge(call("", ADMIN + "GetConfig").text(), back);
        assertThat(back.getConfig().getListenersList()).extracting(Listener::getName).containsExactly("payments-in", "payments-out");
        assertThat(back.getConfig().getClusters(1).getEndpoints(0).getSpiffeId()).isEqualTo("spiffe://mesh.local/payments");
    }

    @Test
    void readsEveryProblemOfABadOneAndTheOldOneStays() throws IOException {
        call(push(), ADMIN + "ApplyConfig");
        String bad = push().replace("\"127.0.0.1:15006\", \"scope\"", "\"127.0.0.1:99999\", \"scope\"")
            .replace("least_conn", "leastconn")
            .replace("\"route\": \"outbound\"", "\"route\": \"outbond\"")
            .replace("\"window_size\": 20", "\"window_size\": 20000");
        Judge.Verdict refused = call(bad, ADMIN + "ApplyConfig");

        assertThat(refused.exit()).isNotZero();
        assertThat(refused.text()).contains("InvalidArgument", "99999", "leastconn", "least_conn", "20000", "google.rpc.BadRequest");
        Judge.Verdict after = call("", ADMIN + "GetConfig");
        assertThat(after.text()).contains("\"version\": \"1\"").contains("least_conn").doesNotContain("99999");
    }

    @Test
    void addsAndRemovesAnUpstreamOfARunningCluster() throws IOException {
        call(push(), ADMIN + "ApplyConfig");
        assertThat(call("{\"cluster\":\"payments\",\"endpoint\":{\"address\":\"10.0.0.8:15006\",\"weight\":2,\"spiffe_id\":\"spiffe://mesh.local/payments\"}}",
            ADMIN + "PutEndpoint").text()).contains("\"version\": \"2\"");
        assertThat(call("", ADMIN + "GetConfig").text()).contains("10.0.0.8:15006");
        assertThat(call("{\"cluster\":\"payments\",\"address\":\"10.0.0.8:15006\"}", ADMIN + "DeleteEndpoint").exit()).isZero();
        assertThat(call("", ADMIN + "GetConfig").text()).doesNotContain("\"address\": \"10.0.0.8:15006\"");
        assertThat(call("{\"cluster\":\"payments\",\"address\":\"10.0.0.8:15006\"}", ADMIN + "DeleteEndpoint").text()).contains("NotFound");
        assertThat(call("{\"expected_version\":1,\"cluster\":{\"name\":\"late\"}}", ADMIN + "PutCluster").text()).contains("Aborted");
    }

    private Judge.Verdict call(String request, String word, String... more) {
        String address = controlPlane.plaintext().toString();
        if (more.length > 0) return grpcurl.ask(request, "-plaintext", address, word, more[0]);
        if (word.equals("list")) return grpcurl.ask(request, "-plaintext", address, word);
        return request.isEmpty()
            ? grpcurl.ask(request, "-plaintext", address, word)
            : grpcurl.ask(request, "-plaintext", "-d", "@", address, word);
    }

    private static String push() throws IOException {
        Matcher matcher = PUSH.matcher(Files.readString(MeshProcess.ROOT.resolve("README.md")));
        assertThat(matcher.find()).as("README has the block").isTrue();
        return matcher.group(1);
    }
}
