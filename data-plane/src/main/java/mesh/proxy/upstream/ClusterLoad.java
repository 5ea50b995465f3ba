package mesh.proxy.upstream;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a cluster is carrying now, held against its limits. Lives on when a push changes the cluster. Shared by all event loops: each count
 * is an atomic, so that a limit holds for all of them together.
 */
public final class ClusterLoad {

    /** Which limit something was over; the words of the metric. */
    public enum Limit { CONNECTIONS, PENDING_REQUESTS, REQUESTS, RETRIES, COPIES }

    /** Told of each that was one too many. Any thread. */
    @FunctionalInterface
    public interface Observer {
        void onOverflow(Limit limit);
    }

    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger copies = new AtomicInteger();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicInteger pending = new AtomicInteger();
    private final AtomicInteger retries = new AtomicInteger();
    private final Observer observer;
    /** Whether anything was ever asked of it, also where no endpoint could take it; written once. */
    private volatile boolean used;

    public ClusterLoad(Observer observer) {
        this.observer = observer;
    }

    /** Counts a request in, unless that is one too many. */
    public boolean tryRequest(int limit) {
        use();
        return tryAdd(requests, limit, Limit.REQUESTS);
    }

    /** A client's TCP connection is counted as a request is, and held against the limit of connections. */
    public boolean tryTcp(int limit) {
        use();
        return tryAdd(requests, limit, Limit.CONNECTIONS);
    }

    public void requestEnded() {
        requests.decrementAndGet();
    }

    /** Counts a request that is being retried in, once for all its retries. */
    public boolean tryRetry(int limit) {
        return tryAdd(retries, limit, Limit.RETRIES);
    }

    public void retryEnded() {
        retries.decrementAndGet();
    }

    /**
     * Counts a copy of a mirrored request in. It is a request like others, and copies take at most half of what there may be, so that there
     * is room for those that somebody waits for.
     */
    public boolean tryCopy(int limit) {
        if (!tryAdd(copies, Math.max(1, limit / 2), Limit.COPIES)) return false;
        if (tryRequest(limit)) return true;
        copies.decrementAndGet();
        return false;
    }

    public void copyEnded() {
        copies.decrementAndGet();
        requestEnded();
    }

    boolean tryPend(int limit) {
        return tryAdd(pending, limit, Limit.PENDING_REQUESTS);
    }

    void pendEnded() {
        pending.decrementAndGet();
    }

    /** @param entitled may go over the limit: the first connection of a loop, which could otherwise never serve its requests */
    boolean tryConnect(int limit, boolean entitled) {
        if (!entitled) return tryAdd(connections, limit, Limit.CONNECTIONS);
        connections.incrementAndGet();
        return true;
    }

    void disconnected() {
        connections.decrementAndGet();
    }

    private void use() {
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

    public int retries() {
        return retries.get();
    }

    private boolean tryAdd(AtomicInteger count, int limit, Limit which) {
        if (count.incrementAndGet() <= limit) return true;
        count.decrementAndGet();
        observer.onOverflow(which);
        return false;
    }
}
