package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import mesh.proxy.balancer.Balancer;
import mesh.proxy.balancer.Candidate;
import mesh.proxy.balancer.PeakEwma;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

class PeakLatencyTest {

    private static final long MILLI = 1_000_000;

    private final FakeClock clock = new FakeClock();
    private final PeakLatency latency = new PeakLatency(clock);

    @Test
    void knowsNothingAtFirst() {
        assertThat(latency.nanos()).isZero();
    }

    @Test
    void takesTheFirstAnswerAsItIs() {
        latency.answered(5 * MILLI);
        assertThat(latency.nanos()).isCloseTo(5 * MILLI, within(1.0));
    }

    @Test
    void isRaisedAtOnceAndForgetsSlowly() {
        latency.answered(5 * MILLI);
        latency.answered(100 * MILLI);
        assertThat(latency.nanos()).isCloseTo(100 * MILLI, within(10.0));
        clock.advance(Duration.ofSeconds(1));
        latency.answered(5 * MILLI);
        assertThat(latency.nanos() / MILLI).isCloseTo(5 + 95 * Math.exp(-0.1), within(0.2));
    }

    @Test
    void fadesWithoutAnswers() {
        latency.answered(100 * MILLI);
        clock.advance(Duration.ofSeconds(20));
        assertThat(latency.nanos() / MILLI).isCloseTo(100 * Math.exp(-2), within(0.1));
        clock.advance(Duration.ofDays(1));
        assertThat(latency.nanos()).isLessThan(1);
    }

    @Test
    void isHardlyRaisedByOneFailureOfMany() {
        for (int i = 0; i < 1000; i++) {
            clock.advance(Duration.ofMillis(5));
            if (i == 900) latency.failed(MILLI);
            else latency.answered(5 * MILLI);
        }
        assertThat(latency.nanos() / MILLI).isLessThan(6.5);
    }

    @Test
    void isRaisedByFailuresHoweverQuick() {
        for (int i = 0; i < 2000; i++) {
            clock.advance(Duration.ofMillis(5));
            latency.failed(MILLI / 10);
        }
        assertThat(latency.nanos() / MILLI).isGreaterThan(500);
    }

    /** Three upstreams, a request every millisecond for a minute, each answered when its upstream is done with it. */
    @Test
    void keepsTrafficFromOneThatFailsQuicklyAndFromOneThatIsSlow() {
        assertThat(shares(i -> 5, -1)).containsExactly(new double[] {0.33, 0.33, 0.33}, within(0.04));
        assertThat(shares(i -> new int[] {5, 5, 50}[i], -1)[2]).as("ten times as slow").isBetween(0.0001, 0.12);
        assertThat(shares(i -> new int[] {5, 5, 1}[i], 2)[2]).as("fails, and quickly").isBetween(0.00001, 0.02);
    }

    /** One that has recovered is found out, and gets its share again. */
    @Test
    void returnsToOneThatHasRecovered() {
        latency.answered(5 * MILLI);
        for (int i = 0; i < 3000; i++) {
            clock.advance(Duration.ofMillis(1));
            latency.failed(MILLI);
        }
        double worst = latency.nanos();
        clock.advance(Duration.ofSeconds(60));
        assertThat(latency.nanos()).isLessThan(5.0 * MILLI).isLessThan(worst / 50);
    }

    /** @return what part of the requests each of three got */
    private static double[] shares(IntUnaryOperator millis, int failing) {
        FakeClock time = new FakeClock();
        List<Simulated> upstreams = new ArrayList<>();
        for (int i = 0; i < 3; i++) upstreams.add(new Simulated(new PeakLatency(time)));
        PeakEwma<Simulated> balancer = new PeakEwma<>(upstreams, new SplittableRandom(7));
        int requests = 60_000;
        for (int now = 0; now < requests; now++) {
            time.advance(Duration.ofMillis(1));
            for (int i = 0; i < 3; i++) upstreams.get(i).answer(now, millis.applyAsInt(i), i == failing);
            Simulated picked = balancer.pick(List.of(), Balancer.NO_KEY);
            picked.begun.add(now);
            picked.picks++;
        }
        return upstreams.stream().mapToDouble(each -> each.picks / (double) requests).toArray();
    }

    /** One that takes the same time for each. */
    private static final class Simulated implements Candidate {

        final PeakLatency seen;
        final ArrayDeque<Integer> begun = new ArrayDeque<>();
        int picks;

        Simulated(PeakLatency seen) {
            this.seen = seen;
        }

        void answer(int now, int millis, boolean failing) {
            while (!begun.isEmpty() && begun.peek() + millis <= now) {
                begun.poll();
                if (failing) seen.failed(millis * MILLI);
                else seen.answered(millis * MILLI);
            }
        }

        @Override
        public String name() {
            return "simulated";
        }

        @Override
        public int weight() {
            return 1;
        }

        @Override
        public int inFlight() {
            return begun.size();
        }

        @Override
        public double latency() {
            return seen.nanos();
        }

        @Override
        public boolean usable() {
            return true;
        }
    }
}
