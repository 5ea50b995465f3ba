package mesh.proxy.balancer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PeakEwmaTest extends BalancerContract {

    @Override
    Balancer<FakeCandidate> balancer(List<FakeCandidate> candidates) {
        return new PeakEwma<>(candidates, shared());
    }

    @Override
    double tolerancePercent() {
        // As for random: what is equally quick is drawn.
        return 25;
    }

    @Test
    void takesTheQuickerOfTwo() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(1, 1);
        candidates.get(0).latency = 5e6;
        candidates.get(1).latency = 4e6;
        FakeCandidate.pick(balancer(candidates), 1000);
        assertThat(candidates.get(1).picks.sum()).isEqualTo(1000);
    }

    @Test
    void takesTheSlowerOneWhenMoreWaitsAtTheQuicker() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(1, 1);
        candidates.get(0).latency = 5e6;
        candidates.get(1).latency = 2e6;
        candidates.get(1).inFlight.set(2);
        FakeCandidate.pick(balancer(candidates), 100);
        assertThat(candidates.get(0).picks.sum()).isEqualTo(100);
    }

    @Test
    void letsMoreWaitAtWhatWeighsMore() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(3, 1);
        candidates.forEach(c -> c.latency = 5e6);
        candidates.get(0).inFlight.set(2);
        candidates.get(1).inFlight.set(1);
        FakeCandidate.pick(balancer(candidates), 100);
        assertThat(candidates.get(0).picks.sum()).isEqualTo(100);
    }

    @Test
    void asksOneThatItDoesNotKnowByOneRequest() {
        List<FakeCandidate> candidates = FakeCandidate.weighing(1, 1);
        candidates.get(0).latency = 5e6;
        Balancer<FakeCandidate> balancer = balancer(candidates);
        assertThat(balancer.pick(List.of(), Balancer.NO_KEY)).isSameAs(candidates.get(1));
        candidates.get(1).inFlight.set(1);
        FakeCandidate.pick(balancer, 100);
        assertThat(candidates.get(0).picks.sum()).isEqualTo(100);
    }
}
