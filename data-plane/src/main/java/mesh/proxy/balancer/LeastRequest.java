package mesh.proxy.balancer;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The one that holds the least for its weight ({@code least_conn}).
 *
 * <p>A candidate's fair share is its part, by weight, of all that is in flight, the new request included. Chosen is whoever is furthest
 * below its share. Requests are whole and shares are not, so those that lie less than one request apart count as equal, and of these it
 * is the one whose turn it is ({@link Turns}). With equal weights that is simply the fewest in flight. It also holds the weights where
 * comparing {@code inFlight / weight} alone would not: two idle upstreams of weight 2 and 1 get requests 2:1 from one client, which
 * always ties, and from two clients too, which that comparison would split 1:1.
 *
 * <p>Few candidates are all compared. Of many, the better of two is taken, drawn by weight: nearly as even, and the time of a pick does
 * not grow with the list (M. Mitzenmacher, The Power of Two Choices, 2001).
 */
public final class LeastRequest<C extends Candidate> implements Balancer<C> {

    /** Comparing takes about 10 ns a candidate, the better of two some 45 ns: so a pick costs 0.2 µs at most, and few are split evenly. */
    static final int FULL_SCAN_UP_TO = 16;
    private static final int MAX_DRAWS = 8;
    /** Losing a turn to another thread this often means it hardly matters whose it was. */
    private static final int MAX_RACES = 4;

    private final List<C> candidates;
    private final Turns turns;
    private final AliasTable table;
    private final RandomGenerator random;

    public LeastRequest(List<C> candidates, RandomGenerator random) {
        this.candidates = List.copyOf(candidates);
        this.turns = new Turns(candidates, random);
        this.table = candidates.size() > FULL_SCAN_UP_TO ? new AliasTable(candidates) : null;
        this.random = random;
    }

    @Override
    public C pick(List<C> tried, long key) {
        C fresh = table == null ? bestOfAll(tried) : betterOfTwo(tried);
        return fresh != null || tried.isEmpty() ? fresh : bestOfAll(List.of());
    }

    private C bestOfAll(List<C> tried) {
        for (int race = 1; ; race++) {
            long weights = 0;
            long requests = 1;
            for (int i = 0; i < candidates.size(); i++) {
                C candidate = candidates.get(i);
                if (Selection.fresh(candidate, tried)) {
                    weights += candidate.weight();
                    requests += candidate.inFlight();
                }
            }
            if (weights == 0) {
                return null;
            }
            long least = Long.MAX_VALUE;
            for (int i = 0; i < candidates.size(); i++) {
                C candidate = candidates.get(i);
                if (Selection.fresh(candidate, tried)) {
                    least = Math.min(least, excess(candidate, weights, requests));
                }
            }
            int best = -1;
            long bestDate = 0;
            long latest = 0;
            for (int i = 0; i < candidates.size(); i++) {
                C candidate = candidates.get(i);
                if (!Selection.fresh(candidate, tried) || excess(candidate, weights, requests) - least >= weights) {
                    continue;
                }
                long date = turns.date(i);
                if (best < 0 || date - bestDate < 0) {
                    best = i;
                    bestDate = date;
                }
                latest = latest == 0 || date - latest > 0 ? date : latest;
            }
            // -1: other loops changed what is in flight or usable between the comparisons.
            if (best >= 0 && (turns.take(best, bestDate, latest) || race == MAX_RACES)) {
                return candidates.get(best);
            }
            if (race == MAX_RACES) {
                return Selection.scan(candidates, tried, random);
            }
        }
    }

    private C betterOfTwo(List<C> tried) {
        int one = draw(tried, -1);
        if (one < 0) {
            return bestOfAll(tried);
        }
        int other = draw(tried, one);
        if (other < 0) {
            return candidates.get(one);
        }
        C a = candidates.get(one);
        C b = candidates.get(other);
        long weights = (long) a.weight() + b.weight();
        long requests = (long) a.inFlight() + b.inFlight() + 1;
        long difference = excess(a, weights, requests) - excess(b, weights, requests);
        long dateA = turns.date(one);
        long dateB = turns.date(other);
        boolean first = Math.abs(difference) < weights ? dateA - dateB <= 0 : difference < 0;
        turns.take(first ? one : other, first ? dateA : dateB, first ? dateB : dateA);
        return first ? a : b;
    }

    /** A fresh one other than {@code not}, or -1 when a few draws meet none. */
    private int draw(List<C> tried, int not) {
        for (int draw = 0; draw < MAX_DRAWS; draw++) {
            int index = table.draw(random);
            if (index != not && Selection.fresh(candidates.get(index), tried)) {
                return index;
            }
        }
        return -1;
    }

    /** How much more than its fair share a candidate holds, in requests times {@code weights}: whole numbers, so nothing is rounded. */
    private static long excess(Candidate candidate, long weights, long requests) {
        return candidate.inFlight() * weights - requests * candidate.weight();
    }
}
