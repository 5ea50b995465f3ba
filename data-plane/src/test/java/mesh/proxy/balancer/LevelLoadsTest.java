package mesh.proxy.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Envoy's tables of priorities and of the panic threshold, and what holds for every other one. */
class LevelLoadsTest {

    /** Percent that is healthy, and what its documentation says the levels get; levels in panic are marked with "!". */
    @ParameterizedTest
    @CsvSource({
        "100 100, 100 0", "72 100, 100 0", "71 100, 99 1", "50 100, 70 30", "25 100, 35 65", "0 100, 0 100",
        "100 100 100, 100 0 0", "72 72 100, 100 0 0", "71 71 100, 99 1 0", "50 50 100, 70 30 0", "25 100 100, 35 65 0", "25 25 100, 35 35 30",
        "72 72, 100 0", "71 71, 99 1", "50 60, 70 30", "25 100, 35 65", "25 25, 50! 50!", "5 65, 7! 93"})
    void sharesOutAsEnvoyDoes(String healthy, String expected) {
        int[] percent = Arrays.stream(healthy.split(" ")).mapToInt(Integer::parseInt).toArray();
        int[] hosts = IntStream.generate(() -> 100).limit(percent.length).toArray();
        LevelLoads loads = LevelLoads.of(hosts, percent, 50);
        String[] texts = expected.split(" ");
        for (int i = 0; i < texts.length; i++) {
            // The documentation rounds to the nearest percent, Envoy itself down.
            assertThat(loads.load(i)).as("level %d of %s", i, healthy).isCloseTo(Integer.parseInt(texts[i].replace("!", "")), within(1));
            assertThat(loads.inPanic(i)).as("panic on level %d of %s", i, healthy).isEqualTo(texts[i].endsWith("!"));
        }
    }

    @ParameterizedTest
    @CsvSource({"50, false", "49, true"})
    void panicsBelowTheThresholdAndNotAtIt(int healthy, boolean panic) {
        assertThat(LevelLoads.of(new int[] {100}, new int[] {healthy}, 50).inPanic(0)).isEqualTo(panic);
    }

    @Test
    void neverPanicsWhileAllLevelsTogetherCarryEverything() {
        LevelLoads loads = LevelLoads.of(new int[] {100, 100}, new int[] {1, 72}, 100);
        assertThat(loads.inPanic(0)).isFalse();
        assertThat(loads.inPanic(1)).isFalse();
    }

    @Test
    void goesByTheNumberOfHostsWhenEveryLevelPanics() {
        LevelLoads loads = LevelLoads.of(new int[] {1, 3}, new int[] {0, 1}, 50);
        assertThat(loads.load(0)).isEqualTo(25);
        assertThat(loads.load(1)).isEqualTo(75);
    }

    @Test
    void neverPanicsAtAThresholdOfNone() {
        LevelLoads loads = LevelLoads.of(new int[] {3, 3}, new int[] {0, 0}, 0);
        assertThat(loads.inPanic(0)).isFalse();
        assertThat(loads.load(0)).isEqualTo(100);
    }

    @Test
    void alwaysSharesOutEverythingAndFindsALevelForEveryPercent() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 20_000; round++) {
            int n = 1 + random.nextInt(6);
            int[] hosts = random.ints(n, 0, 8).toArray();
            int[] healthy = Arrays.stream(hosts).map(each -> random.nextInt(each + 1)).toArray();
            LevelLoads loads = LevelLoads.of(hosts, healthy, random.nextInt(101));
            int[] met = new int[n];
            for (int percent = 0; percent < 100; percent++) met[loads.at(percent)]++;
            for (int i = 0; i < n; i++) assertThat(met[i]).as("%s of %s", Arrays.toString(healthy), Arrays.toString(hosts)).isEqualTo(loads.load(i));
            if (loads.only() >= 0) assertThat(loads.load(loads.only())).isEqualTo(100);
        }
    }
}
