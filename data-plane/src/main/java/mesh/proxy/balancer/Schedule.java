package mesh.proxy.balancer;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * An endless sequence of indexes in which each index stands as often as its weight says: exactly, over every cycle of as many steps as
 * the reduced weights' sum. All threads draw from one sequence; a draw is one atomic operation.
 */
interface Schedule {

    /** The next index. */
    int next();

    static Schedule of(List<? extends Candidate> candidates, RandomGenerator random) {
        long[] weights = candidates.stream().mapToLong(Candidate::weight).toArray();
        long divisor = Arrays.stream(weights).reduce(0, Schedule::gcd);
        long sum = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] /= divisor;
            sum += weights[i];
        }
        return sum <= Table.MAX_STEPS ? new Table(weights, (int) sum, random) : new Stride(weights, sum, random);
    }

    private static long gcd(long a, long b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /**
     * nginx's smooth weighted round robin, one cycle worked out beforehand: 5, 1, 1 becomes a a b a c a a, and equal weights take turns
     * in listed order.
     */
    final class Table implements Schedule {

        /** 32 KiB a cluster. Working a cycle out takes steps times candidates: some milliseconds for the largest. */
        static final int MAX_STEPS = 8192;

        private final int[] steps;
        private final AtomicLong position;

        private Table(long[] weights, int sum, RandomGenerator random) {
            steps = new int[sum];
            long[] current = new long[weights.length];
            for (int step = 0; step < sum; step++) {
                int best = 0;
                for (int i = 0; i < weights.length; i++) {
                    current[i] += weights[i];
                    best = current[i] > current[best] ? i : best;
                }
                current[best] -= sum;
                steps[step] = best;
            }
            position = new AtomicLong(random.nextInt(sum));
        }

        @Override
        public int next() {
            return steps[(int) (position.getAndIncrement() % steps.length)];
        }
    }

    /**
     * For sums that a table is too small for: walks round a circle of circumference {@code sum}, on which each index owns an arc as long
     * as its weight, in strides of about 0.618 of it. The stride and the sum have no common divisor, so a cycle meets every point of the
     * circle once and the counts are exact; golden strides keep it smooth meanwhile, within 2 % after some hundred
     * steps. Scaling the weights down to a table instead would round the small ones away.
     */
    final class Stride implements Schedule {

        private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;

        /** Where each arc ends, exclusive. */
        private final long[] ends;
        private final long sum;
        private final long stride;
        private final AtomicLong point;

        private Stride(long[] weights, long sum, RandomGenerator random) {
            this.sum = sum;
            ends = weights.clone();
            Arrays.parallelPrefix(ends, Long::sum);
            long step = (long) (sum * GOLDEN);
            while (gcd(sum, step) != 1) {
                step++;
            }
            stride = step;
            point = new AtomicLong(random.nextLong(sum));
        }

        @Override
        public int next() {
            while (true) {
                long here = point.get();
                long there = here + stride;
                if (point.compareAndSet(here, there < sum ? there : there - sum)) {
                    int found = Arrays.binarySearch(ends, here);
                    return found >= 0 ? found + 1 : -found - 1;
                }
            }
        }
    }
}
