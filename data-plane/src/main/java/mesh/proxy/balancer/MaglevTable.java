package mesh.proxy.balancer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * A table of prime size that the candidates fill in turns, each going by an order of its own (D. Eisenbud et al., Maglev: A Fast and Reliable
 * Software Network Load Balancer, 2016, section 3.4). More even than a ring, and a key is found by one division; but when a candidate goes, a
 * few keys of the others move as well.
 *
 * <p>It is the table of an Envoy, for the same addresses, weights and size: orders come from the XXH64 of the address with seeds 0 and 1, turns go
 * by address, and a lighter candidate sits out turns.
 */
final class MaglevTable implements KeyTable {

    private final int[] owners;

    MaglevTable(Plan plan) {
        int size = plan.settings().tableSize();
        int n = plan.names().size();
        owners = new int[size];
        Arrays.fill(owners, -1);
        int[] order = IntStream.range(0, n).boxed()
            .sorted(Comparator.comparing(i -> plan.names().get(i).getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned))
            .mapToInt(Integer::intValue).toArray();
        int[] next = new int[n];
        int[] skip = new int[n];
        for (int i = 0; i < n; i++) {
            byte[] name = plan.names().get(i).getBytes(StandardCharsets.UTF_8);
            next[i] = (int) Long.remainderUnsigned(XxHash64.of(name, 0, name.length, 0), size);
            skip[i] = (int) Long.remainderUnsigned(XxHash64.of(name, 0, name.length, 1), size - 1) + 1;
        }
        fill(plan, order, next, skip);
    }

    /** In Envoy's shares of one and not in whole numbers: what their rounding makes of a turn is part of where places come to lie. */
    private void fill(Plan plan, int[] order, int[] next, int[] skip) {
        double sum = plan.weights().stream().mapToLong(Integer::longValue).sum();
        double[] shares = plan.weights().stream().mapToDouble(weight -> weight / sum).toArray();
        double largest = DoubleStream.of(shares).max().orElseThrow();
        double[] due = new double[shares.length];
        int left = owners.length;
        for (int turn = 1; ; turn++) {
            for (int i : order) {
                if (turn * shares[i] < due[i]) continue;
                due[i] += largest;
                while (owners[next[i]] >= 0) next[i] = step(next[i], skip[i]);
                owners[next[i]] = i;
                next[i] = step(next[i], skip[i]);
                if (--left == 0) return;
            }
        }
    }

    private int step(int place, int skip) {
        int next = place + skip;
        return next >= owners.length ? next - owners.length : next;
    }

    @Override
    public int place(long key) {
        return (int) Long.remainderUnsigned(key, owners.length);
    }

    @Override
    public int owner(int place) {
        return owners[place];
    }

    @Override
    public int size() {
        return owners.length;
    }
}
