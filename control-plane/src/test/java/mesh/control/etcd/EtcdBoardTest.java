package mesh.control.etcd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.control.replica.Board;
import mesh.control.replica.BoardContract;
import mesh.etcd.EtcdCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a real etcd server, which may go away and come back. */
class EtcdBoardTest extends BoardContract {

    private static final int MANY = 2_000;

    private static EtcdCluster cluster;
    private static int prefixes;

    private final String prefix = "/board-" + prefixes++ + "/";
    private final Map<Board, Replica> joined = new HashMap<>();

    private record Replica(EtcdLogs logs, Replicas lease) {}

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
    protected Board join(String name) throws IOException {
        EtcdLogs logs = EtcdLogs.open(new EtcdOptions(cluster.clients(), Optional.empty(), Optional.empty(), prefix));
        Replicas lease = Replicas.join(logs, name);
        Board board = lease.board();
        joined.put(board, new Replica(logs, lease));
        return board;
    }

    @Override
    protected void leave(Board board) throws IOException {
        board.close();
        Replica replica = joined.remove(board);
        replica.lease.close();
        replica.logs.close();
    }

    @AfterEach
    void leaveAll() throws IOException {
        for (Board board : joined.keySet().toArray(Board[]::new)) {
            leave(board);
        }
    }

    @Test
    void manyChangesAreFewWords() throws Exception {
        Board one = join("one");
        Heard two = new Heard(join("two"), "sidecars");
        AtomicInteger asked = new AtomicInteger();
        for (int i = 0; i <= MANY; i++) {
            String what = Integer.toString(i);
            one.say("sidecars", "7", () -> {
                asked.incrementAndGet();
                return what.getBytes(UTF_8);
            });
        }
        await().untilAsserted(() -> assertThat(two.said).containsEntry("7", Integer.toString(MANY)));
        assertThat(asked.get()).as("times that it was written").isLessThan(MANY / 10);
    }

    @Test
    void takesMoreThanEtcdTakesAtOnce() throws Exception {
        Board one = join("one");
        Heard two = new Heard(join("two"), "sidecars");
        String half = "x".repeat(500_000);
        for (int i = 0; i < 5; i++) {
            say(one, "sidecars", Integer.toString(i), half);
        }
        for (int i = 0; i < 300; i++) {
            say(one, "other", Integer.toString(i), "y");
        }
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(two.said).hasSize(5));
    }

    @Test
    void saysAllOfItAgainWhenItsLeaseWasLost() throws Exception {
        Board one = join("one");
        Heard two = new Heard(join("two"), "sidecars");
        say(one, "sidecars", "7", "a");
        await().until(() -> two.said.containsKey("7"));
        Replica replica = joined.get(one);
        replica.logs.etcd().revokeLease(replica.lease.lease());
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(two.gone).containsExactly("one"));
        two.said.clear();
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(two.said).containsExactly(Map.entry("7", "a")));
        assertThat(two.board.others()).containsExactly("one");
    }

    @Test
    void whatWasSaidWhileTheServerWasAwayIsHeardAfterwards() throws Exception {
        Board one = join("one");
        Heard two = new Heard(join("two"), "sidecars");
        say(one, "sidecars", "7", "a");
        await().until(() -> two.said.containsKey("7"));
        cluster.kill(0);
        say(one, "sidecars", "7", "b");
        cluster.restart(0);
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(two.said).containsExactly(Map.entry("7", "b")));
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(two.board.silence()).isEmpty());
    }
}
