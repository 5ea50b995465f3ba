package mesh.proxy.upstream;

import java.util.Optional;
import java.util.Set;
import mesh.model.ConnectionPolicy;
import mesh.model.SpiffeId;

/**
 * How connections to one upstream are made and kept.
 *
 * @param expect identities it may have; an empty set means any of the trust domain, nothing at all means plaintext
 * @param policy limits and timeouts
 */
public record ConnectSettings(Optional<Set<SpiffeId>> expect, ConnectionPolicy policy) {

    boolean isTls() {
        return expect.isPresent();
    }

    /** Whether a connection that was made by these settings may carry a request that asks for others. It lives by its own to its end. */
    boolean fits(ConnectSettings asked) {
        return this == asked || expect.equals(asked.expect) && livesAsLong(asked.policy);
    }

    private boolean livesAsLong(ConnectionPolicy asked) {
        return policy.maxRequestsPerConnection() == asked.maxRequestsPerConnection()
            && policy.maxConnectionDuration().equals(asked.maxConnectionDuration())
            && policy.idleTimeout().equals(asked.idleTimeout());
    }
}
