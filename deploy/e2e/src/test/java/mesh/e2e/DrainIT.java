package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM ends a sidecar without losing a request. */
class DrainIT {

    @TempDir
    private Path dir;

    @Test
    void endsRequestsInFlightAndThenItself() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (HttpService slow = new HttpService(0, exchange -> {
            inside.countDown();
            try {
                release.await(30, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            HttpService.text(exchange, "answered");
        })) {
            Address listen = Ports.free();
            Path config = Files.writeString(dir.resolve("mesh.yaml"),
                "proxy:\n  listen: \"%s\"\n  upstreams:\n    - addr: \"%s\"\n".formatted(listen, slow.address()));
            try (SidecarProcess sidecar = SidecarProcess.of(config, "--drain-delay", "1s"); Socket client = Sockets.connect(listen)) {
                assertThat(sidecar.readiness()).isEqualTo(200);
                client.getOutputStream().write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();

                sidecar.process().terminate();
                await().atMost(Duration.ofSeconds(30)).until(() -> sidecar.readiness() == 503);
                await().atMost(Duration.ofSeconds(30)).untilAsserted(() ->
                    assertThatThrownBy(() -> Sockets.connect(listen).close()).isInstanceOf(IOException.class));
                assertThat(sidecar.process().isAlive()).isTrue();

                release.countDown();
                assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 200").containsIgnoringCase("connection: close").endsWith("answered");
                assertThat(sidecar.process().exitCode()).isZero();
            }
        }
    }
}
