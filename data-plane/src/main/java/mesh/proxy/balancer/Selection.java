package mesh.proxy.balancer;

import java.util.List;
import java.util.random.RandomGenerator;

/** What the strategies have in common: who may be chosen, and a choice by full scan for when drawing has not met anyone. */
final class Selection {

    private Selection() {}

    /** Usable, and not tried by this request. */
    static boolean fresh(Candidate candidate, List<? extends Candidate> tried) {
        return candidate.usable() && !contains(tried, candidate);
    }

    /** Looks by identity and index: no iterator, and mostly nothing to look at. */
    static boolean contains(List<? extends Candidate> tried, Candidate candidate) {
        for (int i = 0, n = tried.size(); i < n; i++) {
            if (tried.get(i).identity() == candidate.identity()) {
                return true;
            }
        }
        return false;
    }

    /** By chance and weight among the fresh ones, else among the usable ones, else null. */
    static <C extends Candidate> C scan(List<C> candidates, List<C> tried, RandomGenerator random) {
        C fresh = scanFresh(candidates, tried, random);
        return fresh != null || tried.isEmpty() ? fresh : scanFresh(candidates, List.of(), random);
    }

    private static <C extends Candidate> C scanFresh(List<C> candidates, List<C> tried, RandomGenerator random) {
        long sum = 0;
        for (int i = 0; i < candidates.size(); i++) {
            C candidate = candidates.get(i);
            sum += fresh(candidate, tried) ? candidate.weight() : 0;
        }
        if (sum == 0) {
            return null;
        }
        long left = random.nextLong(sum);
        C last = null;
        for (int i = 0; i < candidates.size(); i++) {
            C candidate = candidates.get(i);
            if (fresh(candidate, tried)) {
                last = candidate;
                left -= candidate.weight();
                if (left < 0) {
                    break;
                }
            }
        }
        // Null when the last usable one became unusable between the two loops: then none is.
        return last;
    }
}
