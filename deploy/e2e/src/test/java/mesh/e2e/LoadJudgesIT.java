package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import mesh.model.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** h2load, ghz and curl through two sidecars with mTLS between them see no error, whatever the upstream does to its connections. */
class LoadJudgesIT {

    private static final int REQUESTS = 12_000;

    @TempDir
    private Path dir;
    private TestMesh mesh;

    @AfterEach
    void stop() {
        if (mesh != null) mesh.close();
    }

    @Test
    void anUpstreamThatGoesAwayEveryThousandRequestsCostsNone() throws Exception {
        Judge h2load = Judge.find("h2load", "apt-get install nghttp2-client");
        Judge curl = Judge.find("curl", "apt-get install curl");
        try (Nginx nginx = Nginx.start(dir)) {
            start(nginx.address());
            String url = "http://" + mesh.outbound() + "/";
            Judge.Verdict load = h2load.ask("", "--requests", "" + REQUESTS, "--clients", "4", "--max-concurrent-streams", "20", url);
            assertThat(load.text()).contains(REQUESTS + " succeeded, 0 failed, 0 errored, 0 timeout").contains(REQUESTS + " 2xx");
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(nginx.served().requests()).isEqualTo(REQUESTS));
            assertThat(nginx.served().connections()).isGreaterThanOrEqualTo(REQUESTS / Nginx.REQUESTS_A_CONNECTION);

            // One each: with prior knowledge, curl 7.88 cannot use a connection again, whoever is at its other end.
            for (int i = 0; i < 10; i++) {
                assertThat(curl.ask("", "--http2-prior-knowledge", "--silent", "--show-error", "--write-out", " %{http_version} %{http_code}", url).text())
                    .isEqualTo("nginx 2 200");
            }
        }
    }

    @Test
    void ghzSeesOnlyGoodCalls() throws Exception {
        Judge ghz = Judge.find("ghz", "go install github.com/bojand/ghz/cmd/ghz@v0.120.0");
        Server application = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(new HealthStatusManager().getHealthService()).addService(ProtoReflectionServiceV1.newInstance()).build().start();
        try {
            start(new Address("127.0.0.1", application.getPort()));
            Judge.Verdict verdict = ghz.ask("", "--insecure", "--total", "" + REQUESTS, "--concurrency", "40", "--connections", "4",
                "--call", "grpc.health.v1.Health/Check", "--data", "{}", mesh.outbound().toString());
            assertThat(verdict.text()).contains("[OK]   " + REQUESTS + " responses").doesNotContain("Error distribution");
        } finally {
            application.shutdownNow();
        }
    }

    private void start(Address application) throws Exception {
        mesh = new TestMesh(Files.createDirectories(dir.resolve("mesh")));
        mesh.web().payments("payments-1", application);
        mesh.push(Map.of("payments-1", 1));
    }
}
