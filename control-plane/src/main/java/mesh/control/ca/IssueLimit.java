package mesh.control.ca;

import java.util.HashMap;
import java.util.Map;
import mesh.model.SpiffeId;
import mesh.time.Ticker;

/**
 * How many certificates one identity may have in a time: {@value #BURST} at once, {@value #PER_SECOND} a second after that. Wide enough for
 * all replicas of a workload to start together, and far below what one of them could burn of the CA's time. Any thread.
 */
final class IssueLimit {

    static final int BURST = 200;
    static final int PER_SECOND = 20;

    private static final long NANOS_EACH = 1_000_000_000L / PER_SECOND;

    private final Ticker ticker;
    /** When an identity's allowance is full again. An identity that is not here has all of it. */
    private final Map<SpiffeId, Long> fullAgain = new HashMap<>();

    IssueLimit(Ticker ticker) {
        this.ticker = ticker;
    }

    synchronized boolean tryAcquire(SpiffeId id) {
        long now = ticker.nanos();
        fullAgain.values().removeIf(at -> at - now <= 0);
        long at = fullAgain.getOrDefault(id, now);
        if (at - now > (BURST - 1) * NANOS_EACH) {
            return false;
        }
        fullAgain.put(id, at + NANOS_EACH);
        return true;
    }
}
