package mesh.proxy.telemetry;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A count that every event loop adds to and nobody waits for: each loop writes a cell of its own, a scrape adds them up. A loop's cell is
 * written by that loop alone, so adding is a plain read and a write that others will see in time.
 */
final class LoopCounter {

    static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);

    /** Two cache lines apart: processors fetch them in pairs. */
    private static final int STRIDE = 16;

    private final long[] cells;

    LoopCounter(int loops) {
        cells = new long[loops * STRIDE];
    }

    void add(int loop, long n) {
        add(cells, loop * STRIDE, n);
    }

    long sum() {
        long sum = 0;
        for (int i = 0; i < cells.length; i += STRIDE) sum += get(cells, i);
        return sum;
    }

    /** For other arrays with one writer. */
    static void add(long[] cells, int i, long n) {
        CELLS.setOpaque(cells, i, (long) CELLS.getOpaque(cells, i) + n);
    }

    static long get(long[] cells, int i) {
        return (long) CELLS.getOpaque(cells, i);
    }
}
