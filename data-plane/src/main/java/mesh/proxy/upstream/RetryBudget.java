package mesh.proxy.upstream;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import mesh.time.Ticker;

/**
 * How many retries a cluster may make, as a share of its requests, so that retries cannot multiply an overload.
 *
 * <p>Each request deposits {@code ratio} of a retry, each retry withdraws one, and both are forgotten after {@code ttl}. A reserve of
 * {@code minPerSecond} lets a quiet cluster retry at all. The idea and its words are Finagle's ({@code service/RetryBudget.scala}).
 *
 * <p>Shared by all event loops, without a lock: time is cut into {@value #SLICES} slices of the ttl, and each slice is one atomic long of
 * its number and its sum, so a slice is taken over for its next time and written in one step.
 */
public final class RetryBudget {

    private static final int SLICES = 10;
    /** One retry, in the units that are counted. */
    private static final int RETRY = 1000;

    private final int deposit;
    private final long reserve;
    private final long sliceNanos;
    private final long start;
    private final Ticker ticker;
    /** High half: the slice's number; low half: what was deposited less what was withdrawn. */
    private final AtomicLongArray slices = new AtomicLongArray(SLICES);

    /**
     * @param ratio        retries per request, 0 to 10; counted to a thousandth
     * @param minPerSecond retries always allowed, per second; at least 0
     * @param ttl          how long deposits and withdrawals count, 1 s to 60 s
     */
    public RetryBudget(double ratio, int minPerSecond, Duration ttl, Ticker ticker) {
        if (!(ratio >= 0 && ratio <= 10)) {
            throw new IllegalArgumentException("ratio: " + ratio + " (expected: 0 to 10)");
        }
        if (minPerSecond < 0) {
            throw new IllegalArgumentException("minPerSecond: " + minPerSecond + " (expected: >= 0)");
        }
        if (ttl.compareTo(Duration.ofSeconds(1)) < 0 || ttl.compareTo(Duration.ofSeconds(60)) > 0) {
            throw new IllegalArgumentException("ttl: " + ttl + " (expected: 1 s to 60 s)");
        }
        this.deposit = (int) Math.round(ratio * RETRY);
        this.reserve = minPerSecond * ttl.toMillis() * RETRY / 1000;
        this.sliceNanos = ttl.toNanos() / SLICES;
        this.start = ticker.nanos();
        this.ticker = ticker;
    }

    /** For each request, not for its retries. */
    public void deposit() {
        if (deposit == 0) {
            return;
        }
        int slice = currentSlice();
        boolean added;
        do {
            added = tryAdd(slice, slices.get(place(slice)), deposit);
        } while (!added);
    }

    /** Whether one more retry may be made; then it is counted. */
    public boolean tryWithdraw() {
        int slice = currentSlice();
        while (true) {
            // Read before the sum: a withdrawal in between changes it, and the sum is taken again.
            long before = slices.get(place(slice));
            if (sum(slice) < RETRY) {
                return false;
            }
            if (tryAdd(slice, before, -RETRY)) {
                return true;
            }
        }
    }

    /** Retries that could be made now. */
    public double balance() {
        return Math.max(0, sum(currentSlice())) / (double) RETRY;
    }

    /** Adds to a slice, which begins anew when what stands in its place is an older one. */
    private boolean tryAdd(int slice, long before, int amount) {
        int there = (int) (before >> 32);
        boolean older = there - slice < 0;
        long sum = (older ? 0 : (int) before) + (long) amount;
        // Ten million requests a second would fill a slice; a full one takes no more.
        int after = (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, sum));
        return slices.compareAndSet(place(slice), before, (long) (older ? slice : there) << 32 | after & 0xffff_ffffL);
    }

    private long sum(int slice) {
        long sum = reserve;
        for (int i = 0; i < SLICES; i++) {
            long value = slices.get(i);
            sum += slice - (int) (value >> 32) < SLICES ? (int) value : 0;
        }
        return sum;
    }

    /** The number of the present slice. It may wrap after some years; only differences are compared. */
    private int currentSlice() {
        return (int) ((ticker.nanos() - start) / sliceNanos);
    }

    private static int place(int slice) {
        return Math.floorMod(slice, SLICES);
    }
}
