package mesh.control.stream;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import mesh.model.Address;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;

/**
 * Turns a burst of changes into two pushes: the first change after it has been quiet for a while is pushed at once, those that follow it when it has
 * been quiet again, but never later than a limit after the first of them. A change that takes an endpoint away, or has it drain, does not
 * wait, because requests still go there. One thread at a time.
 */
final class Debounce {

    static final Duration QUIET = Duration.ofMillis(25);
    static final Duration LONGEST = Duration.ofSeconds(1);

    private MeshSnapshot pushed;
    private MeshSnapshot latest;
    private boolean quiet = true;
    private long changedAt;
    private long firstAt;
    private long dueAt;

    Debounce(MeshSnapshot pushed) {
        this.pushed = pushed;
        this.latest = pushed;
    }

    /** Notes a change that happened at {@code now}, in ticker nanoseconds. */
    void changed(MeshSnapshot next, long now) {
        // Nothing has changed since the start: the clock alone could not tell.
        boolean alone = latest == pushed && (quiet || now - changedAt >= QUIET.toNanos());
        if (latest == pushed) {
            firstAt = now;
        }
        quiet = false;
        changedAt = now;
        latest = next;
        dueAt = alone || removesEndpoint(pushed, next) ? now : Math.min(now + QUIET.toNanos(), firstAt + LONGEST.toNanos());
    }

    /** How long to wait from {@code now} until {@link #take} has something, 0 or less for now. */
    long delayNanos(long now) {
        return dueAt - now;
    }

    /** What to push at {@code now}, null if it is not time or there is nothing. */
    MeshSnapshot take(long now) {
        if (latest == pushed || delayNanos(now) > 0) {
            return null;
        }
        pushed = latest;
        return pushed;
    }

    static boolean removesEndpoint(MeshSnapshot before, MeshSnapshot after) {
        for (Map.Entry<String, EndpointSet> entry : before.endpoints().entrySet()) {
            List<Endpoint> left = after.endpointsOf(entry.getKey());
            List<Endpoint> had = entry.getValue().endpoints();
            if (left == had) {
                continue;
            }
            Map<Address, EndpointHealth> health = new HashMap<>();
            left.forEach(endpoint -> health.put(endpoint.address(), endpoint.health()));
            for (Endpoint endpoint : had) {
                EndpointHealth now = health.get(endpoint.address());
                if (now == null || now == EndpointHealth.DRAINING && endpoint.health() != now) {
                    return true;
                }
            }
        }
        return false;
    }
}
