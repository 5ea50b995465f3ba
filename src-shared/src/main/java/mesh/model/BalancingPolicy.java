package mesh.model;

import java.util.Optional;

/**
 * Among which of its endpoints a cluster's balancer chooses, before it chooses one.
 *
 * @param panicThreshold when less than this percentage of a level's endpoints is healthy, and the other levels cannot take what it should
 *                       get, health is ignored there; 0 to 100, 0 for never
 * @param slowStart      how new endpoints are brought in; empty for at once, as in Envoy
 * @param preferLocal    whether endpoints near the sidecar come first; only where it knows where it is, and they say where they are
 */
public record BalancingPolicy(int panicThreshold, Optional<SlowStart> slowStart, boolean preferLocal) {

    /** Envoy's. */
    public static final int DEFAULT_PANIC = 50;

    public static final BalancingPolicy DEFAULT = new BalancingPolicy(DEFAULT_PANIC, Optional.empty(), true);

    public BalancingPolicy {
        Checks.range("panic threshold", panicThreshold, 0, 100);
    }

    public BalancingPolicy withPanicThreshold(int percent) {
        return new BalancingPolicy(percent, slowStart, preferLocal);
    }

    public BalancingPolicy withSlowStart(SlowStart policy) {
        return new BalancingPolicy(panicThreshold, Optional.of(policy), preferLocal);
    }

    /** The same, near or far. */
    public BalancingPolicy anywhere() {
        return new BalancingPolicy(panicThreshold, slowStart, false);
    }
}
