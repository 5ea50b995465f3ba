package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
        try (HttpService two = new HttpService(9001, exchange -> HttpService.text(exchange, "two"));
            HttpService one = new HttpService(9002, exchange -> HttpService.text(exchange, "one"));
            SidecarProcess sidecar = SidecarProcess.of(MeshProcess.ROOT.resolve("deploy/examples/seed.yaml"), "--metrics-listen", "127.0.0.1:9090")) {
            for (int clients : List.of(1, 64)) {
                try (Load load = Load.startTls(new Address("127.0.0.1", 8080), "/", clients, ClientTls.of(ETC, "client"))) {
                    load.awaitMore(3000);
                    load.stop();
                    assertThat(load.failures()).isEmpty();
                    Map<String, Integer> counts = load.counts();
                    assertThat((double) counts.get("two") / counts.get("one")).as("%d clients: %s", clients, counts).isCloseTo(2.0, withPercentage(5));
                }
            }
            assertThat(sidecar.metrics()).contains("mesh_upstream_active_connections{upstream=\"localhost:9001\",}")
                .contains("mesh_circuit_breaker_state{upstream=\"localhost:9002\",} 0.0");
        }
    }
}
