package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import mesh.v1.CreateJoinTokenResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The sidecar through which a client calls is restarted under a steady load of HTTP/1.1, HTTP/2 and gRPC on connections that are kept: gone before the next one
 * comes, with a socket that is handed to both. No request fails.
 */
class ClientSidecarRestartIT {

    private static final int RESTARTS = Effort.of("restarts", 2);

    @TempDir
    private Path dir;

    @Test
    void noRequestFails() throws Exception {
        Vertx vertx = Vertx.vertx();
        try (RestartableApp application = new RestartableApp(vertx, "payments-1");
            TestMesh mesh = new TestMesh(dir, new ControlPlaneProcess(dir.resolve("control-plane"))).payments("payments-1", application.address());
            SocketHolder web = new SocketHolder(mesh.outbound(), web(mesh))) {
            mesh.controlPlane().awaitSync(mesh.push(Map.of("payments-1", 1)), "web-1");
            try (MixedLoad load = new MixedLoad(vertx, new Identities(dir.resolve("none")), mesh.outbound())) {
                load.awaitMore(100);
                long sidecar = web.first();
                for (int i = 0; i < RESTARTS; i++) {
                    web.end(sidecar);
                    sidecar = web.another();
                    load.awaitMore(100);
                    assertThat(load.failures()).as("restart %d", i).isEmpty();
                }
                load.stop();
                System.out.printf("the client's sidecar restarted %d times: %s%n", RESTARTS, load);
                assertThat(load.failures()).isEmpty();
                web.end(sidecar);
            }
        } finally {
            HttpCaller.await(vertx.close());
        }
    }

    private List<String> web(TestMesh mesh) throws Exception {
        CreateJoinTokenResponse token = mesh.controlPlane().token("web");
        Path file = Files.writeString(dir.resolve("web.token"), token.getToken());
        return List.of("--control-plane", mesh.controlPlane().tls().toString(), "--workload", "web", "--node", "web-1", "--join-token-file", file.toString(),
            "--ca-pin", token.getCaPin(), "--state-dir", dir.resolve("web").toString());
    }
}
