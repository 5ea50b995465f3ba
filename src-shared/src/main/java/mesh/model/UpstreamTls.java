package mesh.model;

import java.util.Set;

/**
 * mTLS towards endpoints.
 *
 * @param expect identities an endpoint may have when it names none itself; empty means any of the sidecar's trust domain
 */
public record UpstreamTls(Set<SpiffeId> expect) {

    public UpstreamTls {
        expect = Set.copyOf(expect);
    }
}
