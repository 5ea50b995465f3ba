package mesh.proxy.balancer;

import java.util.List;

/**
 * Chooses one of a fixed list. Built for the list and replaced with it; owns no health and no sockets. Called from every event loop at
 * once, without a lock.
 */
public sealed interface Balancer<C extends Candidate> permits WeightedRoundRobin, LeastRequest, WeightedRandom, PeakEwma, ByKey {

    /** The key of what has none. */
    long NO_KEY = 0;

    /**
     * The next candidate that is usable.
     *
     * @param tried those this request has tried already: avoided while another usable one is left; usually empty
     * @param key   what the request goes by, where the balancer goes by keys: the same for all its tries; or {@link #NO_KEY}
     * @return null when none is usable
     */
    C pick(List<C> tried, long key);
}
