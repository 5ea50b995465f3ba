package mesh.proxy.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import mesh.proxy.Allocations;
import mesh.proxy.loop.MemoryBudget.Stage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

    private long buffers;
    private int asked;
    private final MemoryBudget memory = new MemoryBudget(2, () -> {
        asked++;
        return buffers;
    });

    @BeforeEach
    void allow() {
        memory.set(100_000);
    }

    @Test
    void shedsMoreTheCloserItIs() {
        assertThat(at(89_999)).isEqualTo(Stage.FREE);
        assertThat(at(90_000)).isEqualTo(Stage.NO_STREAMS);
        assertThat(at(94_999)).isEqualTo(Stage.NO_STREAMS);
        assertThat(at(95_000)).isEqualTo(Stage.NO_REQUESTS);
        assertThat(at(97_999)).isEqualTo(Stage.NO_REQUESTS);
        assertThat(at(98_000)).isEqualTo(Stage.NO_CONNECTIONS);
        assertThat(at(0)).isEqualTo(Stage.FREE);
    }

    @Test
    void addsUpBuffersAndWhatEachLoopHolds() {
        buffers = 1;
        memory.hold(0, 20);
        memory.hold(1, 300);
        memory.hold(0, -5);
        assertThat(memory.held()).isEqualTo(316);
    }

    @Test
    void looksNoOftenerThanEveryTenMillisecondsOnALoop() {
        long fresh = TimeUnit.MILLISECONDS.toNanos(10);
        assertThat(memory.stage(0, fresh)).isEqualTo(Stage.FREE);
        buffers = 99_000;
        assertThat(memory.stage(0, 2 * fresh - 1)).isEqualTo(Stage.FREE);
        assertThat(memory.stage(0, 2 * fresh)).isEqualTo(Stage.NO_CONNECTIONS);
        assertThat(memory.stage(1, 0)).as("known to the other").isEqualTo(Stage.NO_CONNECTIONS);
        assertThat(asked).isEqualTo(2);
    }

    @Test
    void costsARequestNoAllocation() {
        assertThat(Allocations.least(20, () -> {
            for (int i = 0; i < 1000; i++) {
                memory.hold(0, 1024);
                memory.stage(0, i);
                memory.hold(0, -1024);
            }
        })).isZero();
    }

    private Stage at(long held) {
        buffers = held;
        return memory.look();
    }
}
