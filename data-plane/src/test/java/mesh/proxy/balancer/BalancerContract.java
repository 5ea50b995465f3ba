package mesh.proxy.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mesh.proxy.Allocations;
import mesh.time.Env;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every strategy promises. */
abstract class BalancerContract {

    /** The subject. */
    abstract Balancer<FakeCandidate> balancer(List<FakeCandidate> candidates);

    /** How far a count of some thousands may lie from its share: chance needs more room than turns. */
    abstract double tolerancePercent();

    @Test
    void picksNobodyFromAnEmptyList() {
        assertThat(balancer(List.of()).pick(List.of(), Balancer.NO_KEY)).isNull();
    }

    @Test
    void picksNobodyWhenNoneIsUsable() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(2, 1);
        candidates.forEach(c -> c.usable = false);
        assertThat(balancer(candidates).pick(List.of(), Balancer.NO_KEY)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2,1", "5,1,1", "7,3,2", "1,1,1,1,1", "100,1", "300000,200000,100001"})
    void givesEachItsShare(String weights) {
        List<FakeCandidate> candidates = FakeCandidate.weighing(Arrays.stream(weights.split(",")).mapToInt(Integer::parseInt).toArray());
        FakeCandidate.pick(balancer(candidates), 60_000);
        assertShares(candidates, 60_000);
    }

    @Test
    void leavesTheOthersTheirProportionsWhenOneIsUnusable() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(5, 1, 1, 2);
        candidates.get(0).usable = false;
        FakeCandidate.pick(balancer(candidates), 60_000);
        assertThat(candidates.get(0).picks.sum()).isZero();
        assertShares(candidates.subList(1, 4), 60_000);
    }

    @Test
    void findsTheOneUsableAmongMany() {
        int[] weights = new int[500];
        Arrays.fill(weights, 1000);
        weights[321] = 1;
        List<FakeCandidate> candidates = FakeCandidate.weighing(weights);
        candidates.forEach(c -> c.usable = false);
        candidates.get(321).usable = true;
        assertThat(balancer(candidates).pick(List.of(), Balancer.NO_KEY)).isSameAs(candidates.get(321));
    }

    @Test
    void avoidsWhatWasTriedWhileAnotherIsLeft() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(10, 1, 10);
        candidates.get(2).usable = false;
        Balancer<FakeCandidate> balancer = balancer(candidates);
        for (int i = 0; i < 100; i++) {
            assertThat(balancer.pick(List.of(candidates.get(0)), Balancer.NO_KEY)).isSameAs(candidates.get(1));
        }
    }

    @Test
    void returnsToWhatWasTriedWhenNothingElseIsUsable() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(1, 1);
        candidates.get(1).usable = false;
        assertThat(balancer(candidates).pick(List.of(candidates.get(0)), Balancer.NO_KEY)).isSameAs(candidates.get(0));
    }

    @Test
    void picksAgainAfterARecovery() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(1, 1);
        Balancer<FakeCandidate> balancer = balancer(candidates);
        candidates.get(0).usable = false;
        FakeCandidate.pick(balancer, 20_000);
        long missed = candidates.get(1).picks.sumThenReset();
        candidates.get(0).usable = true;
        FakeCandidate.pick(balancer, 20_000);
        assertThat(missed).isEqualTo(20_000);
        assertShares(candidates, 20_000);
    }

    @Test
    void givesEachItsShareWhenFourThreadsPickAtOnce() throws Exception {
        List<FakeCandidate> candidates = FakeCandidate.weighing(4, 2, 1);
        Balancer<FakeCandidate> balancer = balancer(candidates);
        pickFromThreads(balancer, 4, 35_000);
        assertShares(candidates, 140_000);
    }

    @Test
    void doesNotAllocateOnAPick() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(4, 2, 1);
        List<FakeCandidate> tried = new ArrayList<>(candidates.subList(0, 1));
        Balancer<FakeCandidate> balancer = balancer(candidates);
        Runnable picks = () -> {
            for (int i = 0; i < 1000; i++) {
                balancer.pick(List.of(), Balancer.NO_KEY);
                balancer.pick(tried, Balancer.NO_KEY);
            }
        };
        picks.run();
        // 2000 objects would be 32,000 bytes.
        assertThat(Allocations.least(5, picks)).isLessThan(1000);
    }

    static void pickFromThreads(Balancer<FakeCandidate> balancer, int threads, int times) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                running.add(pool.submit(() -> FakeCandidate.pick(balancer, times)));
            }
            for (Future<?> each : running) {
                each.get();
            }
        } finally {
            pool.shutdownNow();
        }
    }

    static SplittableRandom seeded() {
        return new SplittableRandom(42);
    }

    /** One that any thread may call. */
    static java.util.random.RandomGenerator shared() {
        return Env.system().random();
    }

    private void assertShares(List<FakeCandidate> candidates, long picks) {
        double sum = candidates.stream().mapToInt(Candidate::weight).sum();
        for (FakeCandidate candidate : candidates) {
            double share = picks * candidate.weight() / sum;
            assertThat((double) candidate.picks.sum()).as("picks of %s", candidate)
                .isCloseTo(share, within(Math.max(1, share * tolerancePercent() / 100)));
        }
    }
}
