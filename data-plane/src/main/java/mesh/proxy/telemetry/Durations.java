package mesh.proxy.telemetry;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.ObjLongConsumer;

/**
 * How many durations of each length there were at one moment, of all event loops together; never changed once made. Two that follow each
 * other share the blocks in which nothing has happened between them, so that an idle service's history costs next to nothing.
 */
final class Durations {

    static final Durations NONE = new Durations(new long[DurationCells.BLOCKS][]);

    /** Null where there are none. */
    private final long[][] blocks;
    private final long count;

    private Durations(long[][] blocks) {
        this.blocks = blocks;
        long sum = 0;
        for (long[] block : blocks) {
            for (int i = 0; block != null && i < block.length; i++) sum += block[i];
        }
        this.count = sum;
    }

    /** @param before the last that was made of the same cells */
    static Durations of(Collection<DurationCells> loops, Durations before) {
        long[][] blocks = new long[DurationCells.BLOCKS][];
        for (int i = 0; i < blocks.length; i++) {
            long[] sums = null;
            for (DurationCells cells : loops) {
                long[] into = sums == null ? new long[DurationCells.STEPS] : sums;
                if (cells.addTo(into, i)) sums = into;
            }
            blocks[i] = Arrays.equals(sums, before.blocks[i]) ? before.blocks[i] : sums;
        }
        return new Durations(blocks);
    }

    /** Those that have come on top of an earlier one. */
    Durations since(Durations before) {
        long[][] fresh = new long[DurationCells.BLOCKS][];
        for (int i = 0; i < fresh.length; i++) {
            if (blocks[i] == before.blocks[i]) continue;
            fresh[i] = blocks[i].clone();
            for (int j = 0; before.blocks[i] != null && j < DurationCells.STEPS; j++) fresh[i][j] -= before.blocks[i][j];
        }
        return new Durations(fresh);
    }

    long count() {
        return count;
    }

    /** Those of at most so many microseconds, and less than a hundred and twenty-eighth more. */
    long upTo(long micros) {
        long sum = 0;
        for (int i = 0; i < blocks.length; i++) {
            for (int j = 0; blocks[i] != null && j < DurationCells.STEPS && DurationCells.least(i, j) <= micros; j++) sum += blocks[i][j];
        }
        return sum;
    }

    /** Where there are any: the longest of so many steps in a row, in microseconds, and how many fall into them. */
    void forEachCoarse(int steps, ObjLongConsumer<Long> sink) {
        for (int i = 0; i < blocks.length; i++) {
            for (int j = 0; blocks[i] != null && j < DurationCells.STEPS; j += steps) {
                long sum = 0;
                for (int k = j; k < j + steps; k++) sum += blocks[i][k];
                if (sum > 0) sink.accept(DurationCells.most(i, j + steps - 1), sum);
            }
        }
    }

    /** In microseconds, at most a hundred and twenty-eighth too long; only where there are any. */
    long quantile(double quantile) {
        long rank = Math.max(1, (long) Math.ceil(quantile * count));
        for (int i = 0; i < blocks.length; i++) {
            for (int j = 0; blocks[i] != null && j < DurationCells.STEPS; j++) {
                rank -= blocks[i][j];
                if (rank <= 0) return DurationCells.most(i, j);
            }
        }
        throw new IllegalStateException("a quantile of no durations (expected: count() > 0)");
    }
}
