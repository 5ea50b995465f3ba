package mesh.proxy.balancer;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Draws an index in proportion to its weight, in constant time. Each column keeps its own index with some chance and else yields its
 * alias (A. J. Walker 1974; built in linear time as M. D. Vose 1991). Immutable.
 */
final class AliasTable {

    private final double[] keep;
    private final int[] alias;

    /** @param candidates at least one */
    AliasTable(List<? extends Candidate> candidates) {
        int n = candidates.size();
        double sum = candidates.stream().mapToLong(Candidate::weight).sum();
        keep = new double[n];
        alias = new int[n];
        Deque<Integer> poor = new ArrayDeque<>();
        Deque<Integer> rich = new ArrayDeque<>();
        for (int i = 0; i < n; i++) {
            keep[i] = candidates.get(i).weight() * n / sum;
            (keep[i] < 1 ? poor : rich).add(i);
        }
        while (!poor.isEmpty() && !rich.isEmpty()) {
            int taker = poor.remove();
            int giver = rich.remove();
            alias[taker] = giver;
            keep[giver] -= 1 - keep[taker];
            (keep[giver] < 1 ? poor : rich).add(giver);
        }
        // Whoever is left has exactly its own column, but for rounding.
        poor.forEach(i -> keep[i] = 1);
        rich.forEach(i -> keep[i] = 1);
    }

    int draw(RandomGenerator random) {
        int column = random.nextInt(keep.length);
        return random.nextDouble() < keep[column] ? column : alias[column];
    }
}
