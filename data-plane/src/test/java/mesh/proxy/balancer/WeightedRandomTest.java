package mesh.proxy.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;

class WeightedRandomTest extends BalancerContract {

    @Override
    Balancer<FakeCandidate> balancer(List<FakeCandidate> candidates) {
        return new WeightedRandom<>(candidates, shared());
    }

    @Override
    double tolerancePercent() {
        // Of 60,000 picks at least 590 fall on the lightest of the contract: six standard deviations are 25 %.
        return 25;
    }

    /** Weights 3 and 1 are two columns: a keeps all of its own, b keeps half of its own and yields the rest to a. */
    @Test
    void mapsEachPartOfChanceToItsCandidate() {
        assertThat(drawn(0, 0.0)).isEqualTo("a");
        assertThat(drawn(0, 0.999)).isEqualTo("a");
        assertThat(drawn(1, 0.499)).isEqualTo("b");
        assertThat(drawn(1, 0.5)).isEqualTo("a");
    }

    @Test
    void drawsAgainWhenItMeetsAnUnusableOne() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(1, 1);
        candidates.get(0).usable = false;
        ScriptedRandom chance = new ScriptedRandom(0, 0.3, 0, 0.3, 1, 0.3);
        assertThat(new WeightedRandom<>(candidates, chance).pick(List.of(), Balancer.NO_KEY).name).isEqualTo("b");
        assertThat(chance.exhausted()).isTrue();
    }

    private static String drawn(double column, double coin) {
        return new WeightedRandom<>(FakeCandidate.weighing(3, 1), new ScriptedRandom(column, coin)).pick(List.of(), Balancer.NO_KEY).name;
    }
}
