package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import mesh.v1.CreateJoinTokenResponse;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code deploy/systemd}: units that systemd takes and finds hardened, and whose command lines start what they say. */
class SystemdUnitsIT {

    private static final Path FILES = MeshProcess.ROOT.resolve("deploy/systemd");

    @TempDir
    private Path dir;

    /** Exposure in tenths, as {@code systemd-analyze security} counts it; the guide says what is promised. */
    @ParameterizedTest
    @CsvSource({"mesh-control-plane.service, 20", "mesh-proxy.service, 20", "mesh-intercept.service, 35"})
    void systemdTakesTheUnitAndFindsItHardened(String unit, int exposure) throws IOException {
        Judge systemd = Judge.find("systemd-analyze", "apt-get install systemd");
        // A machine that is no host of ours lacks the documentation, and may lack the program: what is said of the unit itself counts.
        Path copy = Files.writeString(dir.resolve(unit), Files.readString(FILES.resolve(unit)).replaceAll("(?m)^Documentation=.*\n", ""));
        for (String other : List.of("mesh-proxy.service", "mesh-control-plane.service")) {
            if (!other.equals(unit)) Files.copy(FILES.resolve(other), dir.resolve(other));
        }
        assertThat(systemd.ask("", "verify", copy.toString()).text().lines()
            .filter(line -> line.contains(unit) && !line.contains("is not executable"))).isEmpty();
        systemd.mustDo("", List.of("security", "--offline=true", "--no-pager", "--threshold=" + exposure, copy.toString()));
    }

    @Test
    void aWorkloadJoinsByItsUnitsCommandLine() throws Exception {
        Path root = dir.resolve("root");
        try (MeshProcess install = MeshProcess.start("install", List.of(FILES.resolve("install").toString(), "--root", root.toString()))) {
            assertThat(install.exitCode()).as(install.log()).isZero();
        }
        assertThat(Stream.of("usr/lib/systemd/system/mesh-proxy.service", "usr/lib/systemd/system/mesh-control-plane.service",
            "usr/lib/systemd/system/mesh-intercept.service", "usr/lib/sysusers.d/mesh.conf", "etc/mesh/proxy.env", "etc/mesh/control-plane.env")
            .map(root::resolve)).allMatch(Files::isRegularFile);

        try (ControlPlaneProcess controlPlane = new ControlPlaneProcess(dir.resolve("control-plane"))) {
            CreateJoinTokenResponse token = controlPlane.token("payments");
            Files.writeString(Files.createDirectory(dir.resolve("credentials")).resolve("join-token"), token.getToken());
            Files.createDirectory(dir.resolve("state"), PosixFilePermissions.asFileAttribute(
                PosixFilePermissions.fromString("rwx------")));
            List<String> command = command("mesh-proxy.service", Map.of("/usr/lib/mesh", root + "/usr/lib/mesh",
                "/usr/bin/java", Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "${MESH_CONTROL_PLANE}", controlPlane.tls().toString(), "${MESH_WORKLOAD}", "payments", "${MESH_CA_PIN}", token.getCaPin(),
                "${CREDENTIALS_DIRECTORY}", dir.resolve("credentials").toString(), "${STATE_DIRECTORY}", dir.resolve("state").toString(),
                "$MESH_OPTIONS", "--node payments-1 --admin-listen 127.0.0.1:0 --health-listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0"));
            try (MeshProcess sidecar = MeshProcess.start("sidecar", command)) {
                sidecar.awaitLine(Pattern.compile("sidecar started: "));
                await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(controlPlane.sidecars())
                    .extracting(SidecarStatus::getNode, SidecarStatus::getSpiffeId)
                    .containsExactly(tuple("payments-1", "spiffe://mesh.local/payments")));
            }
        }
    }

    @Test
    void theControlPlaneStartsByItsUnitsCommandLine() throws IOException {
        List<String> command = command("mesh-control-plane.service", Map.of("/usr/lib/mesh/control-plane",
            MeshProcess.ROOT.resolve("control-plane/target/quarkus-app").toString(),
            "/usr/bin/java", Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "${STATE_DIRECTORY}", dir.resolve("state").toString(), "$MESH_OPTIONS", "--listen 127.0.0.1:0 --plaintext-listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0"));
        try (MeshProcess controlPlane = MeshProcess.start("control-plane", command)) {
            controlPlane.awaitLine(Pattern.compile("control plane ready: "));
        }
    }

    /** What {@code ExecStart} says, as systemd would take it apart. */
    private static List<String> command(String unit, Map<String, String> values) throws IOException {
        String text = Files.readString(FILES.resolve(unit)).replace("\\\n", " ");
        String line = text.lines().filter(each -> each.startsWith("ExecStart=")).findFirst().orElseThrow().substring("ExecStart=".length());
        Matcher options = Pattern.compile("\"MESH_JAVA_OPTS=([^\"]*)\"").matcher(text);
        assertThat(options.find()).isTrue();
        line = line.replace("$MESH_JAVA_OPTS", options.group(1) + " -Dmesh.parent=" + ProcessHandle.current().pid());
        for (Map.Entry<String, String> each : values.entrySet()) line = line.replace(each.getKey(), each.getValue());
        return new ArrayList<>(List.of(line.strip().split(" +")));
    }
}
