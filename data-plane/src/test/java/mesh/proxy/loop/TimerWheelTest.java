package mesh.proxy.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class TimerWheelTest {

    private static final Duration TICK = Duration.ofNanos(1 << 22);

    private final FakeClock clock = new FakeClock();
    private final TimerWheel wheel = new TimerWheel(clock.scheduler(), clock);
    private final List<String> expired = new ArrayList<>();

    @Test
    void expiresNeverEarlyAndAtMostATickLate() {
        Timeout timeout = new Timeout("a");
        wheel.set(timeout, Duration.ofMillis(500).toNanos());

        clock.advance(Duration.ofMillis(500).minusNanos(1));
        assertThat(expired).isEmpty();
        clock.advance(TICK.plusNanos(1));
        assertThat(expired).containsExactly("a");
    }

    @Test
    void expiresAfterManyTurnsOfTheWheel() {
        wheel.set(new Timeout("a"), Duration.ofHours(1).toNanos());

        clock.advance(Duration.ofHours(1).minusNanos(1));
        assertThat(expired).isEmpty();
        clock.advance(TICK);
        assertThat(expired).containsExactly("a");
    }

    @Test
    void doesNotExpireOnceCancelled() {
        Timeout timeout = new Timeout("a");
        wheel.set(timeout, 1);
        wheel.cancel(timeout);
        wheel.cancel(timeout);

        clock.advance(Duration.ofMinutes(1));
        assertThat(expired).isEmpty();
        assertThat(wheel.count()).isZero();
    }

    @Test
    void expiresOnceAtTheNewTimeWhenSetAnew() {
        Timeout timeout = new Timeout("a");
        wheel.set(timeout, Duration.ofMillis(10).toNanos());
        wheel.set(timeout, Duration.ofMillis(100).toNanos());

        clock.advance(Duration.ofMillis(99));
        assertThat(expired).isEmpty();
        clock.advance(Duration.ofSeconds(20));
        assertThat(expired).containsExactly("a");
    }

    @Test
    void oneThatExpiresMayCancelTheOneBehindItAndSetItselfAgain() {
        Timeout second = new Timeout("second");
        Timeout first = new Timeout("first") {
            @Override
            protected void expire() {
                super.expire();
                wheel.cancel(second);
                if (expired.size() < 3) wheel.set(this, 0);
            }
        };
        wheel.set(first, 0);
        wheel.set(second, 0);

        clock.advance(Duration.ofSeconds(1));
        assertThat(expired).containsExactly("first", "first", "first");
    }

    @Test
    void wakesTheLoopOnlyForWhatIsSet() {
        wheel.set(new Timeout("a"), Duration.ofSeconds(5).toNanos());
        assertThat(clock.pendingTasks()).isEqualTo(1);
        clock.advance(Duration.ofSeconds(6));
        assertThat(clock.pendingTasks()).isZero();
    }

    /** The same timers on the wheel and in a list that is searched. */
    @Test
    void agreesWithASearchedListOverRandomUse() {
        Random random = new Random(7);
        List<Timeout> timeouts = new ArrayList<>();
        for (int i = 0; i < 200; i++) timeouts.add(new Timeout("" + i));
        for (int step = 0; step < 20_000; step++) {
            Timeout timeout = timeouts.get(random.nextInt(timeouts.size()));
            if (random.nextInt(4) == 0) {
                wheel.cancel(timeout);
                timeout.due = Long.MAX_VALUE;
            } else {
                long nanos = (long) (Math.pow(random.nextDouble(), 4) * Duration.ofSeconds(30).toNanos());
                wheel.set(timeout, nanos);
                timeout.due = wheel.now() + nanos;
            }
            clock.advance(Duration.ofNanos(random.nextInt(20_000_000)));
            for (Timeout each : timeouts) {
                assertThat(each.isSet() || each.due == Long.MAX_VALUE).as("%s at step %d", each.name, step).isTrue();
                assertThat(each.due).isGreaterThanOrEqualTo(wheel.now() - TICK.toNanos());
            }
        }
    }

    private class Timeout extends TimerWheel.Timeout {

        private final String name;
        private long due = Long.MAX_VALUE;

        Timeout(String name) {
            this.name = name;
        }

        @Override
        protected void expire() {
            expired.add(name);
            if (due != Long.MAX_VALUE) assertThat(wheel.now()).isGreaterThanOrEqualTo(due);
            due = Long.MAX_VALUE;
        }
    }
}
