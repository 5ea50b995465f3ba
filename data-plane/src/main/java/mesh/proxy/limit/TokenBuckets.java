package mesh.proxy.limit;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A token bucket for each of many clients, in a table that never grows. A client is a fingerprint of 64 bits. Any thread: a client that is
 * known costs one compare-and-set and takes no lock; a new one is entered under the lock of its group of slots.
 *
 * <p>A bucket that is full again says nothing that a new one would not, so its slot is taken over when a new client needs one. When all
 * slots of a group are in use, clients that are new to it share the group's common bucket until one is free. Whoever gets a slot begins with
 * what the common bucket owes, at the least, for it may have used that; so no client ever gets more than its limit, whatever the crowd.
 * To fill the table takes as many clients as it has slots, each at its limit's rate at least: clients that come once do not.
 */
final class TokenBuckets {

    private static final int GROUP = 16;
    private static final int LOCKS = 64;
    /** Stands for a bucket whose slot is being taken over. Its own last state is below any that follows, so a late writer cannot miss it. */
    private static final long GIVEN_UP = Long.MIN_VALUE;

    /** Of {@link #enter}: the client has a slot by now. */
    private static final long ENTERED = -1;

    private final Gcra gcra;
    private final int groups;
    private final AtomicLongArray clients;
    private final AtomicLongArray full;
    /** Of each group: its common bucket, which also owes what any bucket that gave way has owed. Under the group's lock. */
    private final long[] common;
    private final Object[] locks;
    private final Runnable onShared;

    /**
     * @param keys     rounded up to a power of two; at least 16
     * @param onShared a client has had to use a common bucket
     */
    TokenBuckets(Gcra gcra, int keys, Runnable onShared) {
        this.gcra = gcra;
        this.onShared = onShared;
        int slots = Math.max(GROUP, Integer.highestOneBit(keys - 1) << 1);
        this.groups = slots / GROUP;
        this.clients = new AtomicLongArray(slots);
        this.full = new AtomicLongArray(slots);
        this.common = new long[groups];
        this.locks = new Object[Math.min(LOCKS, groups)];
        for (int i = 0; i < locks.length; i++) locks[i] = new Object();
    }

    /**
     * Takes a token of the client's bucket.
     *
     * @param client its fingerprint, spread evenly; not 0
     * @param now    as {@link Gcra#moment} counts
     * @return 0 when a token was taken, else the nanoseconds until there will be one
     */
    long take(long client, long now) {
        int group = (int) (client >>> 32) & groups - 1;
        while (true) {
            int slot = find(client, group);
            long before = slot < 0 ? GIVEN_UP : full.get(slot);
            // Asked again behind the state: so that was this client's, and under another the same state never comes back.
            if (before == GIVEN_UP || clients.get(slot) != client) {
                long entered = enter(client, group, now);
                if (entered != ENTERED) return entered;
                continue;
            }
            long wait = gcra.wait(before, now);
            if (wait > 0) return wait;
            if (full.compareAndSet(slot, before, gcra.take(before, now))) return 0;
        }
    }

    private int find(long client, int group) {
        for (int slot = group * GROUP, end = slot + GROUP; slot < end; slot++) {
            if (clients.get(slot) == client) return slot;
        }
        return -1;
    }

    /** @return as {@link #take}, or {@link #ENTERED} when another loop was first */
    private long enter(long client, int group, long now) {
        synchronized (locks[group & locks.length - 1]) {
            if (find(client, group) >= 0) return ENTERED;
            int slot = giveUp(group, now);
            long owed = Math.max(common[group], now);
            long wait = gcra.wait(owed, now);
            long after = wait == 0 ? gcra.take(owed, now) : owed;
            if (slot < 0) {
                common[group] = after;
                onShared.run();
            } else {
                clients.set(slot, client);
                full.set(slot, after);
            }
            return wait;
        }
    }

    /** Takes a slot away from a bucket that is full, and says which; -1 when there is none. */
    private int giveUp(int group, long now) {
        for (int slot = group * GROUP, end = slot + GROUP; slot < end; slot++) {
            long before = full.get(slot);
            if (before <= now && full.compareAndSet(slot, before, GIVEN_UP)) {
                common[group] = Math.max(common[group], before);
                return slot;
            }
        }
        return -1;
    }
}
