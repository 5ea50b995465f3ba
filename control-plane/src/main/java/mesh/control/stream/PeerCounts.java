package mesh.control.stream;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.SpiffeId;

/** How many streams each identity has open, and those without one together. Any thread. */
final class PeerCounts {

    private final Map<Optional<SpiffeId>, Integer> counts = new ConcurrentHashMap<>();

    /** Adds one, unless there are {@code most} already. */
    boolean add(Optional<SpiffeId> peer, int most) {
        boolean[] added = {false};
        counts.compute(peer, (id, count) -> {
            int before = count == null ? 0 : count;
            added[0] = before < most;
            return added[0] ? Integer.valueOf(before + 1) : count;
        });
        return added[0];
    }

    void remove(Optional<SpiffeId> peer) {
        counts.computeIfPresent(peer, (id, count) -> count == 1 ? null : count - 1);
    }
}
