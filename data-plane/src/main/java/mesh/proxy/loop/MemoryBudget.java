package mesh.proxy.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.function.LongSupplier;

/**
 * What connections may hold together, and how close they are to it: their buffers, which the allocator counts anyway, and the heap that heads and
 * the connections themselves take, which is told here. It only says what is to be shed; its callers do that.
 *
 * <p>Nobody counts for a request: the sum is made when it is asked for and {@link #FRESH_NANOS} old, on whichever loop asks. So it may be exceeded
 * by what comes in so short a while, and costs nothing where nothing happens. Any thread, but for what takes a {@code loop}.
 */
public final class MemoryBudget {

    /** What is not done any more; with each goes all that stands before it. Shares are Envoy's overload manager's, as its documentation suggests. */
    public enum Stage {
        FREE(0),
        /** New streams of HTTP/2 are refused: their clients may send them elsewhere, as nothing of them was looked at. */
        NO_STREAMS(90),
        /** Requests are answered with 503. */
        NO_REQUESTS(95),
        NO_CONNECTIONS(98);

        private final int percent;

        Stage(int percent) {
            this.percent = percent;
        }

        private static Stage of(long held, long budget) {
            Stage stage = FREE;
            for (Stage each : values()) {
                if (held >= budget / 100 * each.percent) stage = each;
            }
            return stage;
        }
    }

    /** An open connection's own objects, as measured. */
    public static final int CONNECTION_BYTES = 16 * 1024;
    /** The same of TLS. */
    public static final int TLS_BYTES = 16 * 1024;

    private static final long LEAST_BYTES = 8 << 20, OWN_BYTES = 40 << 20;
    private static final long FRESH_NANOS = 10_000_000;
    private static final VarHandle CELLS = MethodHandles.arrayElementVarHandle(long[].class);
    /** Two cache lines apart. */
    private static final int STRIDE = 16;

    private final LongSupplier buffers;
    /** What each loop's connections hold besides buffers. */
    private final long[] held;
    /** When each loop has looked last, by its own clock. */
    private final long[] looked;
    private volatile long budget;
    private volatile Stage stage = Stage.FREE;

    /** @param buffers bytes that are in use of those that the allocator has */
    MemoryBudget(int loops, LongSupplier buffers) {
        this.buffers = buffers;
        this.held = new long[loops * STRIDE];
        this.looked = new long[loops * STRIDE];
        this.budget = standard();
    }

    /** Half of what the largest heap has beyond the sidecar's own 40 MiB, 8 MiB at least: heads are doubled while they grow. */
    public static long standard() {
        return Math.max(LEAST_BYTES, (Runtime.getRuntime().maxMemory() - OWN_BYTES) / 2);
    }

    /** @param bytes at least 1 */
    public void set(long bytes) {
        budget = bytes;
    }

    public long budget() {
        return budget;
    }

    /** What is held now. */
    public long held() {
        long sum = buffers.getAsLong();
        for (int i = 0; i < held.length; i += STRIDE) sum += (long) CELLS.getOpaque(held, i);
        return sum;
    }

    /** A connection of that loop holds so many bytes of heap more; fewer where negative. On it. */
    public void hold(int loop, int more) {
        CELLS.setOpaque(held, loop * STRIDE, held[loop * STRIDE] + more);
    }

    /** @param now elapsed time as that loop tells it, whose caller is on it */
    public Stage stage(int loop, long now) {
        int at = loop * STRIDE;
        if (now - looked[at] >= FRESH_NANOS) {
            looked[at] = now;
            look();
        }
        return stage;
    }

    /** As it is at this moment. */
    public Stage look() {
        Stage now = Stage.of(held(), budget);
        stage = now;
        return now;
    }
}
