package mesh.model;

import java.util.Optional;

/**
 * How a cluster finds out which of its endpoints are well.
 *
 * @param outliers by what their requests come to; empty for not at all, as in Envoy: what an endpoint may answer only its owner knows
 * @param check    by asking them; empty for not at all
 */
public record HealthPolicy(Optional<OutlierPolicy> outliers, Optional<HealthCheckPolicy> check) {

    public static final HealthPolicy NONE = new HealthPolicy(Optional.empty(), Optional.empty());

    /** Nobody is asked. */
    public HealthPolicy(Optional<OutlierPolicy> outliers) {
        this(outliers, Optional.empty());
    }
}
