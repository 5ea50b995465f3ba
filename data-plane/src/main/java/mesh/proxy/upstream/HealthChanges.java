package mesh.proxy.upstream;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts how often the health of any of a cluster's endpoints has changed, so that what was worked out from it is known to be old. Lives on
 * when a push changes the cluster. Any thread.
 */
public final class HealthChanges {

    private final AtomicInteger count = new AtomicInteger();

    void changed() {
        count.incrementAndGet();
    }

    public int count() {
        return count.get();
    }
}
