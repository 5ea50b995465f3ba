package mesh.control;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import mesh.control.ca.BroughtAuthority;
import mesh.control.ca.KubernetesTokens;
import mesh.control.discovery.DiscoveredEndpoints;
import mesh.control.etcd.EtcdOptions;
import mesh.control.inject.SidecarSettings;
import mesh.control.kubernetes.PodTraffic;
import mesh.control.ports.CallPolicy;
import mesh.model.Address;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.Passphrase;

/**
 * What {@code mesh control-plane start} was asked for.
 *
 * @param dataDir         where the configuration, the CA and the audit log are kept
 * @param listen          TLS, for sidecars and admins; port 0 lets the system choose, here and below
 * @param plaintextListen loopback only, for whoever is on this machine
 * @param metricsListen   metrics and health
 * @param trustDomain     of every identity that is issued
 * @param svidTtl         longest life of an issued certificate, at most 24 h
 * @param hosts           names and IP addresses in the serving certificate, beside its SPIFFE id
 * @param calls           who may read and change the configuration
 * @param ca              what the certificate authority is made of
 * @param kubernetes      who says whose service-account tokens are; empty where there are none
 * @param streamAge       after which a subscription is asked to come back, to whichever replica; at least 1 s
 * @param etcd            where the replicas keep what they share; empty for one control plane that keeps all in its data directory
 * @param services        what becomes of the services of Kubernetes and of their pods' connections; empty for nothing
 * @param discovery       how endpoints are found out
 * @param injector        puts sidecars beside pods; empty for none
 */
public record StartOptions(
    Path dataDir,
    Address listen,
    Address plaintextListen,
    Address metricsListen,
    TrustDomain trustDomain,
    Duration svidTtl,
    List<String> hosts,
    CallPolicy calls,
    Ca ca,
    Optional<KubernetesTokens.Settings> kubernetes,
    Optional<EtcdOptions> etcd,
    Duration streamAge,
    Optional<PodTraffic> services,
    DiscoveredEndpoints.Settings discovery,
    Optional<Injection> injector) {

    /**
     * The webhook that puts sidecars beside pods.
     *
     * @param listen  HTTPS for the API server of Kubernetes; port 0 lets the system choose
     * @param webhook name of the {@code MutatingWebhookConfiguration} whose caBundle is looked after; empty leaves that to others
     * @param sidecar how sidecars are started, by how the authority is known
     */
    public record Injection(Address listen, Optional<String> webhook, Function<Supplier<String>, SidecarSettings> sidecar) {}

    /**
     * The certificate authority's part.
     *
     * @param passphrase encrypts its keys; empty leaves them to the file's mode alone
     * @param brought    one that was made elsewhere; empty for one of our own
     */
    public record Ca(Optional<Passphrase> passphrase, Optional<BroughtAuthority> brought) {

        public static final Ca OWN = new Ca(Optional.empty(), Optional.empty());
    }

    public StartOptions {
        if (!plaintextListen.isLoopback()) {
            throw new IllegalArgumentException("--plaintext-listen: \"" + plaintextListen
                + "\" (expected: a loopback address such as 127.0.0.1:15010; anyone who reaches this port may read the configuration)");
        }
        hosts = List.copyOf(hosts);
        differ("--plaintext-listen", plaintextListen, "--listen", listen);
        differ("--metrics-listen", metricsListen, "--listen", listen);
        differ("--metrics-listen", metricsListen, "--plaintext-listen", plaintextListen);
        injector.ifPresent(asked -> {
            differ("--injector-listen", asked.listen(), "--listen", listen);
            differ("--injector-listen", asked.listen(), "--plaintext-listen", plaintextListen);
            differ("--injector-listen", asked.listen(), "--metrics-listen", metricsListen);
            if (asked.webhook().isPresent() && kubernetes.isEmpty()) {
                throw new IllegalArgumentException("--injector-webhook: \"" + asked.webhook().get() + "\" (expected: --kubernetes-api with it)");
            }
        });
        checkDomain("--admin", calls.admins(), trustDomain);
        checkDomain("--reader", calls.readers(), trustDomain);
        if (streamAge.compareTo(Duration.ofSeconds(1)) < 0) {
            throw new IllegalArgumentException("--max-stream-age: " + streamAge.toMillis() + "ms (expected: at least 1s)");
        }
        if (svidTtl.isNegative() || svidTtl.isZero() || svidTtl.compareTo(Duration.ofHours(24)) > 0) {
            throw new IllegalArgumentException("--svid-ttl: " + svidTtl.toSeconds() + "s (expected: more than 0 and at most 24h)");
        }
    }

    private static void checkDomain(String option, Set<SpiffeId> ids, TrustDomain trustDomain) {
        for (SpiffeId id : ids) {
            if (!id.trustDomain().equals(trustDomain)) {
                throw new IllegalArgumentException(option + ": \"" + id + "\" (expected: an identity of trust domain " + trustDomain + ")");
            }
        }
    }

    /** Also of different hosts: one that is empty is all of them. */
    private static void differ(String option, Address address, String otherOption, Address other) {
        if (address.port() != 0 && address.port() == other.port()) {
            throw new IllegalArgumentException(option + ": \"" + address + "\" (expected: another port than that of " + otherOption + ")");
        }
    }
}
