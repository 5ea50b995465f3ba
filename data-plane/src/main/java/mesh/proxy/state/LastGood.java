package mesh.proxy.state;

import java.time.Instant;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;

/**
 * The configuration that was last in force.
 *
 * @param owner     whom the control plane gave it to; good for nobody else
 * @param appliedAt when it came into force
 */
public record LastGood(Owner owner, Instant appliedAt, MeshSnapshot snapshot) {

    /** One sidecar: what it calls itself, and what it can prove to be. */
    public record Owner(String node, SpiffeId identity) {}
}
