package mesh.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.Map;
import mesh.time.FakeClock;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class SeriesTableTest {

    private static final Duration IDLE = Duration.ofNanos(SeriesTable.IDLE_NANOS);
    private static final int MOST = 3;

    private final FakeClock clock = new FakeClock();
    private final SeriesLimit limit = new SeriesLimit(MOST);
    private final SeriesTable<String, Counter> table = new SeriesTable<>(clock, limit);

    @Test
    void oneThatHasNotChangedForTenMinutesIsShownNoMore() {
        count("a", 5);
        count("b", 1);
        table.shown();
        clock.advance(IDLE.minusNanos(1));
        count("b", 1);
        assertThat(table.shown()).containsOnlyKeys("a", "b");
        clock.advance(Duration.ofNanos(1));
        assertThat(table.shown()).containsOnlyKeys("b");
    }

    @Test
    void oneThatSomebodyHasAtHandGoesOnFromWhatItHadCounted() {
        Counter held = count("a", 5);
        table.shown();
        clock.advance(IDLE);
        assertThat(table.shown()).isEmpty();
        assertThat(table.get("a", Counter::new)).isSameAs(held);
        assertThat(table.shown()).as("asked for, and not changed").isEmpty();
        held.increment();
        assertThat(table.shown()).containsOnlyKeys("a");
        assertThat(table.shown().get("a").sum()).isEqualTo(6);
    }

    @Test
    void oneThatNobodyHasIsForgotten() {
        WeakReference<Counter> gone = new WeakReference<>(count("a", 5));
        System.gc();
        assertThat(gone.get()).as("kept until it expires").isNotNull();
        table.shown();
        clock.advance(IDLE);
        table.shown();
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            System.gc();
            return gone.get() == null;
        });
        assertThat(table.shown()).isEmpty();
        assertThat(count("a", 1).sum()).isOne();
        assertThat(table.shown()).containsOnlyKeys("a");
    }

    @Test
    void namesThatChangeAllTheTimeDoNotPileUpWhereNobodyLooks() {
        WeakReference<Counter> gone = new WeakReference<>(count("a", 5));
        for (int i = 0; i < 3; i++) {
            clock.advance(IDLE);
            count("new-" + i, 1);
        }
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
            System.gc();
            return gone.get() == null;
        });
    }

    @Test
    void whatFindsNoRoomIsCountedAndFindsSomeWhenOthersExpire() {
        for (int i = 0; i < MOST; i++) count("old-" + i, 1);
        table.shown();
        Counter late = count("late", 4);
        assertThat(table.shown()).hasSize(MOST).doesNotContainKey("late");
        assertThat(limit.dropped()).isEqualTo(4);
        clock.advance(IDLE);
        late.increment();
        table.shown();
        late.increment();
        Map<String, Counter> shown = table.shown();
        assertThat(shown).containsOnlyKeys("late");
        assertThat(shown.get("late").sum()).isEqualTo(6);
    }

    @Test
    void whatIsForgottenAtOnceLeavesItsRoom() {
        for (int i = 0; i < MOST; i++) count("old-" + i, 1);
        table.shown();
        table.removeIf(each -> each.equals("old-0"));
        count("new", 1);
        assertThat(table.shown()).containsOnlyKeys("old-1", "old-2", "new");
        assertThat(limit.dropped()).isZero();
    }

    private Counter count(String labels, int n) {
        Counter counter = table.get(labels, Counter::new);
        counter.add(n);
        return counter;
    }
}
