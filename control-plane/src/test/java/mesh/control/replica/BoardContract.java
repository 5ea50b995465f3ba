package mesh.control.replica;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every {@link Board} does, wherever it is. */
public abstract class BoardContract {

    /** A replica that was not there before. */
    protected abstract Board join(String name) throws Exception;

    /** It dies. */
    protected abstract void leave(Board board) throws Exception;

    @Test
    void othersHearWhatIsSaidAndWhatIsSaidInItsPlace() throws Exception {
        Board one = join("one");
        Heard two = new Heard(join("two"), "sidecars");
        say(one, "sidecars", "7", "a");
        say(one, "other", "7", "of something else");
        await().untilAsserted(() -> assertThat(two.said).containsExactly(Map.entry("7", "a")));
        say(one, "sidecars", "7", "b");
        say(one, "sidecars", "8", "c");
        await().untilAsserted(() -> assertThat(two.said).containsExactly(Map.entry("7", "b"), Map.entry("8", "c")));
        say(one, "sidecars", "7", "");
        await().untilAsserted(() -> assertThat(two.said).containsExactly(Map.entry("8", "c")));
    }

    @Test
    void whoComesLaterHearsWhatStands() throws Exception {
        Board one = join("one");
        Board two = join("two");
        await().untilAsserted(() -> assertThat(two.others()).containsExactly(one.name()));
        Heard early = new Heard(two, "sidecars");
        say(one, "sidecars", "7", "a");
        await().until(() -> early.said.containsKey("7"));
        assertThat(new Heard(join("three"), "sidecars").said).containsExactly(Map.entry("7", "a"));
    }

    @Test
    void whatSomeoneSaidGoesWithIt() throws Exception {
        Board one = join("one");
        Heard two = new Heard(join("two"), "sidecars");
        say(one, "sidecars", "7", "a");
        await().until(() -> two.said.containsKey("7"));
        leave(one);
        await().untilAsserted(() -> assertThat(two.gone).containsExactly(one.name()));
        assertThat(two.board.others()).isEmpty();
    }

    @Test
    void aReplicaDoesNotHearItself() throws Exception {
        Board one = join("one");
        Heard own = new Heard(one, "sidecars");
        Heard two = new Heard(join("two"), "sidecars");
        say(one, "sidecars", "7", "a");
        await().until(() -> two.said.containsKey("7"));
        assertThat(own.said).isEmpty();
        assertThat(one.silence()).isEqualTo(Optional.empty());
    }

    /** Who is told may have to wait for a lock, whose holder asks who is there. */
    @Test
    void whileAListenerIsToldAnotherThreadLearnsWhoIsThere() throws Exception {
        Board one = join("one");
        Board two = join("two");
        CompletableFuture<List<String>> there = new CompletableFuture<>();
        two.hear("sidecars", new Board.Listener() {

            @Override
            public void said(String replica, String name, byte[] what) {
                there.complete(CompletableFuture.supplyAsync(two::others).orTimeout(5, TimeUnit.SECONDS).join());
            }

            @Override
            public void gone(String replica) {}
        });
        say(one, "sidecars", "7", "a");
        await().untilAsserted(() -> assertThat(there).isCompletedWithValue(List.of(one.name())));
    }

    protected static void say(Board board, String topic, String name, String what) {
        board.say(topic, name, () -> what.getBytes(UTF_8));
    }

    /** What a replica hears of a topic. */
    protected static final class Heard implements Board.Listener {

        public final Board board;
        public final Map<String, String> said = new ConcurrentSkipListMap<>();
        public final List<String> gone = new CopyOnWriteArrayList<>();

        public Heard(Board board, String topic) {
            this.board = board;
            board.hear(topic, this);
        }

        @Override
        public void said(String replica, String name, byte[] what) {
            if (what.length == 0) said.remove(name);
            else said.put(name, new String(what, UTF_8));
        }

        @Override
        public void gone(String replica) {
            gone.add(replica);
        }
    }
}
