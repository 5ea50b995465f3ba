package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import mesh.model.CircuitBreakerPolicy;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

/** The breaker beside a plain description of what it should do, through random permits, outcomes in any order, and time. */
class CircuitBreakerModelTest {

    private static final Duration PROBE_LIMIT = Duration.ofSeconds(30);

    /** A breaker as one would write it that is never asked by two at once and has all the room there is. */
    private static final class Expected {

        final CircuitBreakerPolicy policy;
        final ArrayDeque<Boolean> window = new ArrayDeque<>();
        CircuitBreaker.State state = CircuitBreaker.State.CLOSED;
        /** Outcomes of permits from before it do not count. */
        int phase;
        /** Until then an open one refuses, and a half-open one waits for its probe. */
        Duration until;
        int opened;

        Expected(CircuitBreakerPolicy policy) {
            this.policy = policy;
        }

        boolean acquire(Duration now) {
            if (state == CircuitBreaker.State.CLOSED) return true;
            if (now.compareTo(until) < 0) return false;
            enter(CircuitBreaker.State.HALF_OPEN, now.plus(longer(policy.resetTimeout(), PROBE_LIMIT)));
            return true;
        }

        void end(int permit, String how, Duration now) {
            if (permit != phase) return;
            boolean failed = how.equals("failed");
            if (state == CircuitBreaker.State.HALF_OPEN) {
                if (how.equals("ignored")) enter(CircuitBreaker.State.HALF_OPEN, now);
                else if (failed) open(now);
                else enter(CircuitBreaker.State.CLOSED, null);
            } else if (!how.equals("ignored")) {
                window.addLast(failed);
                if (window.size() > policy.windowSize()) window.removeFirst();
                boolean full = window.size() == policy.windowSize();
                long failures = window.stream().filter(each -> each).count();
                if (full && failures > 0 && failures >= policy.failureThreshold() * policy.windowSize() - 1e-9) open(now);
            }
        }

        private void open(Duration now) {
            opened++;
            enter(CircuitBreaker.State.OPEN, now.plus(policy.resetTimeout()));
        }

        private void enter(CircuitBreaker.State next, Duration moment) {
            state = next;
            until = moment;
            phase++;
            window.clear();
        }

        private static Duration longer(Duration a, Duration b) {
            return a.compareTo(b) > 0 ? a : b;
        }
    }

    /** @param model phase of the description in which it was given */
    private record Permit(long number, int model) {}

    @Test
    void doesWhatItsDescriptionSays() {
        int opened = 0;
        for (int seed = 0; seed < 500; seed++) opened += run(seed);
        assertThat(opened).as("times opened, without which this says nothing").isGreaterThan(3000);
    }

    private static int run(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        FakeClock clock = new FakeClock();
        Duration now = Duration.ZERO;
        CircuitBreakerPolicy policy = new CircuitBreakerPolicy(1 + random.nextInt(random.nextBoolean() ? 8 : 100), (1 + random.nextInt(20)) / 20.0,
            Duration.ofSeconds(1 + random.nextInt(60)));
        CircuitBreaker breaker = new CircuitBreaker(policy, clock, (from, to, failures, window) -> {});
        Expected expected = new Expected(policy);
        List<Permit> out = new ArrayList<>();
        int failing = random.nextInt(100);
        for (int step = 0; step < 2000; step++) {
            String did;
            switch (random.nextInt(10)) {
                case 0 -> {
                    Duration by = Duration.ofMillis(random.nextInt(10) == 0 ? random.nextInt(40_000) : random.nextInt(50));
                    clock.advance(by);
                    now = now.plus(by);
                    did = "advanced by " + by;
                }
                case 1, 2, 3, 4 -> {
                    boolean granted = expected.acquire(now);
                    long number = breaker.tryAcquire();
                    assertThat(number != 0).as("seed %d, step %d: permit; %s", seed, step, policy).isEqualTo(granted);
                    if (granted) out.add(new Permit(number, expected.phase));
                    did = "permit " + granted;
                }
                default -> {
                    if (out.isEmpty()) continue;
                    Permit permit = out.remove(random.nextInt(out.size()));
                    String how = random.nextInt(20) == 0 ? "ignored" : random.nextInt(100) < failing ? "failed" : "succeeded";
                    expected.end(permit.model, how, now);
                    if (how.equals("failed")) breaker.failed(permit.number);
                    else if (how.equals("succeeded")) breaker.succeeded(permit.number);
                    else breaker.ignored(permit.number);
                    did = how;
                }
            }
            assertThat(breaker.state()).as("seed %d, step %d: %s; %s", seed, step, did, policy).isEqualTo(expected.state);
            assertThat(breaker.usable()).as("seed %d, step %d: %s; usable; %s", seed, step, did, policy)
                .isEqualTo(expected.state == CircuitBreaker.State.CLOSED || now.compareTo(expected.until) >= 0);
        }
        return expected.opened;
    }
}
