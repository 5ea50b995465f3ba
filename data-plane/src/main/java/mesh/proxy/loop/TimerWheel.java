package mesh.proxy.loop;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import mesh.time.Ticker;

/**
 * The timers of one event loop, for many that are set and few that ever expire: setting and cancelling is linking and unlinking, nothing
 * is allocated, and the loop is woken only for slots that hold a timer. A timer expires up to one tick (4.2 ms) late, never early.
 *
 * <p>The idea is G. Varghese's and T. Lauck's (Hashed and Hierarchical Timing Wheels, 1987): a slot holds what is due at its tick in this
 * turn of the wheel or in a later one. On its loop only.
 */
public final class TimerWheel {

    /** One timer, to be extended by whatever has a deadline, so that it needs no object of its own. Set at most once at a time. */
    public abstract static class Timeout {

        private Timeout previous;
        private Timeout next;
        private long tick;

        /** The time has come. The timer is unset and may be set again. */
        protected abstract void expire();

        public final boolean isSet() {
            return next != null;
        }
    }

    private static final int TICK_SHIFT = 22;
    private static final int SLOTS = 2048;

    private final ScheduledExecutorService loop;
    private final Ticker ticker;
    private final long start;
    private final Timeout[] slots = new Timeout[SLOTS];
    private final Runnable wake = this::wake;
    private int count;
    /** The last tick whose slot has been looked at. */
    private long done;
    /** The earliest tick for which the loop will be woken. */
    private long wakeAt = Long.MAX_VALUE;

    public TimerWheel(ScheduledExecutorService loop, Ticker ticker) {
        this.loop = loop;
        this.ticker = ticker;
        this.start = ticker.nanos();
        for (int i = 0; i < SLOTS; i++) slots[i] = ring();
    }

    /** Nanoseconds since the wheel was made: never negative, so that moments may be compared and added to without care. */
    public long now() {
        return ticker.nanos() - start;
    }

    /** Sets a timer, or sets it anew. */
    public void set(Timeout timeout, long nanosFromNow) {
        setAt(timeout, now() + Math.max(0, nanosFromNow));
    }

    /** As {@link #set}, for a moment as {@link #now} tells it. */
    public void setAt(Timeout timeout, long moment) {
        cancel(timeout);
        long tick = Math.max(done, moment >> TICK_SHIFT) + 1;
        timeout.tick = tick;
        link(slots[(int) (tick & SLOTS - 1)], timeout);
        count++;
        if (tick < wakeAt) wakeAt(tick);
    }

    public void cancel(Timeout timeout) {
        if (!timeout.isSet()) return;
        unlink(timeout);
        count--;
    }

    /** Timers that are set. */
    public int count() {
        return count;
    }

    private void wakeAt(long tick) {
        wakeAt = tick;
        long nanos = (tick << TICK_SHIFT) - now();
        loop.schedule(wake, Math.max(0, nanos), TimeUnit.NANOSECONDS);
    }

    private void wake() {
        long now = now() >> TICK_SHIFT;
        wakeAt = Long.MAX_VALUE;
        // After a long pause each slot still needs only one look.
        for (long tick = Math.max(done + 1, now - SLOTS + 1); tick <= now; tick++) {
            done = tick;
            expire(slots[(int) (tick & SLOTS - 1)], now);
        }
        if (count > 0) wakeForNext();
    }

    /** Those due move to a ring of their own first: one that expires may cancel or set any other. */
    private void expire(Timeout ring, long now) {
        if (isEmpty(ring)) return;
        Timeout due = ring();
        for (Timeout each = ring.next, after; each != ring; each = after) {
            after = each.next;
            if (each.tick > now) continue;
            unlink(each);
            link(due, each);
        }
        while (!isEmpty(due)) {
            Timeout first = due.next;
            unlink(first);
            count--;
            first.expire();
        }
    }

    private void wakeForNext() {
        long tick = done + 1;
        while (tick < done + SLOTS && isEmpty(slots[(int) (tick & SLOTS - 1)])) tick++;
        if (tick < wakeAt) wakeAt(tick);
    }

    private static Timeout ring() {
        Timeout ring = new Timeout() {
            @Override
            protected void expire() {
                throw new IllegalStateException("the ring itself was set");
            }
        };
        ring.previous = ring;
        ring.next = ring;
        return ring;
    }

    private static boolean isEmpty(Timeout ring) {
        return ring.next == ring;
    }

    private static void link(Timeout ring, Timeout timeout) {
        timeout.previous = ring.previous;
        timeout.next = ring;
        ring.previous.next = timeout;
        ring.previous = timeout;
    }

    private static void unlink(Timeout timeout) {
        timeout.previous.next = timeout.next;
        timeout.next.previous = timeout.previous;
        timeout.previous = null;
        timeout.next = null;
    }
}
