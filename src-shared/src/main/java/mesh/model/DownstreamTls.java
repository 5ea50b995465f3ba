package mesh.model;

import java.util.Set;

/**
 * mTLS towards whoever connects: TLS 1.3, client certificate required and verified against the trust bundle.
 *
 * @param allow identities that may connect; empty means any of the sidecar's trust domain
 */
public record DownstreamTls(Set<SpiffeId> allow) {

    public DownstreamTls {
        allow = Set.copyOf(allow);
    }
}
