package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.regex.Pattern;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sidecar that has sent itself requests before it is ready; what that is worth to the first of others is printed. */
class WarmUpIT {

    private static final int REQUESTS = 10_000;

    @TempDir
    private Path dir;

    @Test
    void isReadyOnceItHasAndCountsNoneOfThem() throws Exception {
        try (HttpService service = new HttpService("answered")) {
            // So that it is not this one that is slow at first.
            ask(service.address(), REQUESTS);
            for (String duration : new String[] {"0s", "2s"}) measure(service, duration);
        }
    }

    private void measure(HttpService service, String duration) throws Exception {
        Address listen = Ports.free();
        Path config = Files.writeString(dir.resolve("mesh.yaml"),
            "proxy:\n  listen: \"%s\"\n  upstreams:\n    - addr: \"%s\"\n".formatted(listen, service.address()));
        long begun = System.nanoTime();
        try (SidecarProcess sidecar = SidecarProcess.of(config, "--warm-up", duration, "--concurrency", "1")) {
            await().atMost(Duration.ofMinutes(1)).pollInterval(Duration.ofMillis(20)).ignoreExceptions().until(() -> sidecar.readiness() == 200);
            long ready = System.nanoTime() - begun;
            if (!duration.equals("0s")) {
                assertThat(sidecar.process().awaitLine(Pattern.compile("warmed up: (\\d+) requests")).group(1)).isNotEqualTo("0");
            }
            assertThat(sidecar.sum("mesh_requests_total{")).isZero();
            long[] first = ask(listen, REQUESTS);
            long[] then = ask(listen, REQUESTS);
            System.out.printf("warm-up %s: ready after %d ms; p50, p99, p99.9 of the first %d requests %s, of the next %s%n", duration, ready / 1_000_000,
                REQUESTS, percentiles(first), percentiles(then));
        }
    }

    private static String percentiles(long[] nanos) {
        Arrays.sort(nanos);
        return "%d, %d, %d us".formatted(nanos[nanos.length / 2] / 1000, nanos[nanos.length * 99 / 100] / 1000, nanos[nanos.length * 999 / 1000] / 1000);
    }

    private static long[] ask(Address target, int requests) throws IOException {
        long[] nanos = new long[requests];
        byte[] request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        byte[] answer = new byte[4096];
        try (Socket socket = new Socket(target.host(), target.port())) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(30_000);
            for (int i = 0; i < requests; i++) {
                long begun = System.nanoTime();
                socket.getOutputStream().write(request);
                for (int read = 0; !new String(answer, 0, read, StandardCharsets.US_ASCII).endsWith("answered");) {
                    int more = socket.getInputStream().read(answer, read, answer.length - read);
                    assertThat(more).as("answer %d: %s", i, new String(answer, 0, read, StandardCharsets.US_ASCII)).isPositive();
                    read += more;
                }
                nanos[i] = System.nanoTime() - begun;
            }
        }
        return nanos;
    }
}
