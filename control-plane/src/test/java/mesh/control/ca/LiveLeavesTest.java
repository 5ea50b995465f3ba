package mesh.control.ca;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Optional;
import mesh.control.ca.LiveLeaves.Leaf;
import mesh.control.replica.Board;
import mesh.control.replica.LocalBoards;
import mesh.model.SpiffeId;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class LiveLeavesTest {

    private static final SpiffeId WEB = SpiffeId.parse("spiffe://mesh.local/web");
    private static final Duration HOUR = Duration.ofHours(1);

    private final FakeClock clock = new FakeClock();
    private final LiveLeaves leaves = new LiveLeaves(clock, Board.ALONE, 4);

    @Test
    void oneIsLiveUntilItExpires() {
        leaves.issued(leaf(1, "old"));
        assertThat(leaves.of("old")).hasSize(1);
        assertThat(leaves.of("new")).isEmpty();
        clock.advance(HOUR);
        assertThat(leaves.of("old")).isEmpty();
    }

    @Test
    void oneIsLiveUntilItsHolderShowsTheNext() {
        leaves.issued(leaf(1, "old"));
        leaves.issued(leaf(2, "new", 1));
        assertThat(leaves.of("old")).as("the next may never have arrived").hasSize(1);
        leaves.shown(BigInteger.TWO);
        assertThat(leaves.of("old")).isEmpty();
        assertThat(leaves.of("new")).hasSize(1);
    }

    /** The log and what is shown come by two ways, and either may be first. */
    @Test
    void whatIsShownToAnotherReplicaCountsHereToo() {
        LocalBoards boards = new LocalBoards();
        LiveLeaves here = new LiveLeaves(clock, boards.join("a"));
        LiveLeaves there = new LiveLeaves(clock, boards.join("b"));
        there.issued(leaf(1, "old"));
        there.issued(leaf(2, "new", 1));
        there.shown(BigInteger.TWO);
        here.issued(leaf(1, "old"));
        assertThat(here.of("old")).as("whose next is not known yet").hasSize(1);
        here.issued(leaf(2, "new", 1));
        assertThat(here.of("old")).isEmpty();
        assertThat(here.of("new")).hasSize(1);
    }

    @Test
    void thoseThatNeverArrivedAreNotLive() {
        leaves.issued(leaf(1, "old"));
        leaves.issued(leaf(2, "old", 1));
        leaves.issued(leaf(3, "new", 1));
        leaves.shown(BigInteger.valueOf(3));
        assertThat(leaves.of("old")).isEmpty();
    }

    @Test
    void aRestartKnowsThemFromTheLog() {
        leaves.replay(line(leaf(1, "old")));
        leaves.replay(line(leaf(2, "old", 1)));
        leaves.replay(line(leaf(3, "new", 2)));
        leaves.shown(BigInteger.valueOf(3));
        assertThat(leaves.of("old")).isEmpty();
    }

    @Test
    void thoseOfAnOlderVersionMayBeOfAnyRoot() {
        leaves.replay(new JsonObject().put("what", "certificate issued")
            .put("detail", WEB + ", serial 1f, until " + clock.instant().plus(HOUR)));
        assertThat(leaves.of("whatever")).extracting(Leaf::serial).containsExactly(BigInteger.valueOf(0x1f));
        leaves.replay(new JsonObject().put("what", "join token made").put("detail", "x"));
    }

    @Test
    void tooManyAreAllLiveUntilTheLastEnds() {
        for (int i = 1; i <= 5; i++) {
            leaves.issued(leaf(i, "old"));
        }
        assertThat(leaves.untoldUntil()).contains(clock.instant().plus(HOUR));
        clock.advance(HOUR);
        assertThat(leaves.untoldUntil()).isEmpty();
    }

    private static JsonObject line(Leaf leaf) {
        return IssuedLines.facts(leaf).put("what", "certificate issued");
    }

    private Leaf leaf(long serial, String root) {
        return new Leaf(BigInteger.valueOf(serial), WEB, clock.instant().plus(HOUR), root, Optional.empty());
    }

    private Leaf leaf(long serial, String root, long replaces) {
        return new Leaf(BigInteger.valueOf(serial), WEB, clock.instant().plus(HOUR), root, Optional.of(BigInteger.valueOf(replaces)));
    }
}
