package mesh.model;

import java.time.Duration;
import java.util.Optional;

/**
 * How a sidecar keeps its connections to a cluster. Limits are of one sidecar, all its event loops together.
 *
 * @param connectTimeout     until the connection stands, TLS included; default 1 s
 * @param idleTimeout        how long an unused connection is kept; empty means 4 s to plaintext and 5 min to mTLS endpoints
 * @param protocol           spoken with the endpoints; default that of the request
 * @param maxConnections     1 to 1,000,000; default 1024 (Envoy's, as the two below)
 * @param maxPendingRequests requests that wait for a connection, 0 to 1,000,000; default 1024
 * @param maxRequests        requests in flight, 1 to 1,000,000; default 1024
 * @param maxRequestsPerConnection after so many a connection is used no more, 1 to 1,000,000; 0, the default, for no limit (Envoy's)
 * @param maxConnectionDuration    after that a connection is used no more; empty, the default, for no limit (Envoy's)
 */
public record ConnectionPolicy(
    Duration connectTimeout, Optional<Duration> idleTimeout, UpstreamProtocol protocol, int maxConnections, int maxPendingRequests,
    int maxRequests, int maxRequestsPerConnection, Optional<Duration> maxConnectionDuration) {

    public static final int MOST = 1_000_000;

    public static final ConnectionPolicy DEFAULT =
        new ConnectionPolicy(Duration.ofSeconds(1), Optional.empty(), UpstreamProtocol.DOWNSTREAM, 1024, 1024, 1024);

    /** Connections are used for as long as they stand. */
    public ConnectionPolicy(
        Duration connectTimeout, Optional<Duration> idleTimeout, UpstreamProtocol protocol, int maxConnections, int maxPendingRequests,
        int maxRequests) {
        this(connectTimeout, idleTimeout, protocol, maxConnections, maxPendingRequests, maxRequests, 0, Optional.empty());
    }

    public ConnectionPolicy {
        Checks.positive("connectTimeout", connectTimeout);
        idleTimeout.ifPresent(d -> Checks.positive("idleTimeout", d));
        Checks.range("maxConnections", maxConnections, 1, 1_000_000);
        Checks.range("maxPendingRequests", maxPendingRequests, 0, 1_000_000);
        Checks.range("maxRequests", maxRequests, 1, 1_000_000);
        Checks.range("maxRequestsPerConnection", maxRequestsPerConnection, 0, MOST);
        maxConnectionDuration.ifPresent(d -> Checks.positive("maxConnectionDuration", d));
    }

    /** The idle timeout that holds for an endpoint. */
    public Duration idleTimeout(boolean mutualTls) {
        return idleTimeout.orElse(mutualTls ? Duration.ofMinutes(5) : Duration.ofSeconds(4));
    }
}
