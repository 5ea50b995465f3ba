package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Issue 3: certificates of a short life are renewed under load, and nobody notices. */
@Tag("soak")
class RotationIT {

    private static final int CERTIFICATES = Effort.of("certificates", 4);
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
                    for (Map.Entry<String, Set<String>> each : serials.entrySet()) {
                        Matcher serial = SERIAL.matcher(mesh.sidecar(each.getKey()).admin("/certs"));
                        assertThat(serial.find()).isTrue();
                        each.getValue().add(serial.group(1));
                    }
                }
                load.stop();
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                assertThat(mesh.sidecar("web-1").metric("mesh_tls_handshakes_total{side=\"client\",result=\"ok\",reason=\"\",}")).isGreaterThan(2);
            }
        }
    }
}
