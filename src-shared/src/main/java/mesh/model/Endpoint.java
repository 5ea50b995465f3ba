package mesh.model;

import java.util.Optional;

/**
 * One instance of a cluster.
 *
 * @param address  host and port; also its name in its cluster and the {@code upstream} label
 * @param weight   1 to 1,000,000
 * @param spiffeId present: dialled with mTLS to exactly this identity
 * @param health   what is known of it where it is configured; an endpoint is used while neither this nor a sidecar's own checks speak
 *                 against it
 * @param locality where it runs; empty for not known
 * @param priority 0 to 127; those of a higher number get requests while too few of the lower are well
 */
public record Endpoint(
    Address address, int weight, Optional<SpiffeId> spiffeId, EndpointHealth health, Optional<Locality> locality, int priority) {

    /** Envoy's. */
    public static final int LAST_PRIORITY = 127;

    public Endpoint {
        if (address.host().isEmpty() || address.port() == 0) {
            throw new IllegalArgumentException("endpoint address: \"" + address + "\" (expected: host:port)");
        }
        Checks.range("weight of " + address, weight, 1, 1_000_000);
        Checks.range("priority of " + address, priority, 0, LAST_PRIORITY);
    }

    /** One that is as near as any, and as good. */
    public Endpoint(Address address, int weight, Optional<SpiffeId> spiffeId, EndpointHealth health) {
        this(address, weight, spiffeId, health, Optional.empty(), 0);
    }

    /** One that nothing is said against. */
    public Endpoint(Address address, int weight, Optional<SpiffeId> spiffeId) {
        this(address, weight, spiffeId, EndpointHealth.HEALTHY);
    }

    public Endpoint withHealth(EndpointHealth other) {
        return new Endpoint(address, weight, spiffeId, other, locality, priority);
    }

    /** The same at that place. */
    public Endpoint at(Optional<Locality> place, int level) {
        return new Endpoint(address, weight, spiffeId, health, place, level);
    }
}
