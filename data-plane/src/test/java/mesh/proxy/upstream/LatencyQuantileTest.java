package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;

class LatencyQuantileTest {

    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    /** Of what is shorter than a sixteenth of this, a step is longer than a sixteenth. */
    private static final long FINEST = 16 * 1024;

    @Test
    void isWithinASixteenthOfTheSortedListsAndNeverBelow() {
        Map<String, ToLongFunction<Random>> shapes = Map.of(
            "all alike", random -> 7 * MILLI,
            "even", random -> random.nextLong(SECOND),
            "two humps", random -> random.nextInt(10) == 0 ? SECOND + random.nextLong(MILLI) : MILLI,
            "long tail", random -> (long) (MILLI * Math.exp(2 * random.nextGaussian())),
            "very short", random -> random.nextLong(20_000));
        shapes.forEach((name, shape) -> {
            for (double share : new double[] {0.5, 0.9, 0.95, 0.99, 0.999}) {
                Random random = new Random(1);
                LatencyQuantile quantile = new LatencyQuantile(share);
                long[] added = new long[5000];
                for (int i = 0; i < added.length; i++) {
                    added[i] = shape.applyAsLong(random);
                    // All at one moment, but for the last, which has it added up.
                    quantile.add(added[i], i < added.length - 1 ? 0 : SECOND);
                }
                Arrays.sort(added);
                long exact = added[added.length - 1 - (int) (added.length * (1 - share))];
                assertThat(quantile.nanos()).as("%s, %s", name, share).isBetween(exact, exact + (exact + FINEST) / 16 + 1024);
            }
        });
    }

    @Test
    void isUnknownUntilAHundredHaveBeenAnswered() {
        LatencyQuantile quantile = new LatencyQuantile(0.95);
        for (int i = 1; i <= 99; i++) quantile.add(MILLI, i * SECOND / 20);
        assertThat(quantile.nanos()).isEqualTo(LatencyQuantile.UNKNOWN);
        quantile.add(MILLI, 6 * SECOND);
        assertThat(quantile.nanos()).isBetween(MILLI, MILLI * 17 / 16 + 1024);
    }

    @Test
    void followsARouteThatHasBecomeSlowerOrQuicker() {
        LatencyQuantile quantile = new LatencyQuantile(0.95);
        long now = addForAMinute(quantile, 0, 10 * MILLI);
        now = addForAMinute(quantile, now, 100 * MILLI);
        assertThat(quantile.nanos()).isBetween(100 * MILLI, 107 * MILLI);
        addForAMinute(quantile, now, MILLI);
        assertThat(quantile.nanos()).isBetween(MILLI, MILLI * 17 / 16 + 1024);
    }

    @Test
    void isUnknownAgainWhenNearlyNothingIsAskedAnyMore() {
        LatencyQuantile quantile = new LatencyQuantile(0.95);
        long now = addForAMinute(quantile, 0, 10 * MILLI);
        for (int i = 1; i <= 20; i++) quantile.add(10 * MILLI, now + i * 11 * SECOND);
        assertThat(quantile.nanos()).isEqualTo(LatencyQuantile.UNKNOWN);
    }

    @Test
    void losesNothingOfFourThreads() throws Exception {
        for (int round = 0; round < 100; round++) {
            LatencyQuantile quantile = new LatencyQuantile(0.95);
            Race.of(4, thread -> {
                for (int i = 0; i < 24; i++) quantile.add(thread * MILLI, i);
            });
            for (int i = 0; i < 3; i++) quantile.add(MILLI, SECOND + i);
            assertThat(quantile.nanos()).isEqualTo(LatencyQuantile.UNKNOWN);
            quantile.add(MILLI, 2 * SECOND);
            assertThat(quantile.nanos()).isNotEqualTo(LatencyQuantile.UNKNOWN);
        }
    }

    @Test
    void takesWhatLastsForeverForTheLongestItKnows() {
        LatencyQuantile quantile = new LatencyQuantile(0.5);
        for (int i = 0; i < 100; i++) quantile.add(Long.MAX_VALUE / 2, i * SECOND / 200);
        quantile.add(1, SECOND);
        assertThat(quantile.nanos()).isBetween(60 * SECOND, 80 * SECOND);
    }

    private static long addForAMinute(LatencyQuantile quantile, long from, long each) {
        for (int i = 1; i <= 6000; i++) quantile.add(each, from + i * SECOND / 100);
        return from + 60 * SECOND;
    }
}
