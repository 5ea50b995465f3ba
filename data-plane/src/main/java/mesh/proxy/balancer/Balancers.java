package mesh.proxy.balancer;

import java.util.List;
import java.util.random.RandomGenerator;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;

/** Makes the balancer a cluster asks for. */
public final class Balancers {

    private Balancers() {}

    /**
     * A balancer for exactly these candidates.
     *
     * @param hash   how keys are spread, for the kinds that go by them
     * @param random any thread may call it; also chooses where the new balancer's turns begin, so that sidecars that got the same push
     *               do not all begin with the same upstream
     * @param before what it takes the place of; null for none
     */
    public static <C extends Candidate> Balancer<C> of(
        BalancerKind kind, ConsistentHash hash, List<C> candidates, RandomGenerator random, Balancer<C> before) {
        return switch (kind) {
            case ROUND_ROBIN -> new WeightedRoundRobin<>(candidates, random);
            case LEAST_CONN -> new LeastRequest<>(candidates, random);
            case PEAK_EWMA -> new PeakEwma<>(candidates, random);
            case RANDOM -> new WeightedRandom<>(candidates, random);
            case RING_HASH, MAGLEV -> new ByKey<>(kind, hash, candidates, random, before);
        };
    }
}
