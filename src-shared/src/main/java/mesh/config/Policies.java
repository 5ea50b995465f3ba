package mesh.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.Address;
import mesh.model.BreakerFailure;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.ConnectionPolicy;
import mesh.model.Endpoint;
import mesh.model.EndpointHealth;
import mesh.model.Locality;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.model.UpstreamProtocol;

/** The parts that both forms have. Each reads its section to the end; null after a finding. */
final class Policies {

    static final String NEEDS_IDENTITY = "mtls or identity with ca, cert and key at the top of the file";

    private Policies() {}

    static RetryPolicy retry(Section s) {
        RetryPolicy normal = RetryPolicy.of(RetryPolicy.NONE.attempts(), Duration.ZERO);
        int attempts = s.integer("attempts", normal.attempts(), 1, 10);
        Duration perTry = s.duration("perTryTimeout", normal.perTryTimeout(), true);
        Duration perTryIdle = s.duration("perTryIdleTimeout", normal.perTryIdleTimeout(), true);
        List<RetryOn> named = s.texts("retryOn", RetryOn::parse);
        List<Integer> codes = s.texts("retriableStatusCodes", text -> Values.integer(text, 100, 599));
        Duration base = s.duration("backoffBase", normal.backoffBase(), true);
        Duration max = s.duration("backoffMax", normal.backoffMax(), true);
        s.end();
        Set<RetryOn> conditions = named.isEmpty() ? normal.retryOn() : Set.copyOf(named);
        return s.make(() -> new RetryPolicy(attempts, perTry, perTryIdle, conditions, Set.copyOf(codes), base, max));
    }

    static CircuitBreakerPolicy breaker(Section s) {
        CircuitBreakerPolicy normal = CircuitBreakerPolicy.DEFAULT;
        int window = s.integer("windowSize", normal.windowSize(), 1, 1024);
        Double threshold = s.read("failureThreshold", normal.failureThreshold(), Values::share);
        Duration reset = s.duration("resetTimeout", normal.resetTimeout(), false);
        List<BreakerFailure> failures = s.texts("failures", BreakerFailure::parse);
        s.end();
        return s.make(() -> new CircuitBreakerPolicy(window, threshold, reset, BreakerFailure.orDefault(failures)));
    }

    /**
     * Keys of the cluster itself, not a section of their own; the caller ends it.
     *
     * @param protocol is the caller's to read: the short form has the listener's under that key
     */
    static ConnectionPolicy connections(Section s, UpstreamProtocol protocol) {
        ConnectionPolicy normal = ConnectionPolicy.DEFAULT;
        Duration connect = s.duration("connectTimeout", normal.connectTimeout(), false);
        Optional<Duration> idle = Optional.ofNullable(s.duration("idleTimeout", null, false));
        int connections = s.integer("maxConnections", normal.maxConnections(), 1, 1_000_000);
        int pending = s.integer("maxPendingRequests", normal.maxPendingRequests(), 0, 1_000_000);
        int requests = s.integer("maxRequests", normal.maxRequests(), 1, 1_000_000);
        int perConnection = s.integer("maxRequestsPerConnection", 0, 0, ConnectionPolicy.MOST);
        Optional<Duration> longest = Optional.ofNullable(s.duration("maxConnectionDuration", null, false));
        return s.make(() -> new ConnectionPolicy(connect, idle, protocol, connections, pending, requests, perConnection, longest));
    }

    /**
     * @param addressKey  {@code addr} in the short form, {@code address} in the full one
     * @param hasIdentity whether the sidecar has a certificate, without which it can dial no identity
     */
    static Endpoint endpoint(Section s, String addressKey, boolean hasIdentity) {
        Address address = s.required(addressKey, Values.HOST_PORT, Values::dialled);
        int weight = s.weight(1);
        Optional<SpiffeId> id = s.optional("spiffeId", SpiffeId::parse);
        if (!hasIdentity) {
            s.refuse("spiffeId", "without a certificate of the sidecar's own", NEEDS_IDENTITY);
        }
        EndpointHealth health = s.read("health", EndpointHealth.HEALTHY, EndpointHealth::parse);
        Optional<Locality> locality = s.optional("locality", Locality::parse);
        int priority = s.integer("priority", 0, 0, Endpoint.LAST_PRIORITY);
        return s.make(() -> new Endpoint(address, weight, id, health, locality, priority));
    }

    static Set<SpiffeId> ids(Section s, String key) {
        return new LinkedHashSet<>(s.texts(key, SpiffeId::parse));
    }

    /** The sidecar's own three files, and those of other trust domains; the caller ends the section. */
    static Optional<IdentityFiles> identity(Section s, Path directory) {
        Path ca = s.required("ca", "the file of the CA's certificate", text -> file(directory, text));
        Path cert = s.required("cert", "the file of the certificate", text -> file(directory, text));
        Path key = s.required("key", "the file of the key", text -> file(directory, text));
        List<IdentityFiles.Federated> federation = s.items("federation", "trustDomain", each -> federated(each, directory));
        return Optional.ofNullable(s.make(() -> new IdentityFiles(ca, cert, key, federation)));
    }

    private static IdentityFiles.Federated federated(Section s, Path directory) {
        TrustDomain domain = s.required("trustDomain", "a trust domain such as partner.example", TrustDomain::new);
        Path ca = s.required("ca", "the file of its CA's certificate", text -> file(directory, text));
        return s.make(() -> new IdentityFiles.Federated(domain, ca));
    }

    /** Relative to the directory of the configuration, so that what a file means does not depend on where the sidecar is started. */
    private static Path file(Path directory, String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("\"\" (expected: a file)");
        }
        try {
            return directory.resolve(text);
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("\"" + text + "\" (expected: a file)", e);
        }
    }

    /** {@code http} or {@code tcp}: whether it is tcp. */
    static boolean isTcp(Section s) {
        return "tcp".equals(s.read("protocol", "http", text -> {
            if (!text.equals("http") && !text.equals("tcp")) {
                throw new IllegalArgumentException("\"" + text + "\" (expected: http or tcp)");
            }
            return text;
        }));
    }
}
