package mesh.proxy.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;

class WeightedRoundRobinTest extends BalancerContract {

    @Override
    Balancer<FakeCandidate> balancer(List<FakeCandidate> candidates) {
        return new WeightedRoundRobin<>(candidates, shared());
    }

    @Override
    double tolerancePercent() {
        return 0.5;
    }

    @Test
    void spreadsAsNginxDoes() {
        assertThat(turns(7, 0, 5, 1, 1)).isEqualTo("aabacaa");
    }

    @Test
    void takesEqualOnesInListedOrder() {
        assertThat(turns(8, 0, 3, 3, 3, 3)).isEqualTo("abcdabcd");
    }

    @Test
    void beginsWhereChanceSays() {
        assertThat(turns(4, 2, 1, 1, 1, 1)).isEqualTo("cdab");
    }

    @Test
    void isExactOverEveryCycleFromFourThreads() throws Exception {
        List<FakeCandidate> candidates = FakeCandidate.weighing(40, 25, 10, 5);
        pickFromThreads(balancer(candidates), 4, 16 * 10_000);
        assertThat(candidates).extracting(c -> c.picks.sum()).containsExactly(320_000L, 200_000L, 80_000L, 40_000L);
    }

    /** Whatever the weights are, and wherever the window begins. */
    @Test
    void isExactInEveryWindowOfTenCycles() {
        SplittableRandom chance = seeded();
        for (int round = 0; round < 50; round++) {
            int[] weights = chance.ints(2 + chance.nextInt(6), 1, 30).toArray();
            int[] turns = twelveCycles(weights);
            int cycle = turns.length / 12;
            int window = 10 * cycle;
            int[] picks = new int[weights.length];
            for (int at = 0; at < turns.length; at++) {
                picks[turns[at]]++;
                if (at >= window) picks[turns[at - window]]--;
                if (at < window - 1) continue;
                for (int i = 0; i < weights.length; i++) {
                    assertThat(picks[i]).as("weights %s, candidate %s, window up to %s", Arrays.toString(weights), i, at)
                        .isEqualTo(window * weights[i] / IntStream.of(weights).sum());
                }
            }
        }
    }

    /** Whose turn it is in twelve cycles, or in more where the weights have a common divisor. */
    private static int[] twelveCycles(int... weights) {
        List<FakeCandidate> candidates = FakeCandidate.weighing(weights);
        Balancer<FakeCandidate> balancer = new WeightedRoundRobin<>(candidates, seeded());
        return IntStream.range(0, 12 * IntStream.of(weights).sum()).map(i -> candidates.indexOf(balancer.pick(List.of(), Balancer.NO_KEY))).toArray();
    }

    @Test
    void isExactOverACycleThatIsTooLongForATable() throws Exception {
        List<FakeCandidate> candidates = FakeCandidate.weighing(100_000, 99_999, 1);
        pickFromThreads(balancer(candidates), 4, 50_000);
        assertThat(candidates).extracting(c -> c.picks.sum()).containsExactly(100_000L, 99_999L, 1L);
    }

    @Test
    void keepsLongCyclesWithinTwoPercentFromTheStart() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(10_007, 20_011, 30_011);
        Balancer<FakeCandidate> balancer = new WeightedRoundRobin<>(candidates, new ScriptedRandom(0));
        double sum = 60_029;
        for (int picks = 1; picks <= 60_029; picks++) {
            FakeCandidate.pick(balancer, 1);
            for (FakeCandidate c : candidates) {
                double share = picks * c.weight() / sum;
                assertThat((double) c.picks.sum()).as("%s after %s picks", c, picks).isCloseTo(share, within(Math.max(5, share * 0.02)));
            }
        }
    }

    @Test
    void staysExactForTheOthersWhenTheHeaviestIsUnusable() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(5, 1, 1);
        candidates.get(0).usable = false;
        FakeCandidate.pick(balancer(candidates), 1000);
        assertThat(candidates).extracting(c -> c.picks.sum()).containsExactly(0L, 500L, 500L);
    }

    private static String turns(int picks, int start, int... weights) {
        var balancer = new WeightedRoundRobin<>(FakeCandidate.weighing(weights), new ScriptedRandom(start));
        return IntStream.range(0, picks).mapToObj(i -> balancer.pick(List.of(), Balancer.NO_KEY).name).collect(Collectors.joining());
    }
}
