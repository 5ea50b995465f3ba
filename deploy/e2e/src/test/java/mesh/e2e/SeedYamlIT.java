package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import mesh.model.Address;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The specification's own YAML, unchanged: its ports, its {@code /etc/mesh}, its mTLS, its weights. Needs a machine on which these are free,
 * as CI's is.
 */
class SeedYamlIT {

    private static final Path ETC = Path.of("/etc/mesh");

    private final AtomicInteger workMillis = new AtomicInteger();
    private boolean made;

    @BeforeEach
    void makeKeys() throws Exception {
        String why = obstacle();
        if (why != null && Boolean.parseBoolean(System.getenv("CI"))) throw new AssertionError(why);
        Assumptions.assumeTrue(why == null, why);
        made = true;
        try (MeshProcess keygen = MeshProcess.dataPlane("keygen", "--out", ETC.toString(), "--id", "svc", "--id", "client")) {
            assertThat(keygen.exitCode()).as(keygen.log()).isZero();
        }
    }

    private static String obstacle() {
        if (Files.exists(ETC)) return ETC + " is there already (expected: not, so that keys can be made in it)";
        if (!Files.isWritable(ETC.getParent())) return ETC + " cannot be made (expected: to run as root)";
        for (int port : new int[] {8080, 9001, 9002, 9090}) {
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                socket.setReuseAddress(true);
            } catch (IOException e) {
                return "port " + port + " is in use (expected: free)";
            }
        }
        return null;
    }

    @AfterEach
    void removeKeys() throws IOException {
        if (!made) return;
        try (Stream<Path> files = Files.walk(ETC)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(each);
        }
    }

    @Test
    void splitsTwoToOneWithOneClientAndWithSixtyFour() throws Exception {
        try (HttpService two = new HttpService(9001, exchange -> serve(exchange, "two"));
            HttpService one = new HttpService(9002, exchange -> serve(exchange, "one"));
            SidecarProcess sidecar = SidecarProcess.of(MeshProcess.ROOT.resolve("deploy/examples/seed.yaml"), "--metrics-listen", "127.0.0.1:9090")) {
            assertTwoToOne(sidecar, 1, Duration.ZERO);
            // What least_conn splits is what is in flight, and requests follow where they take equally long: with nothing to do, a service
            // that gets twice as many is the slower one.
            assertTwoToOne(sidecar, 64, Duration.ofMillis(20));
            assertThat(sidecar.metrics()).contains("mesh_upstream_active_connections{upstream=\"localhost:9001\",}")
                .contains("mesh_circuit_breaker_state{upstream=\"localhost:9002\",} 0.0");
        }
    }

    /**
     * Over 3000 requests in which no try was repeated and no breaker open: the file gives a try half a second, which a machine that stalls
     * takes longer than.
     */
    private void assertTwoToOne(SidecarProcess sidecar, int clients, Duration work) throws Exception {
        workMillis.set((int) work.toMillis());
        try (Load load = Load.startTls(new Address("127.0.0.1", 8080), "/", clients, ClientTls.of(ETC, "client"))) {
            // Not counted: handshakes, and classes that are loaded.
            load.awaitMore(500);
            long end = System.nanoTime() + Duration.ofMinutes(3).toNanos();
            while (true) {
                double disturbances = disturbances(sidecar);
                boolean closed = openBreakers(sidecar) == 0;
                Map<String, Integer> before = load.counts();
                load.awaitMore(3000);
                Map<String, Integer> after = load.counts();
                if (closed && disturbances(sidecar) == disturbances) {
                    double ratio = (double) (after.get("two") - before.get("two")) / (after.get("one") - before.get("one"));
                    assertThat(ratio).as("%d clients: %s after %s", clients, after, before).isCloseTo(2.0, withPercentage(5));
                    break;
                }
                assertThat(System.nanoTime()).as("time for 3000 requests without a try of half a second:%n%s", sidecar.metrics()).isLessThan(end);
            }
            load.stop();
            assertThat(load.failures()).isEmpty();
        }
    }

    private static double disturbances(SidecarProcess sidecar) throws Exception {
        return sidecar.sum("mesh_retries_total{") + sidecar.sum("mesh_circuit_breaker_transitions_total{");
    }

    private static double openBreakers(SidecarProcess sidecar) throws Exception {
        return sidecar.sum("mesh_circuit_breaker_state{");
    }

    private void serve(HttpExchange exchange, String name) throws IOException {
        try {
            Thread.sleep(workMillis.get());
        } catch (InterruptedException e) {
            throw new InterruptedIOException("stopped");
        }
        HttpService.text(exchange, name);
    }
}
