package mesh.proxy.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.model.Route;
import mesh.pki.TestPki;
import mesh.proxy.RawClient;
import mesh.proxy.Sidecar;
import mesh.proxy.Snapshots;
import mesh.proxy.state.LastGood;
import mesh.proxy.state.StateDirectory;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one sidecar keeps, another finds, in a real directory. */
class ColdStartTest {

    private static final String WHY = "it cannot be reached";

    private final FakeClock clock = new FakeClock();
    private final Env env = new Env(clock, clock, Env.system().random());
    private final TestPki pki = TestPki.create(clock);
    private final Sidecar sidecar = sidecar("payments");

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        sidecar.close();
    }

    @Test
    void findsWhatWasLastInForceAndWhen() throws Exception {
        MeshSnapshot two = answers(2, "two");
        try (ColdStart first = coldStart("payments-1", sidecar)) {
            first.apply(answers(1, "one"));
            clock.advance(Duration.ofMinutes(1));
            first.apply(two);
        }
        assertThat(state().lastGood(new LastGood.Owner("payments-1", pki.id("payments")))).hasValueSatisfying(kept -> {
            assertThat(kept.snapshot()).isEqualTo(two);
            assertThat(kept.appliedAt()).isEqualTo(clock.instant());
        });
    }

    @Test
    void whatWasRemovedDoesNotComeBack() throws Exception {
        keep(answers(1, "one"), MeshSnapshot.EMPTY.withVersion(2));
        try (ColdStart next = coldStart("payments-1", sidecar)) {
            assertThat(next.restore(WHY)).contains(MeshSnapshot.EMPTY.withVersion(2));
            assertThat(sidecar.bound()).isEmpty();
        }
    }

    @Test
    void whatWasRefusedIsNotKept() throws Exception {
        MeshSnapshot broken = answers(2, "two");
        broken = new MeshSnapshot(2, broken.listeners(), Map.of(), broken.clusters(), broken.endpoints(), Optional.empty());
        keep(answers(1, "one"), broken);
        try (ColdStart next = coldStart("payments-1", sidecar)) {
            assertThat(next.restore(WHY)).contains(answers(1, "one"));
        }
    }

    @Test
    void isStaleUntilTheControlPlaneHasSpokenAndThenLosesNoConnection() throws Exception {
        keep(answers(7, "from the cache"));
        var keptAt = clock.instant();
        clock.advance(Duration.ofHours(1));
        try (ColdStart next = coldStart("payments-1", sidecar)) {
            next.restore(WHY);
            assertThat(sidecar.cachedAt()).contains(keptAt);
            try (RawClient client = new RawClient(sidecar.bound().get("web"))) {
                assertThat(ask(client)).isEqualTo("from the cache");
                next.apply(answers(8, "fresh as it is"));
                assertThat(sidecar.cachedAt()).isEmpty();
                assertThat(ask(client)).as("over the same connection").isEqualTo("fresh as it is");
            }
        }
    }

    @Test
    void whatCannotBeReadOrIsAnothersIsNotUsed() throws Exception {
        keep(answers(1, "one"));
        try (ColdStart node = coldStart("payments-2", sidecar)) {
            assertThat(node.restore(WHY)).isEmpty();
        }
        try (Sidecar web = sidecar("web"); ColdStart workload = coldStart("payments-1", web)) {
            assertThat(workload.restore(WHY)).isEmpty();
        }
        Files.writeString(directory.resolve("state/last-good.xds"), "mesh-sidecar-configuration 1\n");
        try (ColdStart damaged = coldStart("payments-1", sidecar)) {
            assertThat(damaged.restore(WHY)).isEmpty();
        }
        assertThat(sidecar.bound()).isEmpty();
        assertThat(sidecar.cachedAt()).isEmpty();
    }

    @Test
    void whatCannotBeBoundAnyMoreChangesNothing() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        keep(Snapshots.http().listen(new Address("127.0.0.1", port)).action(new Route.DirectReply(200, "one")).build());
        try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress()); ColdStart next = coldStart("payments-1", sidecar)) {
            assertThat(next.restore(WHY)).isEmpty();
            assertThat(sidecar.bound()).isEmpty();
            assertThat(sidecar.cachedAt()).isEmpty();
            assertThat(taken.isBound()).isTrue();
        }
    }

    @Test
    void aFullDiskIsNoReasonToRefuseAConfiguration() throws Exception {
        Path disk = Files.createDirectory(directory.resolve("state"));
        assumeThat(run("mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", disk.toString())).as("may mount").isZero();
        try (ColdStart small = coldStart("payments-1", sidecar)) {
            small.apply(answers(1, "one"));
            awaitKept(1);
            Path filler = disk.resolve("filler");
            try (var out = Files.newOutputStream(filler)) {
                out.write(new byte[1 << 20]);
            } catch (IOException full) {
                assertThat(full).hasMessageContaining("No space left");
            }
            assertThat(small.apply(answers(2, "two"))).isInstanceOf(ApplyResult.Applied.class);
            clock.advance(Duration.ofSeconds(1));
            await().untilAsserted(() -> assertThat(disk.resolve("last-good.xds")).doesNotExist());
            Files.delete(filler);
            clock.advance(Duration.ofSeconds(1));
            small.apply(answers(3, "three"));
            awaitKept(3);
        } finally {
            assertThat(run("umount", disk.toString())).isZero();
        }
    }

    private void awaitKept(long version) {
        var owner = new LastGood.Owner("payments-1", pki.id("payments"));
        await().untilAsserted(() ->
            assertThat(state().lastGood(owner)).hasValueSatisfying(kept -> assertThat(kept.snapshot().version()).isEqualTo(version)));
    }

    private static int run(String... command) throws Exception {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
        } catch (IOException absent) {
            return -1;
        }
    }

    private void keep(MeshSnapshot... snapshots) throws Exception {
        try (Sidecar before = sidecar("payments"); ColdStart first = coldStart("payments-1", before)) {
            for (MeshSnapshot each : snapshots) first.apply(each);
        }
    }

    private Sidecar sidecar(String workload) {
        Sidecar made = new Sidecar(env, 1);
        made.rotate(pki.svid(workload), pki.bundle());
        return made;
    }

    private ColdStart coldStart(String node, Sidecar of) throws IOException {
        return new ColdStart(state(), node, of, env);
    }

    private StateDirectory state() throws IOException {
        return StateDirectory.open(directory.resolve("state"));
    }

    private static MeshSnapshot answers(long version, String text) {
        return Snapshots.http().version(version).action(new Route.DirectReply(200, text)).build();
    }

    private static String ask(RawClient client) throws IOException {
        client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").readHead();
        return client.read("from the cache".length());
    }
}
