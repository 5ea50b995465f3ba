package mesh.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DurationsTest {

    private final DurationCells one = new DurationCells();
    private final DurationCells other = new DurationCells();

    @Test
    void everyLengthIsKnownToWithinAHundredAndTwentyEighth() {
        for (int bits = 0; bits < 32; bits++) {
            for (long micros : new long[] {(1L << bits) - 1, 1L << bits, (1L << bits) + 1, 3L << bits >> 1}) {
                DurationCells cells = new DurationCells();
                cells.add(micros);
                Durations durations = Durations.of(List.of(cells), Durations.NONE);
                assertThat(durations.quantile(0.5)).as("%d µs", micros).isBetween(micros, micros + micros / 128);
                assertThat(durations.upTo(micros)).as("up to %d µs", micros).isOne();
                assertThat(durations.upTo(micros - micros / 128 - 1)).as("below %d µs", micros).isZero();
            }
        }
    }

    @Test
    void whatTakesLongerThanAnyIsCountedAsTheLongest() {
        one.add(Long.MAX_VALUE / 1000);
        assertThat(now().quantile(1)).isEqualTo((1L << 32) - 1);
    }

    @Test
    void quantilesAreThoseOfTheSortedLengths() {
        Random random = new Random(5);
        long[] all = random.longs(10_000, 0, 1L << 20).map(each -> each >> random.nextInt(20)).toArray();
        for (int i = 0; i < all.length; i++) (i % 2 == 0 ? one : other).add(all[i]);
        Arrays.sort(all);
        Durations durations = now();
        assertThat(durations.count()).isEqualTo(all.length);
        for (double quantile : new double[] {0.001, 0.5, 0.9, 0.99, 0.999, 1}) {
            long exact = all[(int) Math.ceil(quantile * all.length) - 1];
            assertThat(durations.quantile(quantile)).as("quantile %s", quantile).isBetween(exact, exact + exact / 128);
        }
    }

    @Test
    void onlyWhatHasComeSinceIsCounted() {
        one.add(100);
        one.add(5000);
        Durations before = now();
        one.add(100);
        other.add(70_000);
        Durations after = Durations.of(List.of(one, other), before);
        assertThat(after.count()).isEqualTo(4);
        assertThat(after.since(before).count()).isEqualTo(2);
        assertThat(after.since(before).upTo(1000)).isOne();
        assertThat(after.since(after).count()).isZero();
        assertThatThrownBy(() -> after.since(after).quantile(0.5)).hasMessageContaining("no durations");
    }

    private Durations now() {
        return Durations.of(List.of(one, other), Durations.NONE);
    }
}
