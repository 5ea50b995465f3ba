package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import mesh.v1.Config;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Issue 3: traffic does not need the control plane, and the control plane comes back with everything it has acknowledged. */
class ControlPlaneKilledIT {

    @TempDir
    private Path dir;

    @Test
    void trafficGoesOnAndTheStateComesBack() throws Exception {
        try (HttpService one = new HttpService("one"); HttpService two = new HttpService("two"); TestMesh mesh = new TestMesh(dir)) {
            mesh.web().payments("payments-1", one.address()).payments("payments-2", two.address());
            long version = mesh.push(Map.of("payments-1", 1));
            Config acknowledged = mesh.controlPlane().admin().getConfig(GetConfigRequest.getDefaultInstance()).getConfig();
            try (Load load = Load.start(mesh.outbound(), "/", 4, 1)) {
                load.awaitMore(100);
                mesh.controlPlane().kill();
                load.awaitMore(500);
                assertThat(mesh.sidecar("web-1").readiness()).isEqualTo(200);

                mesh.controlPlane().start();
                GetConfigResponse back = mesh.controlPlane().admin().getConfig(GetConfigRequest.getDefaultInstance());
                assertThat(back.getVersion()).isEqualTo(version);
                assertThat(back.getConfig()).isEqualTo(acknowledged);
                mesh.controlPlane().awaitSync(version, "web-1", "payments-1", "payments-2");

                mesh.push(Map.of("payments-2", 1));
                int before = two.requests();
                load.awaitMore(50);
                assertThat(two.requests()).isGreaterThan(before);
                load.stop();
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
            }
        }
    }
}
