package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import mesh.model.ConnectionPolicy;
import mesh.model.HealthCheckPolicy;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.upstream.HealthChecker.State;
import mesh.proxy.upstream.HealthProbe.Answer;
import mesh.time.FakeClock;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;

class HealthCheckerTest {

    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    /** What a timer may be late. */
    private static final Duration TICK = Duration.ofNanos(1 << 22);
    private static final ConnectSettings PLAIN = new ConnectSettings(Optional.empty(), ConnectionPolicy.DEFAULT);

    private final FakeClock clock = new FakeClock();
    private final TimerWheel timers = new TimerWheel(clock.scheduler(), clock);
    private final ClusterLoad load = new ClusterLoad(limit -> {});
    private final Probe probe = new Probe();
    private final List<String> changes = new ArrayList<>();
    private final List<Answer> answers = new ArrayList<>();

    /** Is asked, and answers when the test does. */
    private static final class Probe implements HealthProbe {
        int asked;
        int closed;
        Outcome outcome;

        @Override
        public void ask(Outcome next) {
            asked++;
            outcome = next;
        }

        @Override
        public void close() {
            closed++;
            outcome = null;
        }

        void answer(Answer answer) {
            Outcome told = outcome;
            outcome = null;
            told.onAnswer(answer, "so it is");
        }
    }

    @Test
    void asksANewEndpointAtOnceAndTakesItsFirstPass() {
        HealthChecker checker = begun(policy(0), State.PENDING);
        assertThat(probe.asked).isEqualTo(1);
        assertThat(checker.isHealthy()).isFalse();
        probe.answer(Answer.SUCCESS);
        assertThat(checker.isHealthy()).isTrue();
        assertThat(changes).containsExactly("PENDING to HEALTHY: first check: so it is");
    }

    @Test
    void wantsTwoPassesInARowOfOneThatFailedAtFirst() {
        HealthChecker checker = begun(policy(0), State.PENDING);
        for (Answer each : List.of(Answer.FAILURE, Answer.SUCCESS, Answer.NETWORK_FAILURE, Answer.SUCCESS)) next(each);
        assertThat(checker.view()).isEqualTo(new HealthChecker.View(State.UNHEALTHY, 1, 0, "so it is"));
        next(Answer.SUCCESS);
        assertThat(checker.isHealthy()).isTrue();
        assertThat(changes).containsExactly("PENDING to UNHEALTHY: first check: so it is",
            "UNHEALTHY to HEALTHY: 2 checks in a row passed (threshold 2), the last: so it is");
        assertThat(answers).containsExactly(Answer.FAILURE, Answer.SUCCESS, Answer.NETWORK_FAILURE, Answer.SUCCESS, Answer.SUCCESS);
    }

    @Test
    void threeChecksInARowWithoutAnAnswerMakeItUnhealthyAndTwoDoNot() {
        HealthChecker checker = begun(policy(0), State.HEALTHY);
        for (Answer each : List.of(Answer.NETWORK_FAILURE, Answer.NETWORK_FAILURE, Answer.SUCCESS, Answer.NETWORK_FAILURE, Answer.NETWORK_FAILURE)) next(each);
        assertThat(checker.isHealthy()).isTrue();
        next(Answer.NETWORK_FAILURE);
        assertThat(checker.isHealthy()).isFalse();
        assertThat(changes).containsExactly("HEALTHY to UNHEALTHY: 3 checks in a row failed (threshold 3), the last: so it is");
    }

    @Test
    void anAnswerThatSaysSoMakesItUnhealthyAtOnce() {
        HealthChecker checker = begun(policy(0), State.HEALTHY);
        next(Answer.FAILURE);
        assertThat(checker.isHealthy()).isFalse();
    }

    @Test
    void silenceIsAFailureOnceTheTimeoutIsOverAndNotBefore() {
        HealthChecker checker = begun(policy(0), State.PENDING);
        clock.advance(TIMEOUT.minusNanos(1));
        assertThat(checker.view().state()).isEqualTo(State.PENDING);
        clock.advance(TICK);
        assertThat(checker.view()).isEqualTo(new HealthChecker.View(State.UNHEALTHY, 0, 1, "no answer within 2s"));
        assertThat(probe.closed).isEqualTo(1);
    }

    @Test
    void asksAgainAnIntervalAfterTheAnswer() {
        load.tryRequest(1);
        begun(policy(0), State.PENDING);
        clock.advance(Duration.ofSeconds(1));
        probe.answer(Answer.SUCCESS);
        clock.advance(INTERVAL.minusNanos(1));
        assertThat(probe.asked).isEqualTo(1);
        clock.advance(TICK);
        assertThat(probe.asked).isEqualTo(2);
    }

    @Test
    void anIntervalIsLongerByChance() {
        load.tryRequest(1);
        begun(policy(20), State.PENDING, new ScriptedRandom(1_500_000_000));
        probe.answer(Answer.SUCCESS);
        clock.advance(Duration.ofMillis(11_499));
        assertThat(probe.asked).isEqualTo(1);
        clock.advance(Duration.ofMillis(1).plus(TICK));
        assertThat(probe.asked).isEqualTo(2);
    }

