package mesh.proxy.upstream;

import java.util.concurrent.atomic.AtomicLongArray;
import mesh.model.RetryBudgetPolicy;
import mesh.time.Ticker;

/**
 * What a cluster may still retry by its {@link RetryBudgetPolicy}, so that retries cannot multiply an overload: requests deposit, retries
 * withdraw, both are forgotten after {@code ttl}, and a reserve of {@code minPerSecond} lets a quiet cluster retry at all.
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

    public RetryBudget(RetryBudgetPolicy policy, Ticker ticker) {
        this.deposit = (int) Math.round(policy.ratio() * RETRY);
        this.reserve = policy.minPerSecond() * policy.ttl().toMillis() * RETRY / 1000;
        this.sliceNanos = policy.ttl().toNanos() / SLICES;
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
