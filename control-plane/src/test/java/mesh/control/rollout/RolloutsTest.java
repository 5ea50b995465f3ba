package mesh.control.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import mesh.control.journal.CrashingFiles;
import mesh.control.replica.Board;
import mesh.control.store.MeshStore;
import mesh.control.stream.SidecarRegistry;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RolloutsTest {

    private static final MeshSnapshot BEFORE = mesh("before");
    private static final MeshSnapshot AFTER = mesh("after");

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
            assertThat(rollouts.abort("enough")).contains(4L);
            assertThat(store.current().clusters()).containsOnlyKeys("before", "found");
        }
    }

    @Test
    void thereIsOneAtATime() throws IOException {
        try (Rollouts rollouts = rollouts()) {
            begin(rollouts);
            assertThatThrownBy(() -> begin(rollouts)).isInstanceOf(RolloutOnException.class).hasMessageContaining("is in wave 1 of 2");
            assertThatThrownBy(() -> store.edit(0, now -> BEFORE, rollouts.whileNoneIsOn(), "me", "another")).isInstanceOf(RolloutOnException.class);
        }
    }

    @Test
    void aChangeThatIsRefusedLeavesNothingBehind() throws IOException {
        try (Rollouts rollouts = rollouts()) {
            assertThatThrownBy(() -> rollouts.begin(plan(), store.current(), List.of("web-1"), "me", news -> { }, staging -> {
                throw new IllegalArgumentException("no");
            })).hasMessage("no");
            assertThat(rollouts.running()).isEmpty();
        }
    }

    private Rollouts rollouts() throws IOException {
        return Rollouts.open(store, sidecars, Board.ALONE, () -> false, clock);
    }

    private static RolloutPlan plan() {
        return new RolloutPlan(List.of(50.0, 100.0), Duration.ofSeconds(30), true, 100, Duration.ZERO);
    }

    private void begin(Rollouts rollouts) {
        rollouts.begin(plan(), store.current(), List.of("web-1", "web-2"), "me", news -> { }, staging -> {
            store.edit(0, now -> AFTER, staging, "me", "after");
            return store.current().version();
        });
    }

    private static MeshSnapshot mesh(String cluster) {
        return new MeshSnapshot(1, Map.of(), Map.of(),
            Map.of(cluster, new Cluster(cluster, BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)),
            Map.of(cluster, new EndpointSet(cluster, List.of())), Optional.empty());
    }
}
