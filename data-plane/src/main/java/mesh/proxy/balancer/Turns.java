package mesh.proxy.balancer;

import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.random.RandomGenerator;

/**
 * Whose turn it is among some of the candidates, when not all of them take part each time. Each has a date, which moves on by
 * {@code 1/weight} whenever it is chosen; the earliest date among those in question has its turn (start-time fair queueing, P. Goyal
 * et al. 1996). So each is chosen as often as its weight says, whatever the reason for the choice was. Dates wrap around; only their
 * differences mean something.
 */
final class Turns {

    /** One turn of a candidate of weight 1. Weights go to a million, so a turn is never rounded by more than a millionth. */
    private static final long ROUND = 1L << 40;
    /** Rounds of the lightest candidate that one can be behind: what was missed before is forgotten, not made up for in a burst. */
    private static final int MEMORY = 4;

    private final AtomicLongArray dates;
    private final long[] steps;
    private final long memory;

    /** Begins with random dates within each one's first step. */
    Turns(List<? extends Candidate> candidates, RandomGenerator random) {
        int n = candidates.size();
        dates = new AtomicLongArray(n);
        steps = new long[n];
        long longest = 0;
        for (int i = 0; i < n; i++) {
            steps[i] = ROUND / candidates.get(i).weight();
            longest = Math.max(longest, steps[i]);
            dates.set(i, random.nextLong(steps[i]));
        }
        memory = MEMORY * longest;
    }

    long date(int index) {
        return dates.get(index);
    }

    /**
     * Takes the turn of {@code index}.
     *
     * @param date   its date when it was compared
     * @param latest the latest date it was compared with
     * @return false when another thread was faster; then compare again
     */
    boolean take(int index, long date, long latest) {
        long from = latest - date > memory ? latest - memory : date;
        return dates.compareAndSet(index, date, from + steps[index]);
    }
}
