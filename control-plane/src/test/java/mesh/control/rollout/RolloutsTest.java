package mesh.control.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import mesh.control.journal.CrashingFiles;
import mesh.control.store.MeshStore;
import mesh.control.stream.SidecarRegistry;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.MeshSnapshot;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RolloutsTest {

    private static final MeshSnapshot BEFORE = mesh("before");
    private static final MeshSnapshot AFTER = mesh("after");

    @TempDir
    Path dir;

    private final FakeClock clock = new FakeClock();
    private final SidecarRegistry sidecars = new SidecarRegistry(clock);
    private MeshStore store;

    @BeforeEach
    void open() throws IOException {
        store = MeshStore.open(new CrashingFiles(new Random(1)), Optional::empty, clock);
        store.edit(0, now -> BEFORE, "me", "before");
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    @Test
    void whatWasCutShortIsTakenBackAtTheNextStart() throws IOException {
        try (Rollouts cut = rollouts()) {
            begin(cut);
        }
        assertThat(store.current().holdsSameAs(AFTER)).isTrue();
        try (Rollouts again = rollouts()) {
            assertThat(store.current().clusters()).containsOnlyKeys("before");
            assertThat(store.current().version()).isEqualTo(3);
            assertThat(again.running()).isEmpty();
        }
        rollouts().close();
        assertThat(store.current().version()).as("once").isEqualTo(3);
    }

    @Test
    void whoeverWasNotGivenItSeesWhatWasBefore() throws IOException {
        try (Rollouts rollouts = rollouts()) {
            begin(rollouts);
            MeshSnapshot now = store.current();
            long given = List.of("web-1", "web-2").stream().filter(node -> rollouts.whole(now, node).holdsSameAs(AFTER)).count();
            assertThat(given).isEqualTo(1);
            assertThat(rollouts.whole(now, "one that came meanwhile").holdsSameAs(BEFORE)).isTrue();
        }
    }

    /** As when they are found by discovery. */
    @Test
    void whatIsAddedMeanwhileIsForAllAndStays() throws IOException {
        try (Rollouts rollouts = rollouts()) {
            begin(rollouts);
            store.edit(0, now -> new MeshSnapshot(now.version(), Map.of(), Map.of(), Map.of("after", now.clusters().get("after"), "found",
                mesh("found").clusters().get("found")), Map.of(), Optional.empty()), "discovery", "found");
            assertThat(rollouts.whole(store.current(), "one that came meanwhile").clusters()).containsOnlyKeys("before", "found");
            rollouts.running().orElseThrow().abort("enough");
            assertThat(store.current().clusters()).containsOnlyKeys("before", "found");
        }
    }

    @Test
    void thereIsOneAtATimeAndNoneWithOtherReplicas() throws IOException {
        try (Rollouts rollouts = rollouts()) {
            begin(rollouts);
            assertThatThrownBy(() -> begin(rollouts)).isInstanceOf(IllegalStateException.class).hasMessageContaining("is in wave 1 of 2");
        }
        try (Rollouts rollouts = Rollouts.open(store, sidecars, Files.createDirectory(dir.resolve("other")), () -> List.of("b"), clock)) {
            assertThatThrownBy(() -> begin(rollouts)).isInstanceOf(IllegalStateException.class).hasMessageContaining("replicas [b]");
        }
    }

    @Test
    void aChangeThatIsRefusedLeavesNothingBehind() throws IOException {
        try (Rollouts rollouts = rollouts()) {
            assertThatThrownBy(() -> rollouts.begin(plan(), store.current(), List.of("web-1"), "me", news -> { }, decided -> {
                throw new IllegalArgumentException("no");
            })).hasMessage("no");
            assertThat(rollouts.running()).isEmpty();
            assertThat(dir).isEmptyDirectory();
        }
    }

    private Rollouts rollouts() throws IOException {
        return Rollouts.open(store, sidecars, dir, List::of, clock);
    }

    private static RolloutPlan plan() {
        return new RolloutPlan(List.of(50.0, 100.0), Duration.ofSeconds(30), true, 100, Duration.ZERO);
    }

    private void begin(Rollouts rollouts) throws IOException {
        rollouts.begin(plan(), store.current(), List.of("web-1", "web-2"), "me", news -> { }, decided -> {
            store.edit(0, now -> {
                decided.accept(AFTER.withVersion(now.version() + 1));
                return AFTER;
            }, "me", "after");
            return store.current().version();
        });
    }

    private static MeshSnapshot mesh(String cluster) {
        return new MeshSnapshot(1, Map.of(), Map.of(),
            Map.of(cluster, new Cluster(cluster, BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)), Map.of(),
            Optional.empty());
    }
}
