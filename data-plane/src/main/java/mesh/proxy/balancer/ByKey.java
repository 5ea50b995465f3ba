package mesh.proxy.balancer;

import java.util.List;
import java.util.random.RandomGenerator;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;

/**
 * The one that a request's key belongs to ({@code ring_hash}, {@code maglev}): the same key goes to the same candidate, and when a candidate comes or
 * goes most keys stay where they are. Without a key it is by chance, in proportion to the weights.
 *
 * <p>Where the one it belongs to is not to be had, it goes by the places after its own, so again to the same other. When those too belong to nobody
 * that is to be had, all are ranked for the key (D. Thaler and C. Ravishankar, Using Name-Based Mappings to Increase Hit Rates, 1998).
 *
 * <p>With a balance factor the load is bounded (V. Mirrokni et al., Consistent Hashing with Bounded Loads, 2016): one that holds more than that share
 * of the mean for its weight is passed over for the best ranked that does not. That ranking differs from key to key, so what a full one gives away
 * does not all fall on its neighbour. Each pick then counts what all hold. Loops that pick at the same moment may each put one over the bound.
 */
public final class ByKey<C extends Candidate> implements Balancer<C> {

    /** After so many places in a row that belong to nobody to be had it is quicker to ask everybody. */
    static final int MOST_PLACES = 64;
    private static final int PERCENT = 100;

    private final List<C> candidates;
    private final long balanceFactor;
    private final boolean equalWeights;
    private final long[] seeds;
    private final WeightedRandom<C> byChance;
    private final KeyTable.Plan plan;
    /** Made by the first pick that needs it: most sidecars never send anything to most clusters. Threads that race for it make the same. */
    private volatile KeyTable table;

    /** @param before what it takes the place of; null for none. What that has made is used on, or made anew at once if it was in use */
    ByKey(BalancerKind kind, ConsistentHash settings, List<C> candidates, RandomGenerator random, Balancer<C> before) {
        this.candidates = List.copyOf(candidates);
        this.balanceFactor = settings.balanceFactor();
        this.equalWeights = candidates.stream().mapToInt(Candidate::weight).distinct().count() <= 1;
        this.seeds = candidates.stream().mapToLong(each -> XxHash64.of(each.name())).toArray();
        this.byChance = new WeightedRandom<>(candidates, random);
        this.plan = KeyTable.Plan.of(kind, settings, candidates);
        ByKey<C> formerly = before instanceof ByKey<C> same ? same : null;
        if (candidates.isEmpty()) return;
        if (formerly != null && formerly.plan.equals(plan)) table = formerly.table;
        else if (formerly != null && formerly.table != null || plan.isLarge()) table = plan.make();
    }

    @Override
    public C pick(List<C> tried, long key) {
        if (key == NO_KEY || candidates.isEmpty()) return byChance.pick(tried, key);
        C fresh = bounded(owner(key, tried), key, tried);
        return fresh != null || tried.isEmpty() ? fresh : bounded(owner(key, List.of()), key, List.of());
    }

    private C owner(long key, List<C> tried) {
        KeyTable places = table();
        int place = places.place(key);
        for (int step = Math.min(MOST_PLACES, places.size()); step > 0; step--) {
            C candidate = candidates.get(places.owner(place));
            if (Selection.fresh(candidate, tried)) return candidate;
            if (++place == places.size()) place = 0;
        }
        return bestRanked(key, tried, Long.MAX_VALUE, 1);
    }

    private KeyTable table() {
        KeyTable made = table;
        if (made == null) {
            made = plan.make();
            table = made;
        }
        return made;
    }

    private C bounded(C owner, long key, List<C> tried) {
        if (balanceFactor == 0 || owner == null) return owner;
        long weights = 0;
        long requests = 1;
        for (int i = 0; i < candidates.size(); i++) {
            C candidate = candidates.get(i);
            if (!Selection.fresh(candidate, tried)) continue;
            weights += candidate.weight();
            requests += candidate.inFlight();
        }
        long most = balanceFactor * requests;
        if (hasRoom(owner, most, weights)) return owner;
        C other = bestRanked(key, tried, most, weights);
        // Null when other loops have filled everybody meanwhile.
        return other == null ? owner : other;
    }

    /** Whether it holds less than its share of {@code most}, a hundred times as many requests as all may hold. */
    private static boolean hasRoom(Candidate candidate, long most, long weights) {
        return most == Long.MAX_VALUE || (double) candidate.inFlight() * PERCENT * weights < (double) most * candidate.weight();
    }

    /** The first for this key among those that have room; null for none. By weight: who weighs twice as much is the first for twice as many keys. */
    private C bestRanked(long key, List<C> tried, long most, long weights) {
        C best = null;
        double bestCost = Double.POSITIVE_INFINITY;
        for (int i = 0; i < candidates.size(); i++) {
            C candidate = candidates.get(i);
            if (!Selection.fresh(candidate, tried) || !hasRoom(candidate, most, weights)) continue;
            double drawn = ((XxHash64.mix(key ^ seeds[i]) >>> 11) + 0.5) * 0x1p-53;
            double cost = equalWeights ? drawn : -Math.log(drawn) / candidate.weight();
            if (cost < bestCost) {
                best = candidate;
                bestCost = cost;
            }
        }
        return best;
    }
}
