package mesh.proxy.balancer;

import java.util.List;

/** STUB. */
public final class WeightedRandom<C extends Candidate> implements Balancer<C> {
    @Override
    public C pick(List<C> tried) { throw new UnsupportedOperationException(); }
}
