package mesh.control.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import mesh.control.etcd.EtcdLogs;
import mesh.control.etcd.EtcdOptions;
import mesh.etcd.EtcdCluster;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a real etcd server, and what only a shared log has: other replicas. */
class EtcdMeshStoreTest extends MeshStoreContract {

    private static EtcdCluster cluster;
    private static int prefixes;

    private final String prefix = "/mesh-" + prefixes++ + "/";
    private final List<EtcdLogs> logs = new ArrayList<>();

    @BeforeAll
    static void start(@TempDir Path dir) throws IOException {
        cluster = EtcdCluster.start(1, dir);
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Override
    MeshStore open(long keepBytes) throws IOException {
        EtcdLogs opened = EtcdLogs.open(new EtcdOptions(cluster.clients(), Optional.empty(), Optional.empty(), prefix));
        logs.add(opened);
        return MeshStore.open(opened, () -> Optional.empty(), new FakeClock(), keepBytes);
    }

    @AfterEach
    void disconnect() {
        logs.forEach(EtcdLogs::close);
    }

    @Test
    void tellsAnotherReplicasVersionsOnceInOrder() throws IOException {
        try (MeshStore other = open(16 << 20)) {
            List<Long> told = new ArrayList<>();
            other.onChange(snapshot -> told.add(snapshot.version()));
            for (int i = 0; i < 5; i++) {
                edit(cluster("c" + i));
            }
            await().untilAsserted(() -> assertThat(other.current()).isEqualTo(store.current()));

            assertThat(told).containsExactly(1L, 2L, 3L, 4L, 5L);
            assertThat(other.history().list(0, 10)).isEqualTo(store.history().list(0, 10));
        }
    }

    @Test
    void decidesAnEditOnWhatOthersWroteBefore() throws IOException {
        try (MeshStore other = open(16 << 20)) {
            edit(cluster("a"));

            assertThat(other.edit(1, cluster("b"), "test", "edit")).isEqualTo(new ApplyResult.Applied(2));
            assertThatThrownBy(() -> store.edit(1, cluster("c"), "test", "edit")).isInstanceOf(StaleVersionException.class)
                .hasMessageContaining("expected_version: 1 (expected: 2");
            assertThat(store.rehearse(2, cluster("c"))).isEqualTo(new ApplyResult.Applied(3));
            assertThat(store.current().clusters()).containsOnlyKeys("a", "b");
        }
    }

    @Test
    void losesNoneOfManyEditsOnTwoReplicas() throws Exception {
        try (MeshStore other = open(16 << 20)) {
            ExecutorService threads = Executors.newFixedThreadPool(4);
            for (int i = 0; i < 40; i++) {
                String name = "c" + i;
                MeshStore replica = i % 2 == 0 ? store : other;
                threads.execute(() -> replica.edit(0, cluster(name), "test", "edit"));
            }
            threads.shutdown();
            assertThat(threads.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
            await().untilAsserted(() -> assertThat(other.current()).isEqualTo(store.current()));

            assertThat(store.current().clusters()).hasSize(40);
            assertThat(store.history().list(0, 100)).extracting(ConfigVersion::version)
                .isEqualTo(LongStream.rangeClosed(1, 40).map(i -> 41 - i).boxed().toList());
        }
    }

    @Test
    void oneOfTwoEditsOfTheSameVersionIsRefused() throws Exception {
        try (MeshStore other = open(16 << 20)) {
            edit(cluster("first"));
            List<String> ends = Collections.synchronizedList(new ArrayList<>());
            List<Thread> threads = new ArrayList<>();
            for (MeshStore replica : List.of(store, other)) {
                Thread thread = new Thread(() -> {
                    try {
                        replica.edit(1, cluster("by" + replica.hashCode()), "test", "edit");
                        ends.add("applied");
                    } catch (StaleVersionException e) {
                        ends.add("stale");
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(ends).containsExactlyInAnyOrder("applied", "stale");
        }
    }

    @Test
    void takesVersionsThatAreLongerThanEtcdTakesAtOnce() throws IOException {
        Random random = new Random(3);
        Change many = current -> {
            List<Endpoint> endpoints = new ArrayList<>();
            for (int i = 0; i < 150_000; i++) {
                Address address = new Address("h" + Long.toString(random.nextLong() >>> 1, 36), 1 + random.nextInt(65_000));
                endpoints.add(new Endpoint(address, 1, Optional.empty()));
            }
            Map<String, EndpointSet> sets = new LinkedHashMap<>(cluster("big").applyTo(current).endpoints());
            sets.put("big", new EndpointSet("big", endpoints));
            return new MeshSnapshot(0, Map.of(), Map.of(), cluster("big").applyTo(current).clusters(), sets, Optional.empty());
        };
        edit(many);
        MeshSnapshot big = store.current();
        try (MeshStore other = open(16 << 20)) {
            assertThat(other.current().endpoints().get("big").endpoints()).hasSize(150_000);
            assertThat(other.current().equals(big)).isTrue();
        }
    }

    @Test
    void hearsOfWritesAfterItsServerWasAwayAndHasForgotten() throws Exception {
        try (MeshStore other = open(16 << 20)) {
            edit(cluster("a"));
            await().until(() -> other.current().version() == 1);
            cluster.kill(0);
            assertThat(other.current().clusters()).as("what is read while etcd is away").containsOnlyKeys("a");
            cluster.restart(0);
            edit(cluster("b"));
            try (Client etcd = Client.builder().endpoints("http://" + cluster.clients().get(0)).build()) {
                long revision = etcd.getKVClient().put(ByteSequence.from("x", UTF_8), ByteSequence.from("y", UTF_8)).get(10, TimeUnit.SECONDS)
                    .getHeader().getRevision();
                etcd.getKVClient().compact(revision).get(10, TimeUnit.SECONDS);
            }
            edit(cluster("c"));

            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(other.current()).isEqualTo(store.current()));
            assertThat(other.edit(3, cluster("d"), "test", "edit")).isEqualTo(new ApplyResult.Applied(4));
        }
    }

    @Test
    void refusesToBeginWithoutAServer() {
        EtcdOptions nowhere = new EtcdOptions(List.of(new Address("127.0.0.1", 1)), Optional.empty(), Optional.empty(), "/mesh/");

        assertThatThrownBy(() -> EtcdLogs.open(nowhere)).isInstanceOf(IOException.class)
            .hasMessageContaining("etcd 127.0.0.1:1 /mesh/").hasMessageContaining("--etcd-endpoints");
    }
}
