package mesh.proxy.balancer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Points all over the circle of 64-bit numbers; a key belongs to the point at or after it (D. Karger et al., Consistent Hashing and Random
 * Trees, 1997). Each candidate has points by its weight, so when one goes its keys are spread over all the others, and no other key moves.
 *
 * <p>The points lie where an Envoy has them, at the XXH64 of the address, "_" and a number from 0 on; but an Envoy has the minimum in all, and takes
 * points from everybody when somebody comes. Here the lightest has as many, up to twice where its weight is no power of two: so it is more even as
 * well, within some 3 % of the share. Only when the lightest's weight changes by a power of two, or the maximum is reached, do all have other points.
 */
final class HashRing implements KeyTable {

    private static final int MOST_DIGITS = 10;

    /** In unsigned order. */
    private final long[] points;
    private final int[] owners;
    /** The circle in as many equal parts as there are points, or up to twice that: where the first point of each stands. So few are compared. */
    private final int[] parts;
    private final int shift;

    HashRing(Plan plan) {
        int[] counts = counts(plan);
        int size = IntStream.of(counts).sum();
        int bits = Math.max(1, Integer.SIZE - Integer.numberOfLeadingZeros(size - 1));
        points = new long[size];
        owners = new int[size];
        parts = new int[(1 << bits) + 1];
        shift = Long.SIZE - bits;
        for (int i = 0; i < counts.length; i++) {
            Points its = new Points(plan.names().get(i));
            for (int n = 0; n < counts[i]; n++) parts[part(its.point(n)) + 1]++;
        }
        for (int i = 1; i < parts.length; i++) parts[i] += parts[i - 1];
        int[] filled = parts.clone();
        for (int i = 0; i < counts.length; i++) {
            Points its = new Points(plan.names().get(i));
            for (int n = 0; n < counts[i]; n++) put(its.point(n), i, filled);
        }
    }

    /** Where that point's part goes on, after those of the part that are lower. */
    private void put(long point, int owner, int[] filled) {
        int part = part(point);
        int at = filled[part]++;
        for (; at > parts[part] && Long.compareUnsigned(points[at - 1], point) > 0; at--) {
            points[at] = points[at - 1];
            owners[at] = owners[at - 1];
        }
        points[at] = point;
        owners[at] = owner;
    }

    private int part(long point) {
        return (int) (point >>> shift);
    }

    /** How many points there will be. */
    static int size(Plan plan) {
        return IntStream.of(counts(plan)).sum();
    }

    /** So many points of one whoever the others are: were the ring to keep its size, one that goes would give them points, and keys would move. */
    private static int[] counts(Plan plan) {
        long unit = Long.highestOneBit(plan.weights().stream().mapToInt(Integer::intValue).min().orElseThrow());
        long[] counts = plan.weights().stream().mapToLong(weight -> plan.settings().minRingSize() * (long) weight / unit).toArray();
        int most = plan.settings().maxRingSize();
        return LongStream.of(counts).sum() <= most ? LongStream.of(counts).mapToInt(Math::toIntExact).toArray() : shares(plan, most);
    }

    /** Where a share of the points is no whole number the rest is carried on, so that all of them together come out right; at least one each. */
    private static int[] shares(Plan plan, int points) {
        double weights = plan.weights().stream().mapToLong(Integer::longValue).sum();
        int[] counts = new int[plan.weights().size()];
        double target = 0;
        int sum = 0;
        for (int i = 0; i < counts.length; i++) {
            target += points * plan.weights().get(i) / weights;
            counts[i] = Math.max(1, (int) Math.ceil(target) - sum);
            sum += counts[i];
        }
        return counts;
    }

    @Override
    public int place(long key) {
        int place = parts[part(key)];
        while (place < points.length && Long.compareUnsigned(points[place], key) < 0) place++;
        return place == points.length ? 0 : place;
    }

    @Override
    public int owner(int place) {
        return owners[place];
    }

    @Override
    public int size() {
        return points.length;
    }

    /** The points of one candidate. */
    private static final class Points {

        private final byte[] text;
        private final int number;

        Points(String name) {
            byte[] prefix = (name + "_").getBytes(StandardCharsets.UTF_8);
            text = Arrays.copyOf(prefix, prefix.length + MOST_DIGITS);
            number = prefix.length;
        }

        long point(int n) {
            int end = number;
            int rest = n;
            do {
                text[end++] = (byte) ('0' + rest % 10);
                rest /= 10;
            } while (rest > 0);
            for (int from = number, to = end - 1; from < to; from++, to--) {
                byte digit = text[from];
                text[from] = text[to];
                text[to] = digit;
            }
            return XxHash64.of(text, 0, end, 0);
        }
    }
}
