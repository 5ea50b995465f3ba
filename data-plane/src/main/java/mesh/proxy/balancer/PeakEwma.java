package mesh.proxy.balancer;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The one that would answer soonest ({@code peak_ewma}): of two, drawn by weight, that with the lower latency times what waits there, the
 * new request included. So a slow one gets what it can serve in the same time as the others, and one that answers quickly because it fails
 * gets little ({@link Candidate#latency}). It is Finagle's balancer, and Linkerd's.
 *
 * <p>One that is not known yet, or not any more, is asked by a single request until that is answered.
 */
public final class PeakEwma<C extends Candidate> implements Balancer<C> {

    private static final int MAX_DRAWS = 8;
    /** In nanoseconds, for each request that waits at one that is not known. */
    private static final double UNKNOWN = 1e9;

    private final List<C> candidates;
    private final AliasTable table;
    private final double meanWeight;
    private final RandomGenerator random;

    public PeakEwma(List<C> candidates, RandomGenerator random) {
        this.candidates = List.copyOf(candidates);
        this.table = candidates.isEmpty() ? null : new AliasTable(candidates);
        this.meanWeight = candidates.stream().mapToInt(Candidate::weight).average().orElse(1);
        this.random = random;
    }

    @Override
    public C pick(List<C> tried, long key) {
        if (candidates.isEmpty()) return null;
        int one = draw(tried, -1);
        // Nobody but those that were tried.
        if (one < 0) return Selection.scan(candidates, tried, random);
        int other = draw(tried, one);
        C a = candidates.get(one);
        if (other < 0) return a;
        C b = candidates.get(other);
        return cost(a) <= cost(b) ? a : b;
    }

    /** A fresh one other than {@code not}: by weight, or after some misses the next one from anywhere; -1 for none. */
    private int draw(List<C> tried, int not) {
        int index = 0;
        for (int draw = 0; draw < MAX_DRAWS; draw++) {
            index = table.draw(random);
            if (index != not && Selection.fresh(candidates.get(index), tried)) return index;
        }
        for (int step = 1; step < candidates.size(); step++) {
            int next = (index + step) % candidates.size();
            if (next != not && Selection.fresh(candidates.get(next), tried)) return next;
        }
        return -1;
    }

    private double cost(C candidate) {
        int waiting = candidate.inFlight();
        double latency = candidate.latency();
        if (latency == 0) return waiting * UNKNOWN;
        return latency * (1 + waiting * meanWeight / candidate.weight());
    }
}
