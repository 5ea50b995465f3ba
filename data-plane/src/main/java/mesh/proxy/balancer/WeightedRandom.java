package mesh.proxy.balancer;

import java.util.List;
import java.util.random.RandomGenerator;

/** By chance, in proportion to the weights. Shares nothing between event loops, so it is the one without any contention. */
public final class WeightedRandom<C extends Candidate> implements Balancer<C> {

    /** Drawing again keeps the proportions of the usable ones; after this many misses a full scan is cheaper. */
    private static final int MAX_DRAWS = 8;

    private final List<C> candidates;
    private final AliasTable table;
    private final RandomGenerator random;

    public WeightedRandom(List<C> candidates, RandomGenerator random) {
        this.candidates = List.copyOf(candidates);
        this.table = candidates.isEmpty() ? null : new AliasTable(candidates);
        this.random = random;
    }

    @Override
    public C pick(List<C> tried, long key) {
        if (candidates.isEmpty()) {
            return null;
        }
        for (int draw = 0; draw < MAX_DRAWS; draw++) {
            C candidate = candidates.get(table.draw(random));
            if (Selection.fresh(candidate, tried)) {
                return candidate;
            }
        }
        return Selection.scan(candidates, tried, random);
    }
}
