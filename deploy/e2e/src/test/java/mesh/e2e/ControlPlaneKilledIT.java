package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import mesh.v1.Config;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Traffic does not need the control plane, and the control plane comes back with everything it has acknowledged. */
@Tag("soak")
class ControlPlaneKilledIT {

    private static final int KILLS = Effort.of("kills", 1);

    @TempDir
    private Path dir;

    @Test
    void trafficGoesOnAndTheStateComesBack() throws Exception {
        try (HttpService one = new HttpService("one"); HttpService two = new HttpService("two"); TestMesh mesh = new TestMesh(dir)) {
            mesh.web().payments("payments-1", one.address()).payments("payments-2", two.address());
            mesh.push(Map.of("payments-1", 1));
            try (Load load = Load.start(mesh.outbound(), "/", 4, 1)) {
                load.awaitMore(100);
                for (int kill = 1; kill <= KILLS; kill++) {
                    long version = mesh.controlPlane().apply(mesh.config(Map.of("payments-1", kill + 1)));
                    Config acknowledged = mesh.controlPlane().admin().getConfig(GetConfigRequest.getDefaultInstance()).getConfig();
                    mesh.controlPlane().kill();
                    load.awaitMore(500);
                    assertThat(mesh.sidecar("web-1").readiness()).isEqualTo(200);

                    mesh.controlPlane().start();
                    GetConfigResponse back = mesh.controlPlane().admin().getConfig(GetConfigRequest.getDefaultInstance());
                    assertThat(back.getVersion()).as("after kill %d", kill).isEqualTo(version);
                    assertThat(back.getConfig()).isEqualTo(acknowledged);
                    mesh.controlPlane().awaitSync(version, "web-1", "payments-1", "payments-2");
                }

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
