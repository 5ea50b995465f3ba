package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates are renewed under load, and nobody notices. */
@Tag("soak")
class RotationIT {

    private static final int CERTIFICATES = Effort.of("certificates", 4);
    private static final int RENEWALS = Effort.of("renewals", 100);
    private static final Pattern SERIAL = Pattern.compile("\"svid\".*?\"serial\" : \"([0-9a-f]+)\"", Pattern.DOTALL);

    @TempDir
    private Path dir;

    @Test
    void certificatesInARowLoseNoRequest() throws Exception {
        try (HttpService application = new HttpService("payments"); TestMesh mesh = new TestMesh(dir, "--svid-ttl", "20s")) {
            mesh.web().payments("payments-1", application.address()).push(Map.of("payments-1", 1));
            try (Load load = Load.start(mesh.outbound(), "/", 4, 2)) {
                Map<String, Set<String>> serials = Map.of("web-1", new HashSet<>(), "payments-1", new HashSet<>());
                long end = System.nanoTime() + CERTIFICATES * 40_000_000_000L;
                while (serials.values().stream().anyMatch(seen -> seen.size() < CERTIFICATES)) {
                    assertThat(System.nanoTime() - end).as("renewals in time: %s", serials).isNegative();
                    load.awaitMore(50);
                    for (Map.Entry<String, Set<String>> each : serials.entrySet()) each.getValue().add(serial(mesh, each.getKey()));
                }
                load.stop();
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                assertThat(mesh.sidecar("web-1").metric("mesh_tls_handshakes_total{side=\"client\",result=\"ok\",reason=\"\",}")).isGreaterThan(2);
            }
        }
    }

    /** One after the other, and not by the clock, so that there can be many. */
    @Test
    void aHundredRenewalsLoseNoRequest() throws Exception {
        try (HttpService application = new HttpService("payments"); TestMesh mesh = new TestMesh(dir)) {
            mesh.web().payments("payments-1", application.address()).push(Map.of("payments-1", 1));
            try (Load load = Load.start(mesh.outbound(), "/", 4, 2)) {
                Set<String> serials = new HashSet<>();
                for (int i = 0; i < RENEWALS; i++) {
                    String node = i % 2 == 0 ? "web-1" : "payments-1";
                    String before = serial(mesh, node);
                    mesh.sidecar(node).post("/renew");
                    await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(5)).until(() -> !serial(mesh, node).equals(before));
                    serials.add(serial(mesh, node));
                    load.awaitMore(5);
                }
                load.stop();
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                assertThat(serials).hasSize(RENEWALS);
            }
        }
    }

    private static String serial(TestMesh mesh, String node) throws IOException, InterruptedException {
        Matcher serial = SERIAL.matcher(mesh.sidecar(node).admin("/certs"));
        assertThat(serial.find()).isTrue();
        return serial.group(1);
    }
}
