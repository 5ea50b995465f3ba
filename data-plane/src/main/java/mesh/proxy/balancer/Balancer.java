package mesh.proxy.balancer;

import java.util.List;

/**
 * Chooses one of a fixed list. Built for the list and replaced with it; owns no health and no sockets. Called from every event loop at
 * once, without a lock.
 */
public sealed interface Balancer<C extends Candidate> permits WeightedRoundRobin, LeastRequest, WeightedRandom, PeakEwma {

    /**
     * The next candidate that is usable.
     *
     * @param tried those this request has tried already: avoided while another usable one is left; usually empty
     * @return null when none is usable
     */
    C pick(List<C> tried);
}
