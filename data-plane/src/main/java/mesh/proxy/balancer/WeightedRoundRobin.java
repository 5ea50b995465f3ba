package mesh.proxy.balancer;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * In turn, each as often as its weight says, smoothly spread. The turns of unusable candidates are passed over, which leaves the others
 * their proportions. A pick is usually one draw from a {@link Schedule} that all event loops share.
 */
public final class WeightedRoundRobin<C extends Candidate> implements Balancer<C> {

    /** Turns passed over before a full scan: more than this in a row means that almost all weight is unusable. */
    private static final int MAX_DRAWS = 64;

    private final List<C> candidates;
    private final Schedule schedule;
    private final RandomGenerator random;

    public WeightedRoundRobin(List<C> candidates, RandomGenerator random) {
        this.candidates = List.copyOf(candidates);
        this.schedule = candidates.isEmpty() ? null : Schedule.of(candidates, random);
        this.random = random;
    }

    @Override
    public C pick(List<C> tried, long key) {
        if (candidates.isEmpty()) {
            return null;
        }
        for (int draw = 0; draw < MAX_DRAWS; draw++) {
            C candidate = candidates.get(schedule.next());
            if (Selection.fresh(candidate, tried)) {
                return candidate;
            }
        }
        return Selection.scan(candidates, tried, random);
    }
}
