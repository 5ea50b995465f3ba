package mesh.proxy.balancer;

import java.util.List;
import java.util.random.RandomGenerator;
import mesh.model.BalancerKind;

/** Makes the balancer a cluster asks for. */
public final class Balancers {

    private Balancers() {}

    public static <C extends Candidate> Balancer<C> of(BalancerKind kind, List<C> candidates, RandomGenerator random) {
        throw new UnsupportedOperationException("STUB");
    }
}