    @Test
    void theFirstCheckIsPutOffByChance() {
        HealthCheckPolicy late = new HealthCheckPolicy(HealthCheckPolicy.Tcp.CONNECT, INTERVAL, 0, Duration.ofSeconds(4), TIMEOUT, 3, 2, INTERVAL, true);
        begun(late, State.PENDING, new ScriptedRandom(3_000_000_000L));
        clock.advance(Duration.ofSeconds(3).minusNanos(1));
        assertThat(probe.asked).isZero();
        clock.advance(TICK);
        assertThat(probe.asked).isEqualTo(1);
    }

    @Test
    void asksAQuietClusterRarelyUntilSomethingIsSentToIt() {
        begun(policy(0), State.PENDING);
        probe.answer(Answer.SUCCESS);
        clock.advance(Duration.ofSeconds(60).minusNanos(1));
        assertThat(probe.asked).isEqualTo(1);
        clock.advance(TICK);
        assertThat(probe.asked).isEqualTo(2);
        probe.answer(Answer.SUCCESS);
        clock.advance(Duration.ofSeconds(15));
        load.tryRequest(1);
        clock.advance(Duration.ofSeconds(5).plus(TICK).plus(TICK));
        assertThat(probe.asked).as("an interval after the last look").isEqualTo(3);
    }

    @Test
    void nothingIsLeftOfItWhenItEnds() {
        HealthChecker checker = begun(policy(0), State.PENDING);
        checker.end();
        clock.advance(Duration.ZERO);
        assertThat(probe.closed).isEqualTo(1);
        assertThat(timers.count()).isZero();
        clock.advance(Duration.ofHours(1));
        assertThat(probe.asked).isEqualTo(1);
    }

    @Test
    void oneThatEndsBeforeItBeginsNeverAsks() {
        HealthChecker checker = checker(policy(0), State.PENDING, new ScriptedRandom());
        checker.end();
        checker.begin();
        clock.advance(Duration.ofHours(1));
        assertThat(probe.asked).isZero();
        assertThat(timers.count()).isZero();
    }

    /** Beside a plain description: an endpoint goes at one bad answer or n silences in a row and comes back with m passes in a row. */
    @Test
    void doesWhatItsDescriptionSays() {
        for (int seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int bad = 1 + random.nextInt(4);
            int good = 1 + random.nextInt(4);
            HealthChecker checker = begun(
                new HealthCheckPolicy(HealthCheckPolicy.Tcp.CONNECT, INTERVAL, 0, Duration.ZERO, TIMEOUT, bad, good, INTERVAL, true), State.PENDING);
            List<Answer> history = new ArrayList<>();
            boolean healthy = false;
            for (int step = 0; step < 100; step++) {
                Answer answer = Answer.values()[random.nextInt(3)];
                history.add(answer);
                if (answer == Answer.SUCCESS) healthy |= history.size() == 1 || run(history, true) >= good;
                else healthy &= answer != Answer.FAILURE && run(history, false) < bad;
                next(answer);
                assertThat(checker.isHealthy()).as("seed %d, %d and %d: %s", seed, bad, good, history).isEqualTo(healthy);
            }
            checker.end();
            clock.advance(Duration.ZERO);
        }
    }

    private static int run(List<Answer> history, boolean well) {
        int length = 0;
        while (length < history.size() && history.get(history.size() - 1 - length) == Answer.SUCCESS == well) length++;
        return length;
    }

    /** Answers, after having waited to be asked. */
    private void next(Answer answer) {
        for (int i = 0; probe.outcome == null && i < 100; i++) clock.advance(Duration.ofSeconds(1));
        probe.answer(answer);
    }

    private static HealthCheckPolicy policy(int jitterPercent) {
        return new HealthCheckPolicy(
            HealthCheckPolicy.Tcp.CONNECT, INTERVAL, jitterPercent, Duration.ZERO, TIMEOUT, 3, 2, Duration.ofSeconds(60), true);
    }

    private HealthChecker begun(HealthCheckPolicy policy, State known) {
        return begun(policy, known, new ScriptedRandom());
    }

    private HealthChecker begun(HealthCheckPolicy policy, State known, RandomGenerator random) {
        HealthChecker checker = checker(policy, known, random);
        checker.begin();
        checker.begin();
        clock.advance(Duration.ZERO);
        return checker;
    }

    private HealthChecker checker(HealthCheckPolicy policy, State known, RandomGenerator random) {
        return new HealthChecker(policy, PLAIN, probe, clock.scheduler(), timers, load, known, random, new HealthChecker.Observer() {
            @Override
            public void onAnswer(Answer answer) {
                answers.add(answer);
            }

            @Override
            public void onChange(State from, State to, String numbers) {
                changes.add(from + " to " + to + ": " + numbers);
            }
        });
    }
}
