package mesh.proxy.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import mesh.model.HedgePolicy;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

/** What hedging brings and costs, over minutes of a clock that is moved. */
class RouteHedgeTest {

    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long SLOW = 500 * MILLI;

    private final FakeClock clock = new FakeClock();
    private final long start = clock.nanos();
    private final Random random = new Random(1);

    /** A first try that has not been answered by then. */
    private record Waiting(long began, long due, long answered) {}

    /** What became of all requests. */
    private record Result(int requests, int slowFirst, int slowSeen, int hedges) {}

    @Test
    void makesSlowAnswersAFifthOrLessForOneRequestInTwentyMore() {
        Result result = run(new RouteHedge(HedgePolicy.DEFAULT, clock), Duration.ofMinutes(2), Duration.ofMillis(1), 0.02);

        assertThat(result.slowFirst).isGreaterThan(result.requests / 60);
        assertThat(result.slowSeen).as("of %s slow", result.slowFirst).isLessThan(result.slowFirst / 5);
        assertThat(result.hedges).isLessThanOrEqualTo(result.requests / 20);
    }

    @Test
    void makesAnOverloadNoWorse() {
        Result result = run(new RouteHedge(HedgePolicy.DEFAULT, clock), Duration.ofMinutes(1), Duration.ofMillis(1), 0.6);

        assertThat(result.hedges).isLessThanOrEqualTo(result.requests / 20);
    }

    @Test
    void paysForHedgesBeforeTheyAreMadeWhateverTheTraffic() {
        RouteHedge hedge = new RouteHedge(new HedgePolicy(new HedgePolicy.Delay(Duration.ofMillis(1)), 0.1), clock);
        int requests = 0;
        int hedges = 0;
        for (int i = 0; i < 100_000; i++) {
            int burst = random.nextInt(50);
            for (int b = 0; b < burst; b++) hedge.begin();
            requests += burst;
            int wanted = random.nextInt(20);
            for (int w = 0; w < wanted; w++) hedges += hedge.tryWithdraw() ? 1 : 0;
            assertThat(hedges).isLessThanOrEqualTo(requests / 10);
            clock.advance(Duration.ofMillis(random.nextInt(random.nextInt(100) == 0 ? 20_000 : 100)));
        }
        assertThat(hedges).isGreaterThan(requests / 20);
    }

    @Test
    void waitsForAFixedDelayFromTheFirstRequestOnAndForAPercentileUntilItIsKnown() {
        RouteHedge fixed = new RouteHedge(new HedgePolicy(new HedgePolicy.Delay(Duration.ofMillis(50)), 1), clock);
        assertThat(fixed.begin()).isEqualTo(50 * MILLI);

        RouteHedge live = new RouteHedge(HedgePolicy.DEFAULT, clock);
        for (int i = 0; i < 99; i++) {
            assertThat(live.begin()).isGreaterThan(TimeUnit.DAYS.toNanos(365));
            live.answered(20 * MILLI, i);
        }
        live.answered(20 * MILLI, 1000 * MILLI);
        assertThat(live.begin()).isBetween(20 * MILLI, 22 * MILLI);
    }

    /** Requests come by chance, one in each {@code every} in the mean; a try takes 5 ms and a little, or half a second. */
    private Result run(RouteHedge route, Duration length, Duration every, double slowShare) {
        PriorityQueue<Waiting> waiting = new PriorityQueue<>(Comparator.comparingLong(w -> Math.min(w.due, w.answered)));
        int requests = 0;
        int slowFirst = 0;
        int slowSeen = 0;
        int hedges = 0;
        for (long now = 0; now < length.toNanos(); now = elapsed()) {
            Waiting next = waiting.peek();
            if (next != null && Math.min(next.due, next.answered) <= now) {
                waiting.poll();
                if (next.answered <= next.due) {
                    route.answered(next.answered - next.began, now);
                    slowSeen += next.answered - next.began >= SLOW ? 1 : 0;
                } else if (route.tryWithdraw()) {
                    hedges++;
                    long seen = Math.min(next.answered, next.due + latency(slowShare));
                    slowSeen += seen - next.began >= SLOW ? 1 : 0;
                    route.answered(seen - next.began, now);
                } else {
                    waiting.add(new Waiting(next.began, Long.MAX_VALUE, next.answered));
                }
                continue;
            }
            long first = latency(slowShare);
            requests++;
            slowFirst += first >= SLOW ? 1 : 0;
            waiting.add(new Waiting(now, now + route.begin(), now + first));
            clock.advance(Duration.ofNanos((long) (-Math.log(1 - random.nextDouble()) * every.toNanos())));
        }
        return new Result(requests, slowFirst, slowSeen, hedges);
    }

    private long elapsed() {
        return clock.nanos() - start;
    }

    private long latency(double slowShare) {
        return random.nextDouble() < slowShare ? SLOW : (long) (5 * MILLI * (1 + 0.2 * Math.abs(random.nextGaussian())));
    }
}
