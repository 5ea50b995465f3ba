package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.regex.Pattern;
import mesh.model.Address;
import mesh.model.SpiffeId;
import mesh.pki.PemFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sidecar that starts while the control plane is away serves what it served last, and nothing else. */
class ColdStartIT {

    private static final Pattern CACHED = Pattern.compile("control plane away: serving the configuration of version (\\d+) from (\\S+), cached");
    private static final Pattern WAITS = Pattern.compile("cached configuration not used, waiting for the control plane: (.*)");

    @TempDir
    private Path dir;

    @Test
    void servesFromItsCacheUntilTheControlPlaneComesBack() throws Exception {
        KnownAuthority authority = KnownAuthority.create(dir.resolve("ca"));
        try (HttpService one = new HttpService("one"); HttpService two = new HttpService("two");
            TestMesh mesh = new TestMesh(dir, authority.options())) {
            mesh.web().payments("payments-1", one.address()).payments("payments-2", two.address());
            mesh.push(Map.of("payments-1", 1, "payments-2", 1));
            long last = mesh.push(Map.of("payments-1", 1));
            // Of the workload web, but not through web's sidecar: the one that is not restarted is seen by itself.
            ClientTls web = ClientTls.of(authority.at(InstantSource.system()).issue(SpiffeId.parse("spiffe://mesh.local/web"), Duration.ofHours(1)));
            try (Load undisturbed = Load.startTls(mesh.inbound("payments-1"), "/", 2, web)) {
                undisturbed.awaitMore(100);
                awaitKept("web-1", "version " + last + "\n");
                awaitKept("payments-2", "payments-2-in");
                mesh.controlPlane().kill();
                mesh.sidecar("web-1").process().kill();
                mesh.sidecar("payments-2").process().kill();

                SidecarProcess again = mesh.restart("web-1");
                assertThat(again.process().awaitLine(CACHED).group(1)).isEqualTo(Long.toString(last));
                await().untilAsserted(() -> assertThat(again.readiness()).isEqualTo(200));
                assertThat(again.metric("mesh_config_stale")).isEqualTo(1);
                assertThat(again.admin("/server_info")).contains("\"config_stale\" : true").contains("config_cached_at");
                assertThat(again.admin("/")).contains("config_cached_at");
                mesh.restart("payments-2").process().awaitLine(CACHED);

                try (Load restarted = Load.start(mesh.outbound(), "/", 2, 1);
                    Load inward = Load.startTls(mesh.inbound("payments-2"), "/", 1, web)) {
                    restarted.awaitMore(200);
                    inward.awaitMore(50);
                    assertThat(restarted.counts()).as("weights of the last configuration").containsOnlyKeys("one");

                    mesh.controlPlane().start();
                    mesh.push(Map.of("payments-2", 1));
                    int before = two.requests();
                    restarted.awaitMore(200);
                    assertThat(two.requests()).isGreaterThan(before);
                    assertThat(again.metric("mesh_config_stale")).isZero();
                    assertThat(again.admin("/server_info")).contains("\"config_stale\" : false").doesNotContain("config_cached_at");
                    for (Load load : new Load[] {restarted, inward, undisturbed}) {
                        load.stop();
                        assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
                    }
                }
            }
        }
    }

    @Test
    void doesNotWaitForAControlPlaneThatOnlyListens() throws Exception {
        try (HttpService one = new HttpService("one"); TestMesh mesh = new TestMesh(dir)) {
            long last = mesh.web().payments("payments-1", one.address()).push(Map.of("payments-1", 1));
            awaitKept("web-1", "version " + last + "\n");
            mesh.sidecar("web-1").process().kill();
            mesh.controlPlane().process().signal("STOP");
            SidecarProcess again = mesh.restart("web-1");
            again.process().awaitLine(CACHED);
            try (Load load = Load.start(mesh.outbound(), "/", 2, 1)) {
                load.awaitMore(50);
                mesh.controlPlane().process().signal("CONT");
                await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(again.metric("mesh_config_stale")).isZero());
                load.awaitMore(50);
                load.stop();
                assertThat(load.failures()).isEmpty();
            }
        }
    }

    @Test
    void doesNotUseACacheThatIsDamagedAndWaits() throws Exception {
        try (HttpService one = new HttpService("one"); TestMesh mesh = new TestMesh(dir)) {
            long last = mesh.web().payments("payments-1", one.address()).push(Map.of("payments-1", 1));
            awaitKept("web-1", "version " + last + "\n");
            mesh.controlPlane().kill();
            mesh.sidecar("web-1").process().kill();
            Path cache = dir.resolve("web-1/last-good.xds");
            byte[] content = Files.readAllBytes(cache);
            content[content.length / 2] ^= 1;
            Files.write(cache, content);

            SidecarProcess again = mesh.restart("web-1");
            assertThat(again.process().awaitLine(WAITS).group(1)).startsWith(cache + ": damaged");
            assertThat(again.readiness()).isEqualTo(503);
            assertThat(listens(mesh.outbound())).isFalse();

            mesh.controlPlane().start();
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(again.readiness()).isEqualTo(200));
            assertThat(again.metric("mesh_config_stale")).isZero();
            assertThat(listens(mesh.outbound())).isTrue();
        }
    }

    @Test
    void aSecondSidecarDoesNotTakeTheSameDirectory() throws Exception {
        try (TestMesh mesh = new TestMesh(dir)) {
            mesh.web();
            try (MeshProcess second = MeshProcess.dataPlane("proxy", "start", "--control-plane", mesh.controlPlane().tls().toString(),
                "--workload", "web", "--node", "web-1", "--state-dir", dir.resolve("web-1").toString())) {
                assertThat(second.exitCode()).isEqualTo(1);
                assertThat(second.log()).contains(dir.resolve("web-1") + ": in use by another sidecar, process "
                    + mesh.sidecar("web-1").process().pid() + " (expected: one at a time)");
            }
        }
    }

    @Test
    void doesNotServeWithACertificateThatHasExpired() throws Exception {
        KnownAuthority authority = KnownAuthority.create(dir.resolve("ca"));
        try (HttpService one = new HttpService("one"); TestMesh mesh = new TestMesh(dir, authority.options())) {
            mesh.payments("payments-1", one.address()).push(Map.of("payments-1", 1));
            awaitKept("payments-1", "payments-1-in");
            mesh.controlPlane().kill();
            mesh.sidecar("payments-1").process().kill();
            PemFiles.writeSvid(dir.resolve("payments-1/svid.pem"),
                authority.at(() -> Instant.now().minus(Duration.ofDays(1))).issue(SpiffeId.parse("spiffe://mesh.local/payments"), Duration.ofHours(1)));

            SidecarProcess again = mesh.restart("payments-1");
            again.process().awaitLine(Pattern.compile("payments-1: its identity expired at \\S+ and is not used"));
            again.process().awaitLine(Pattern.compile("no identity that is good: the cached configuration is not served"));
            assertThat(again.readiness()).isEqualTo(503);
            assertThat(listens(mesh.inbound("payments-1"))).isFalse();
        }
    }

    /** A sidecar acknowledges when something is in force; on its disk it is a moment later. */
    private void awaitKept(String node, String text) {
        Path kept = dir.resolve(node).resolve("last-good.xds");
        await().until(() -> Files.exists(kept) && Files.readString(kept, StandardCharsets.ISO_8859_1).contains(text));
    }

    private static boolean listens(Address address) {
        try (Socket socket = new Socket(address.host(), address.port())) {
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
