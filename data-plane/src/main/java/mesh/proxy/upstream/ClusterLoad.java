package mesh.proxy.upstream;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a cluster is carrying now, held against its limits. Lives on when a push changes the cluster. Shared by all event loops: each count
 * is an atomic, so that a limit holds for all of them together.
 */
public final class ClusterLoad {

    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger pending = new AtomicInteger();
    /** Whether any connection was ever wanted; written once. */
    private volatile boolean used;

    /** Counts a request in, unless that is one too many. */
    public boolean tryRequest(int limit) {
        return tryAdd(requests, limit);
    }

    public void requestEnded() {
        requests.decrementAndGet();
    }

    boolean tryPend(int limit) {
        return tryAdd(pending, limit);
    }

    void pendEnded() {
        pending.decrementAndGet();
    }

    /** @param entitled may go over the limit: the first connection of a loop, which could otherwise never serve its requests */
    boolean tryConnect(int limit, boolean entitled) {
        use();
        if (!entitled) return tryAdd(connections, limit);
        connections.incrementAndGet();
        return true;
    }

    void disconnected() {
        connections.decrementAndGet();
    }

    /** Something is sent to it. */
    void use() {
        if (!used) used = true;
    }

    boolean isUsed() {
        return used;
    }

    public int requests() {
        return requests.get();
    }

    public int connections() {
        return connections.get();
    }

    public int pending() {
        return pending.get();
    }

    private static boolean tryAdd(AtomicInteger count, int limit) {
        if (count.incrementAndGet() <= limit) return true;
        count.decrementAndGet();
        return false;
    }
}
