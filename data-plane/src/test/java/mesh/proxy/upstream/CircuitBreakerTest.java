package mesh.proxy.upstream;

import static mesh.proxy.upstream.CircuitBreaker.State.CLOSED;
import static mesh.proxy.upstream.CircuitBreaker.State.HALF_OPEN;
import static mesh.proxy.upstream.CircuitBreaker.State.OPEN;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import mesh.model.BreakerFailure;
import mesh.model.CircuitBreakerPolicy;
import mesh.proxy.Allocations;
import mesh.time.FakeClock;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {

    private static final Duration RESET = Duration.ofSeconds(10);
    private static final CircuitBreakerPolicy TWENTY_HALF = new CircuitBreakerPolicy(20, 0.5, RESET);
    private static final CircuitBreakerPolicy ONE = new CircuitBreakerPolicy(1, 1, RESET);

    private final FakeClock clock = new FakeClock();
    private final Queue<String> changes = new ConcurrentLinkedQueue<>();

    @Test
    void opensWhenTenOfTwentyRequestsFailed() {
        CircuitBreaker breaker = breaker(TWENTY_HALF);
        outcomes(breaker, 10, true);
        outcomes(breaker, 9, false);
        assertThat(breaker.state()).isEqualTo(CLOSED);
        outcomes(breaker, 1, false);
        assertThat(breaker.state()).isEqualTo(OPEN);
        assertThat(changes).containsExactly("CLOSED to OPEN, 10 of 20");
    }

    @Test
    void countsWhatItsPolicyNames() {
        Set<BreakerFailure> named = EnumSet.of(BreakerFailure.CONNECT_FAILURE, BreakerFailure.UNAVAILABLE);
        for (BreakerFailure each : BreakerFailure.values()) {
            CircuitBreaker breaker = breaker(new CircuitBreakerPolicy(1, 1, RESET, named));
            breaker.failed(breaker.tryAcquire(), each);
            assertThat(breaker.state()).as("%s", each).isEqualTo(named.contains(each) ? OPEN : CLOSED);
        }
    }

    @Test
    void takesABadAnswerThatIsNotCountedForAGoodOneAndNoAnswerForNone() {
        CircuitBreakerPolicy policy = new CircuitBreakerPolicy(2, 0.5, RESET, EnumSet.of(BreakerFailure.CONNECT_FAILURE));
        CircuitBreaker answered = breaker(policy);
        answered.failed(answered.tryAcquire(), BreakerFailure.FIVE_XX);
        assertThat(answered.view()).isEqualTo(new CircuitBreaker.View(CLOSED, 0, 1, 0));
        CircuitBreaker silent = breaker(policy);
        silent.failed(silent.tryAcquire(), BreakerFailure.RESET);
        assertThat(silent.view()).isEqualTo(new CircuitBreaker.View(CLOSED, 0, 0, 0));
    }

    @Test
    void showsWhatItHasCountedAndWhenItWillProbe() {
        CircuitBreaker breaker = breaker(new CircuitBreakerPolicy(4, 0.5, RESET));
        outcomes(breaker, 1, true);
        outcomes(breaker, 1, false);
        assertThat(breaker.view()).isEqualTo(new CircuitBreaker.View(CLOSED, 1, 2, 0));
        outcomes(breaker, 2, true);
        clock.advance(Duration.ofSeconds(4));
        assertThat(breaker.view()).isEqualTo(new CircuitBreaker.View(OPEN, 0, 0, Duration.ofSeconds(6).toNanos()));
        clock.advance(Duration.ofSeconds(6));
        breaker.tryAcquire();
        assertThat(breaker.view()).isEqualTo(new CircuitBreaker.View(HALF_OPEN, 0, 0, 0));
    }

    @Test
    void staysClosedWhenNineOfEveryTwentyFail() {
        CircuitBreaker breaker = breaker(TWENTY_HALF);
        for (int i = 0; i < 50; i++) {
            outcomes(breaker, 9, true);
            outcomes(breaker, 11, false);
        }
        assertThat(breaker.state()).isEqualTo(CLOSED);
    }

    @Test
    void staysClosedUntilTheWindowIsFull() {
        CircuitBreaker breaker = breaker(TWENTY_HALF);
        outcomes(breaker, 19, true);
        assertThat(breaker.usable()).isTrue();
        outcomes(breaker, 1, true);
        assertThat(breaker.usable()).isFalse();
    }

    @Test
    void countsOnlyTheLastTwenty() {
        CircuitBreaker breaker = breaker(TWENTY_HALF);
        outcomes(breaker, 100, false);
        outcomes(breaker, 9, true);
        assertThat(breaker.state()).isEqualTo(CLOSED);
        outcomes(breaker, 1, true);
        assertThat(breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void takesAThresholdThatIsNoWholeNumberOfRequestsAsTheNextOne() {
        CircuitBreaker breaker = breaker(new CircuitBreakerPolicy(20, 0.51, RESET));
        outcomes(breaker, 10, false);
        outcomes(breaker, 10, true);
        assertThat(breaker.state()).isEqualTo(CLOSED);
        outcomes(breaker, 10, false);
        outcomes(breaker, 11, true);
        assertThat(breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void takesElevenOfTwentyAsFiftyFivePercent() {
        CircuitBreaker breaker = breaker(new CircuitBreakerPolicy(20, 0.55, RESET));
        outcomes(breaker, 9, false);
        outcomes(breaker, 11, true);
        assertThat(breaker.state()).isEqualTo(OPEN);
    }

    @Test
    void refusesForTheResetTimeoutAndThenLetsOneProbeThrough() {
        CircuitBreaker breaker = open();
        clock.advance(RESET.minusNanos(1));
        assertThat(breaker.usable()).isFalse();
        assertThat(breaker.tryAcquire()).isZero();
        clock.advance(Duration.ofNanos(1));
        assertThat(breaker.usable()).isTrue();
        assertThat(breaker.state()).isEqualTo(OPEN);
        assertThat(breaker.tryAcquire()).isPositive();
        assertThat(breaker.state()).isEqualTo(HALF_OPEN);
        assertThat(breaker.usable()).isFalse();
        assertThat(breaker.tryAcquire()).isZero();
    }

    @Test
    void opensUpToATwentiethLongerByChance() {
        CircuitBreaker breaker = new CircuitBreaker(ONE, clock, new ScriptedRandom(0.5), this::note);
        outcomes(breaker, 1, true);
        clock.advance(Duration.ofMillis(10_250).minusNanos(1));
        assertThat(breaker.usable()).isFalse();
        clock.advance(Duration.ofNanos(1));
        assertThat(breaker.usable()).isTrue();
    }

    @Test
    void closesWithAnEmptyWindowWhenTheProbeSucceeds() {
        CircuitBreaker breaker = open(TWENTY_HALF);
        breaker.succeeded(probe(breaker));
        assertThat(breaker.state()).isEqualTo(CLOSED);
        outcomes(breaker, 19, true);
        assertThat(breaker.state()).isEqualTo(CLOSED);
        assertThat(changes).containsExactly("CLOSED to OPEN, 20 of 20", "OPEN to HALF_OPEN, 0 of 0", "HALF_OPEN to CLOSED, 0 of 1");
    }

    @Test
    void opensAgainForTheWholeTimeoutWhenTheProbeFails() {
        CircuitBreaker breaker = open();
        breaker.failed(probe(breaker));
        assertThat(breaker.state()).isEqualTo(OPEN);
        clock.advance(RESET.minusNanos(1));
        assertThat(breaker.usable()).isFalse();
        clock.advance(Duration.ofNanos(1));
        assertThat(breaker.usable()).isTrue();
        assertThat(changes).last().isEqualTo("HALF_OPEN to OPEN, 1 of 1");
    }

    @Test
    void letsTheNextRequestProbeWhenAProbeIsIgnored() {
        CircuitBreaker breaker = open();
        breaker.ignored(probe(breaker));
        assertThat(breaker.state()).isEqualTo(HALF_OPEN);
        assertThat(breaker.usable()).isTrue();
        assertThat(breaker.tryAcquire()).isPositive();
        assertThat(breaker.tryAcquire()).isZero();
    }

    @Test
    void givesUpAProbeThatNeverEnds() {
        CircuitBreaker breaker = open();
        long lost = probe(breaker);
        clock.advance(Duration.ofSeconds(30).minusNanos(1));
        assertThat(breaker.tryAcquire()).isZero();
        clock.advance(Duration.ofNanos(1));
        long next = breaker.tryAcquire();
        assertThat(next).isPositive();
        breaker.failed(lost);
        assertThat(breaker.state()).isEqualTo(HALF_OPEN);
        breaker.succeeded(next);
        assertThat(breaker.state()).isEqualTo(CLOSED);
    }

    @Test
    void ignoresWhatEndsAfterItOpened() {
        CircuitBreaker breaker = breaker(ONE);
        long early = breaker.tryAcquire();
        outcomes(breaker, 1, true);
        long probe = probe(breaker);
        breaker.succeeded(early);
        assertThat(breaker.state()).isEqualTo(HALF_OPEN);
        breaker.failed(early);
        assertThat(breaker.state()).isEqualTo(HALF_OPEN);
        breaker.succeeded(probe);
        breaker.failed(early);
        assertThat(breaker.state()).isEqualTo(CLOSED);
    }

    @Test
    void doesNotCountIgnoredOutcomes() {
        CircuitBreaker breaker = breaker(new CircuitBreakerPolicy(2, 0.5, RESET));
        outcomes(breaker, 1, true);
        breaker.ignored(breaker.tryAcquire());
        assertThat(breaker.state()).isEqualTo(CLOSED);
    }

    @Test
    void opensOnceWhenManyThreadsFailAtOnce() throws Exception {
        CircuitBreaker breaker = breaker(TWENTY_HALF);
        Race.of(8, thread -> outcomes(breaker, 1000, true));
        assertThat(changes).hasSize(1).first().asString().startsWith("CLOSED to OPEN");
    }

    @Test
    void givesTheProbeToOneOfManyThreads() throws Exception {
        for (int round = 0; round < 200; round++) {
            CircuitBreaker breaker = open();
            clock.advance(RESET);
            AtomicInteger permits = new AtomicInteger();
            Race.of(4, thread -> {
                if (breaker.tryAcquire() != 0) {
                    permits.incrementAndGet();
                }
            });
            assertThat(permits).hasValue(1);
        }
    }

    /** The ticker moves on by each reading, so an open breaker is soon due for a probe and all states are gone through fast. */
    @Test
    void goesFromStateToStateInOrderHoweverThreadsRace() throws Exception {
        AtomicLong nanos = new AtomicLong();
        var breaker = new CircuitBreaker(new CircuitBreakerPolicy(5, 0.4, Duration.ofNanos(1)), nanos::incrementAndGet, this::note);
        Race.of(4, thread -> {
            SplittableRandom chance = new SplittableRandom(thread);
            for (int i = 0; i < 20_000; i++) {
                long permit = breaker.tryAcquire();
                switch (chance.nextInt(4)) {
                    case 0, 1 -> breaker.failed(permit);
                    case 2 -> breaker.succeeded(permit);
                    default -> breaker.ignored(permit);
                }
            }
        });
        long probed = count("OPEN to HALF_OPEN");
        assertThat(probed).isGreaterThan(100);
        assertThat(count("CLOSED to OPEN") + count("HALF_OPEN to OPEN") - probed).as("opened and not yet probed").isBetween(0L, 1L);
        assertThat(probed - count("HALF_OPEN to CLOSED") - count("HALF_OPEN to OPEN")).as("probes under way").isBetween(0L, 1L);
        assertThat(count("HALF_OPEN to CLOSED") - count("CLOSED to OPEN")).as("closed and not opened again").isBetween(-1L, 0L);
    }

    @Test
    void doesNotAllocateForAPermitAndItsOutcome() {
        CircuitBreaker breaker = breaker(TWENTY_HALF);
        assertThat(Allocations.least(5, () -> {
            for (int i = 0; i < 1000; i++) {
                outcomes(breaker, 4, false);
                outcomes(breaker, 1, true);
            }
        })).isLessThan(1000);
    }

    private CircuitBreaker breaker(CircuitBreakerPolicy policy) {
        return new CircuitBreaker(policy, clock, this::note);
    }

    private CircuitBreaker open() {
        return open(ONE);
    }

    private CircuitBreaker open(CircuitBreakerPolicy policy) {
        CircuitBreaker breaker = breaker(policy);
        outcomes(breaker, policy.windowSize(), true);
        assertThat(breaker.state()).isEqualTo(OPEN);
        return breaker;
    }

    private long probe(CircuitBreaker breaker) {
        clock.advance(RESET);
        return breaker.tryAcquire();
    }

    private static void outcomes(CircuitBreaker breaker, int times, boolean failed) {
        for (int i = 0; i < times; i++) {
            long permit = breaker.tryAcquire();
            if (failed) {
                breaker.failed(permit);
            } else {
                breaker.succeeded(permit);
            }
        }
    }

    private long count(String change) {
        return changes.stream().filter(c -> c.startsWith(change)).count();
    }

    private void note(CircuitBreaker.State from, CircuitBreaker.State to, int failures, int window) {
        changes.add(from + " to " + to + ", " + failures + " of " + window);
    }
}
