package mesh.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FakeClockTest {

    private final FakeClock clock = new FakeClock();
    private final List<String> ran = new ArrayList<>();

    @Test
    void movesTickerAndWallClockTogether() {
        long nanos = clock.nanos();
        Instant instant = clock.instant();
        clock.advance(Duration.ofSeconds(3));
        assertThat(clock.nanos() - nanos).isEqualTo(3_000_000_000L);
        assertThat(clock.instant()).isEqualTo(instant.plusSeconds(3));
    }

    @Test
    void runsATaskOnItsEdgeAndNotBefore() {
        clock.scheduler().schedule(() -> ran.add("task"), 10, TimeUnit.MILLISECONDS);
        clock.advance(Duration.ofMillis(10).minusNanos(1));
        assertThat(ran).isEmpty();
        clock.advance(Duration.ofNanos(1));
        assertThat(ran).containsExactly("task");
    }

    @Test
    void runsTasksInOrderOfTheirTimeAndThoseTheyAdd() {
        long start = clock.nanos();
        clock.scheduler().schedule(() -> ran.add("second at " + (clock.nanos() - start)), 20, TimeUnit.NANOSECONDS);
        clock.scheduler().schedule(() -> {
            ran.add("first at " + (clock.nanos() - start));
            clock.scheduler().schedule(() -> ran.add("added at " + (clock.nanos() - start)), 5, TimeUnit.NANOSECONDS);
        }, 10, TimeUnit.NANOSECONDS);
        clock.advance(Duration.ofNanos(30));
        assertThat(ran).containsExactly("first at 10", "added at 15", "second at 20");
    }

    @Test
    void repeatsUntilCancelled() {
        ScheduledFuture<?> task = clock.scheduler().scheduleAtFixedRate(() -> ran.add("tick"), 1, 2, TimeUnit.SECONDS);
        clock.advance(Duration.ofSeconds(5));
        assertThat(ran).hasSize(3);
        task.cancel(false);
        clock.advance(Duration.ofSeconds(5));
        assertThat(ran).hasSize(3);
        assertThat(clock.pendingTasks()).isZero();
    }

    @Test
    void holdsBackWhatIsExecutedUntilAdvanced() {
        clock.scheduler().execute(() -> ran.add("now"));
        assertThat(ran).isEmpty();
        clock.advance(Duration.ZERO);
        assertThat(ran).containsExactly("now");
    }
}
