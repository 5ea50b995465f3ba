package mesh.proxy.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ReconnectTest {

    /** Always draws the largest number that it may. */
    private static final RandomGenerator LONGEST = new RandomGenerator() {
        @Override
        public long nextLong() {
            return -1;
        }

        @Override
        public long nextLong(long bound) {
            return bound - 1;
        }
    };

    @Test
    void pausesDoubleUpToALimit() {
        Reconnect.FullJitter jitter = new Reconnect.FullJitter(LONGEST);
        List<Long> pauses = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            pauses.add(jitter.next(null));
        }
        assertThat(pauses).containsExactly(500L, 1000L, 2000L, 4000L, 8000L, 15000L, 15000L, 15000L);
    }

    @Test
    void pausesAreDrawnFromTheWholeRange() {
        RandomGenerator seeded = new java.util.Random(1);
        List<Long> first = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            first.add(new Reconnect.FullJitter(seeded).next(null));
        }
        assertThat(first).allMatch(pause -> pause >= 0 && pause <= 500).anyMatch(pause -> pause < 50).anyMatch(pause -> pause > 450);
    }

    @Test
    void attemptsUntilOneIsGoodAndStartsWithShortPausesTheNextTime() throws Exception {
        List<Long> bounds = new ArrayList<>();
        RandomGenerator noPause = new RandomGenerator() {
            @Override
            public long nextLong() {
                return 0;
            }

            @Override
            public long nextLong(long bound) {
                bounds.add(bound);
                return 0;
            }
        };
        Reconnect reconnect = Reconnect.guarded(noPause);
        assertThat(attempts(reconnect, 4)).isEqualTo(4);
        assertThat(bounds).containsExactly(501L, 1001L, 2001L);
        bounds.clear();
        assertThat(attempts(reconnect, 2)).isEqualTo(2);
        assertThat(bounds).containsExactly(501L);
    }

    /** How many attempts it took when the given one is the first that is good. */
    private static int attempts(Reconnect reconnect, int good) throws Exception {
        AtomicInteger count = new AtomicInteger();
        CompletionStage<Void> done = reconnect.untilGood(() -> count.incrementAndGet() < good
            ? CompletableFuture.failedFuture(new IllegalStateException("not yet"))
            : CompletableFuture.completedFuture(null));
        done.toCompletableFuture().get(20, TimeUnit.SECONDS);
        return count.get();
    }
}
