package mesh.control.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import mesh.control.etcd.EtcdLogs;
import mesh.control.etcd.EtcdOptions;
import mesh.control.replica.Board;
import mesh.control.replica.LocalBoards;
import mesh.control.store.MeshStore;
import mesh.control.stream.SidecarRegistry;
import mesh.etcd.EtcdCluster;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;
import mesh.time.FakeClock;
import mesh.v1.TrafficReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two control planes on one store: the first leads, until the test says otherwise. No sidecar is connected, so a wave bakes at once. */
class ReplicatedRolloutTest {

    private static final MeshSnapshot BEFORE = mesh("before");
    private static final MeshSnapshot AFTER = mesh("after");
    private static final List<String> NODES = List.of("web-1", "web-2");

    @TempDir
    private Path dir;
    private final FakeClock clock = new FakeClock();
    private final LocalBoards boards = new LocalBoards();
    private final Map<String, Boolean> leads = new ConcurrentHashMap<>(Map.of("a", true, "b", false));
    private EtcdCluster etcd;
    private final List<EtcdLogs> logs = new ArrayList<>();
    private Replica a;
    private Replica b;

    private record Replica(MeshStore store, Rollouts rollouts) {}

    @BeforeEach
    void open() throws IOException {
        etcd = EtcdCluster.start(1, dir);
        a = open("a");
        a.store.edit(0, now -> BEFORE, "me", "before");
        b = open("b");
    }

    private Replica open(String name) throws IOException {
        EtcdLogs opened = EtcdLogs.open(new EtcdOptions(etcd.clients(), Optional.empty(), Optional.empty(), "/mesh/"));
        logs.add(opened);
        Board board = boards.join(name);
        MeshStore store = MeshStore.open(opened, Optional::empty, clock);
        return new Replica(store, Rollouts.open(store, new SidecarRegistry(clock, board), board, () -> leads.get(name), clock));
    }

    @AfterEach
    void close() throws IOException {
        for (Replica each : List.of(a, b)) {
            each.rollouts.close();
            each.store.close();
        }
        logs.forEach(EtcdLogs::close);
        etcd.close();
    }

    @Test
    void eachReplicaShowsTheSameToTheSameNodesAndTheOneThatWasAskedTellsHowItEnds() {
        List<RolloutNews> told = begin(b);
        await().until(() -> a.rollouts.running().isPresent());
        for (String node : NODES) {
            assertThat(a.rollouts.whole(a.store.current(), node)).isEqualTo(b.rollouts.whole(b.store.current(), node));
        }
        assertThat(NODES.stream().filter(node -> a.rollouts.whole(a.store.current(), node).holdsSameAs(AFTER))).hasSize(1);
        bakes();
        await().untilAsserted(() -> assertThat(b.rollouts.running()).get().matches(Wave::isLast));
        bakes();
        await().untilAsserted(() -> assertThat(told.get(told.size() - 1).state()).isEqualTo("done"));
        await().untilAsserted(() -> assertThat(a.store.rollout()).isEqualTo(b.store.rollout()).get().matches(each -> each.getOver()));
        assertThat(b.store.current().version()).as("two waves and the end").isEqualTo(4);
    }

    @Test
    void whoComesToLeadGoesOnWithTheWaveThatIsOn() {
        List<RolloutNews> told = begin(b);
        await().until(() -> a.rollouts.running().isPresent());
        leads.put("a", false);
        boards.leave("a");
        leads.put("b", true);
        bakes();
        await().untilAsserted(() -> assertThat(told.get(told.size() - 1).wave()).isEqualTo(2));
        bakes();
        await().untilAsserted(() -> assertThat(told.get(told.size() - 1).state()).isEqualTo("done"));
    }

    /** As when one was stopped, and has not noticed yet that another one leads. */
    @Test
    void ofTwoThatLeadEachStepIsTakenOnce() {
        leads.put("b", true);
        begin(a);
        await().until(() -> b.rollouts.running().isPresent());
        bakes();
        await().untilAsserted(() -> assertThat(b.rollouts.running()).get().matches(Wave::isLast));
        bakes();
        await().until(() -> a.rollouts.running().isEmpty() && b.rollouts.running().isEmpty());
        await().untilAsserted(() -> assertThat(a.store.current().version()).isEqualTo(b.store.current().version()));
        assertThat(a.store.current().version()).isEqualTo(4);
    }

    @Test
    void whatSidecarsReportToAnotherReplicaThanTheLeaderCounts() {
        List<RolloutNews> told = begin(a);
        await().until(() -> b.rollouts.running().isPresent());
        String given = b.rollouts.running().orElseThrow().given().get(0);
        await().untilAsserted(() -> {
            clock.advance(Duration.ofMillis(10));
            b.rollouts.report(TrafficReport.newBuilder().setNode(given).setInterval(Durations.fromMillis(1))
                .setRequests(100).setFailures(50).build());
            assertThat(told.get(told.size() - 1).state()).isEqualTo("aborted");
        });
        assertThat(told.get(told.size() - 1).reason()).startsWith("error-rate: 50.0%");
        await().untilAsserted(() -> assertThat(b.store.current().holdsSameAs(BEFORE)).isTrue());
    }

    @Test
    void isAbortedAtWhicheverReplicaIsAsked() {
        List<RolloutNews> told = begin(a);
        await().until(() -> b.rollouts.running().isPresent());
        assertThat(b.rollouts.abort("enough")).contains(3L);
        await().untilAsserted(() -> assertThat(told.get(told.size() - 1)).returns("aborted", RolloutNews::state)
            .returns("enough", RolloutNews::reason).returns(3L, RolloutNews::after));
        assertThat(a.store.current().holdsSameAs(BEFORE)).isTrue();
    }

    /** Until a step has seen that it bakes, which it does from then on. */
    private void bakes() {
        Wave on = a.rollouts.running().or(b.rollouts::running).orElseThrow();
        await().until(() -> {
            clock.advance(Duration.ofSeconds(10));
            return List.of(a, b).stream().noneMatch(each -> each.rollouts.running().filter(on::isSame).isPresent());
        });
    }

    private static List<RolloutNews> begin(Replica replica) {
        List<RolloutNews> told = new CopyOnWriteArrayList<>();
        RolloutPlan plan = new RolloutPlan(List.of(50.0, 100.0), Duration.ofSeconds(30), true, 2, Duration.ZERO);
        await().until(() -> replica.store.current().version() == 1);
        replica.rollouts.begin(plan, replica.store.current(), NODES, "me", told::add, staging -> {
            replica.store.edit(1, now -> AFTER, staging, "me", "after");
            return 2;
        });
        await().until(() -> !told.isEmpty());
        return told;
    }

    private static MeshSnapshot mesh(String cluster) {
        return new MeshSnapshot(1, Map.of(), Map.of(),
            Map.of(cluster, new Cluster(cluster, BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT)),
            Map.of(cluster, new EndpointSet(cluster, List.of())), Optional.empty());
    }
}
