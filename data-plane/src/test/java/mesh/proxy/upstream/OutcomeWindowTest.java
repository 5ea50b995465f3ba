package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes on both sides of what one long holds. */
class OutcomeWindowTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 20, 62, 63, 64, 65, 1024})
    void countsAsAPlainListWould(int size) {
        SplittableRandom chance = new SplittableRandom(size);
        OutcomeWindow window = OutcomeWindow.of(size);
        Deque<Boolean> list = new ArrayDeque<>();
        for (int i = 0; i < 5 * size + 10; i++) {
            boolean failed = chance.nextInt(3) == 0;
            list.add(failed);
            if (list.size() > size) {
                list.remove();
            }
            int expected = list.size() < size ? OutcomeWindow.NOT_FULL : (int) list.stream().filter(f -> f).count();
            assertThat(window.record(failed)).as("after outcome %s", i).isEqualTo(expected);
            assertThat(window.counts()).isEqualTo(new OutcomeWindow.Counts((int) list.stream().filter(f -> f).count(), list.size()));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {41, 62, 63, 1001})
    void losesNoOutcomeOfFourThreads(int size) throws Exception {
        OutcomeWindow window = OutcomeWindow.of(size);
        int each = (size - 1) / 4;
        Race.of(4, thread -> {
            for (int i = 0; i < each; i++) {
                window.record(thread == 0);
            }
        });
        int counted = OutcomeWindow.NOT_FULL;
        for (int i = 4 * each; i < size; i++) {
            assertThat(counted).isEqualTo(OutcomeWindow.NOT_FULL);
            counted = window.record(false);
        }
        assertThat(counted).isEqualTo(each);
    }

    @Test
    void forgetsTheOldestFirst() {
        OutcomeWindow window = OutcomeWindow.of(3);
        window.record(true);
        window.record(false);
        assertThat(window.record(true)).isEqualTo(2);
        assertThat(window.record(false)).isEqualTo(1);
        assertThat(window.record(false)).isEqualTo(1);
        assertThat(window.record(false)).isZero();
    }
}
