package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In Kubernetes a sidecar needs no token but the one that its pod has. */
class ServiceAccountIT {

    private static final String WORKLOAD = "ns/shop/sa/payments";

    @TempDir
    private Path dir;

    @Test
    void aPodsOwnTokenIsItsFirstProof() throws Exception {
        Path token = Files.writeString(dir.resolve("pod-token"), "first.of.pod");
        try (TokenReviewApi api = new TokenReviewApi(dir.resolve("kubernetes"));
            ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("control-plane"), api.options())) {
            api.mint("first.of.pod", "shop:payments");
            try (SidecarProcess sidecar = SidecarProcess.ofServiceAccount(controlPlane, WORKLOAD, token, dir.resolve("first"))) {
                assertThat(sidecar.admin("/certs")).contains("spiffe://mesh.local/" + WORKLOAD);
            }
            // The kubelet writes it anew, and a pod that starts again has lost its directory.
            api.mint("second.of.pod", "shop:payments");
            Files.writeString(token, "second.of.pod");
            try (SidecarProcess sidecar = SidecarProcess.ofServiceAccount(controlPlane, WORKLOAD, token, dir.resolve("second"))) {
                assertThat(sidecar.admin("/certs")).contains("spiffe://mesh.local/" + WORKLOAD);
            }
            Files.writeString(token, "not.of.pod");
            try (MeshProcess refused = MeshProcess.dataPlane("proxy", "start", "--control-plane", controlPlane.tls().toString(),
                "--workload", WORKLOAD, "--service-account-token-file", token.toString(), "--ca-pin", controlPlane.token("any").getCaPin(),
                "--state-dir", dir.resolve("third").toString())) {
                assertThat(refused.exitCode()).as(refused.log()).isEqualTo(1);
                assertThat(refused.log()).contains("no client certificate and no good token");
            }
        }
    }
}
