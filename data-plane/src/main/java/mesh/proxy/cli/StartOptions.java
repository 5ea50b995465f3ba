package mesh.proxy.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import mesh.model.Address;
import mesh.model.Locality;
import mesh.proxy.admin.AppProbe;
import mesh.proxy.discovery.FirstProof;
import mesh.proxy.workload.WorkloadSocket;

/**
 * What {@code mesh proxy start} was asked for.
 *
 * @param origin      where configuration comes from
 * @param locality    where the sidecar runs; empty leaves it to the configuration
 * @param memory      bytes that connections may hold; empty leaves it to the configuration
 * @param accessLog   which requests are written down; empty leaves it to the configuration
 * @param concurrency proxy event loops, at least 1
 * @param hold        where it listens before it has a configuration
 * @param drain       how it leaves after SIGTERM
 * @param workloadApi where the workload may get the sidecar's identity; empty for nowhere
 * @param appProbes   of the application, asked on behalf of a kubelet
 * @param warmUp      for how long it sends itself requests before it is ready; zero for not at all
 */
record StartOptions(
    Origin origin, Listens listens, Optional<Locality> locality, OptionalLong memory, Optional<AccessLogFlag> accessLog, int concurrency, Hold hold,
    Drain drain, Optional<WorkloadSocket.Options> workloadApi, List<AppProbe> appProbes, Duration warmUp) {

    /** This instance's name; "" without a control plane. */
    String node() {
        return origin instanceof ControlPlane controlPlane ? controlPlane.node() : "";
    }

    /**
     * The bounds of its steps.
     *
     * @param delay       accepts for so long at least
     * @param acknowledge and until those who call it know that it leaves, for so long at most; zero for not at all
     * @param limit       from the signal until everything that is left is cut
     * @param workload    its main process, with which the sidecar ends; empty for not known
     */
    record Drain(Duration delay, Duration acknowledge, Duration limit, Optional<ProcessHandle> workload) {}

    /**
     * Where it listens before it has a configuration.
     *
     * @param addresses beside those of the last configuration
     * @param limit     how long what connects there waits at most; zero for not at all
     */
    record Hold(List<Address> addresses, Duration limit) {}

    /** Where the sidecar shows itself; what is empty is the file's to say, and else the default's. */
    record Listens(Optional<Address> admin, Optional<Address> metrics, Optional<Address> health) {

        static final Address ADMIN = new Address("127.0.0.1", 15000);
        static final Address METRICS = new Address("", 9090);
        static final Address HEALTH = new Address("", 15021);
        static final Listens UNSAID = new Listens(Optional.empty(), Optional.empty(), Optional.empty());

        /** These, and where they say nothing the others. */
        Listens or(Listens others) {
            return new Listens(admin.or(others::admin), metrics.or(others::metrics), health.or(others::health));
        }
    }

    /** Where configuration comes from. */
    sealed interface Origin permits ConfigFile, ControlPlane {}

    record ConfigFile(Path file) implements Origin {}

    /**
     * A control plane.
     *
     * @param addresses TLS ports of its replicas
     * @param workload  the path of this workload's SPIFFE id without the leading slash
     * @param node      this instance's name
     * @param proof     of who asks for the first certificate; not needed when the state directory has one
     * @param caPin     {@code sha256:} and 64 hexadecimal digits: how the control plane is known at first contact
     * @param stateDir  keeps key, certificate, bundle and configuration over restarts
     */
    record ControlPlane(List<Address> addresses, String workload, String node, Optional<FirstProof> proof, Optional<String> caPin, Path stateDir)
        implements Origin {}
}
