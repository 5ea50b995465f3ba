package mesh.proxy.upstream;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import mesh.model.ConnectionPolicy;
import mesh.model.ProxyProtocol;
import mesh.model.SpiffeId;
import mesh.proxy.ends.Ends;
import mesh.proxy.ends.Redirected;

/**
 * How connections to one upstream are made and kept.
 *
 * @param expect identities it may have; an empty set means any of the trust domain, nothing at all means plaintext
 * @param policy limits and timeouts
 * @param announces the PROXY protocol that it begins with; null for none
 * @param client for whom it is, where that is announced; null for this sidecar itself
 * @param original what a client's connection was opened to, where this one goes there; else null
 */
public record ConnectSettings(Optional<Set<SpiffeId>> expect, ConnectionPolicy policy, ProxyProtocol.Version announces, Ends client, Redirected original) {

    /** That announce nobody. */
    public ConnectSettings(Optional<Set<SpiffeId>> expect, ConnectionPolicy policy) {
        this(expect, policy, null, null, null);
    }

    /** The same on behalf of a client. */
    public ConnectSettings on(Ends behalf) {
        return new ConnectSettings(expect, policy, announces, behalf, original);
    }

    boolean isTls() {
        return expect.isPresent();
    }

    /** Whether a connection that was made by these settings may carry a request that asks for others. It lives by its own to its end. */
    boolean fits(ConnectSettings asked) {
        return this == asked || expect.equals(asked.expect) && announces == asked.announces && Objects.equals(client, asked.client)
            && original == asked.original && livesAsLong(asked.policy);
    }

    private boolean livesAsLong(ConnectionPolicy asked) {
        return policy.maxRequestsPerConnection() == asked.maxRequestsPerConnection()
            && policy.maxConnectionDuration().equals(asked.maxConnectionDuration())
            && policy.idleTimeout().equals(asked.idleTimeout());
    }
}
