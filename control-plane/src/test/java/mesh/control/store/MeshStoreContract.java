package mesh.control.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.Scope;
import mesh.replica.v1.Rollout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link MeshStore} does, wherever its log is. */
abstract class MeshStoreContract {

    MeshStore store;

    /** A store on the same log. @param keepBytes of versions */
    abstract MeshStore open(long keepBytes) throws IOException;

    @BeforeEach
    void open() throws IOException {
        store = open(16 << 20);
    }

    @AfterEach
    void close() throws IOException {
        store.close();
    }

    private void reopen(long keepBytes) throws IOException {
        store.close();
        store = open(keepBytes);
    }

    @Test
    void tellsEachVersionOnceInOrderBeforeItIsAcknowledged() {
        List<Long> told = new ArrayList<>();
        store.onChange(snapshot -> told.add(snapshot.version()));
        edit(cluster("a"));
        assertThat(told).containsExactly(1L);
        edit(cluster("b"));
        edit(cluster("b"));

        assertThat(told).containsExactly(1L, 2L);
    }

    @Test
    void tellsNothingAfterTheRegistrationEnded() {
        List<Long> told = new ArrayList<>();
        store.onChange(snapshot -> told.add(snapshot.version())).close();
        edit(cluster("a"));

        assertThat(told).isEmpty();
    }

    @Test
    void standsByAWriteOfWhichAListenerFailed() {
        List<Long> told = new ArrayList<>();
        store.onChange(snapshot -> {
            throw new IllegalStateException("a bug elsewhere");
        });
        store.onChange(snapshot -> told.add(snapshot.version()));

        assertThat(edit(cluster("a"))).isEqualTo(new ApplyResult.Applied(1));
        assertThat(told).containsExactly(1L);
    }

    @Test
    void rejectsWhatWouldNotBeWhole() {
        Change broken = current -> new MeshSnapshot(0, Map.of("x", new Listener("x", new Address("", 1), Scope.ALL,
            new Listener.TcpTraffic("nope"), Optional.empty())), Map.of(), Map.of(), Map.of(), Optional.empty());

        assertThat(edit(broken)).isInstanceOfSatisfying(ApplyResult.Rejected.class, rejected ->
            assertThat(rejected.problems()).singleElement().satisfies(p -> assertThat(p.path()).isEqualTo("listeners.x.cluster")));
        assertThat(store.current()).isEqualTo(MeshSnapshot.EMPTY);
    }

    @Test
    void refusesAnEditOfAnotherVersion() {
        edit(cluster("a"));

        assertThatThrownBy(() -> store.edit(7, cluster("b"), "test", "edit")).isInstanceOf(StaleVersionException.class)
            .hasMessageContaining("expected_version: 7 (expected: 1");
        assertThat(store.edit(1, cluster("b"), "test", "edit")).isEqualTo(new ApplyResult.Applied(2));
    }

    @Test
    void howFarARolloutIsStandsInEachVersionUntilItIsOver() throws IOException {
        Rollout first = Rollout.newBuilder().setId("r").setBase(1).setTarget(2).addNodes("web-1").addWaves(100).setWave(1).build();
        Rollout over = first.toBuilder().setOver(true).build();
        edit(cluster("a"));
        assertThat(store.edit(1, cluster("b"), (now, version) -> Optional.of(first), "test", "begins")).isEqualTo(new ApplyResult.Applied(2));
        edit(cluster("c"));
        assertThat(store.rollout()).as("another write leaves it as it is").contains(first);
        reopen(16 << 20);
        assertThat(store.rollout()).contains(first);
        assertThat(store.stage(now -> now, (now, version) -> now.map(each -> over), "test", "ends")).isEqualTo(4);
        edit(cluster("d"));
        assertThat(store.rollout()).isEmpty();
        assertThat(store.rollout(4)).contains(over);
        assertThat(store.rollout(3)).contains(first);
    }

    @Test
    void losesNoneOfManyConcurrentEdits() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        for (int i = 0; i < 40; i++) {
            String name = "c" + i;
            threads.execute(() -> edit(cluster(name)));
        }
        threads.shutdown();
        assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();

        assertThat(store.current().version()).isEqualTo(40);
        assertThat(store.current().clusters()).hasSize(40);
    }

    @Test
    void refusesEditsOnceItIsClosed() throws IOException {
        store.close();

        assertThatThrownBy(() -> edit(cluster("a"))).isInstanceOf(StoreUnavailableException.class).hasMessage("the control plane is stopping");
    }

    @Test
    void alwaysKeepsTheLastVersionHoweverLongItIs() throws IOException {
        reopen(1);
        edit(cluster("a"));
        edit(cluster("b"));

        assertThat(store.history().list(0, 10)).extracting(ConfigVersion::version).containsExactly(2L);
    }

    @Test
    void comesBackWithItsLastVersionAfterManyCompactions() throws IOException {
        reopen(500);
        for (int i = 0; i < 50; i++) {
            String name = "c" + i;
            edit(current -> cluster(name).applyTo(MeshSnapshot.EMPTY));
        }
        MeshSnapshot last = store.current();
        List<ConfigVersion> kept = store.history().list(0, 100);
        reopen(16 << 20);

        assertThat(store.current()).isEqualTo(last);
        assertThat(last.version()).isEqualTo(50);
        assertThat(store.history().list(0, kept.size())).as("the history too").hasSizeGreaterThan(1).isEqualTo(kept);
        assertThat(store.history().read(49)).hasValueSatisfying(then -> assertThat(then.clusters()).containsOnlyKeys("c48"));
        assertThat(store.history().read(1)).isEmpty();
    }

    ApplyResult edit(Change change) {
        return store.edit(0, change, "test", "edit");
    }

    static Change cluster(String name) {
        return current -> {
            Map<String, Cluster> clusters = new LinkedHashMap<>(current.clusters());
            clusters.put(name, new Cluster(name, BalancerKind.RANDOM, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT));
            Map<String, EndpointSet> endpoints = new LinkedHashMap<>(current.endpoints());
            endpoints.put(name, new EndpointSet(name, List.of()));
            return new MeshSnapshot(0, Map.of(), Map.of(), clusters, endpoints, Optional.empty());
        };
    }
}
