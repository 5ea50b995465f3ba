package mesh.control.ports;

import io.grpc.Status;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import mesh.model.SpiffeId;

/**
 * Who may call what. Reading and writing through {@code mesh.v1}, and reading what clients were sent (CSDS), need a role: by a client certificate that is named here, or by the admin
 * token. Whoever is on this machine may read through the plaintext port, and write too only in development. On the TLS port a certificate
 * or the token is needed for all but health and the first certificate.
 *
 * @param admins  identities that may read and write
 * @param readers identities that may read
 * @param dev     whether everybody on this machine is an admin
 */
public record CallPolicy(Set<SpiffeId> admins, Set<SpiffeId> readers, boolean dev) {

    /** Its own proof, the join token, is in the request. */
    private static final String SIGN = "mesh.v1.IdentityService/SignCertificate";
    private static final String HEALTH = "grpc.health.v1.Health/";
    private static final String OURS = "mesh.v1.";
    /** Whoever asks what clients have sees the configuration of all of them: a read like any other. */
    private static final String STATUS = "envoy.service.status.v3.";
    /** For workloads, which have no role and need none. */
    private static final List<String> WORKLOADS = List.of("mesh.v1.IdentityService/", "mesh.v1.LifecycleService/", "mesh.v1.TrafficService/");
    private static final Pattern READS = Pattern.compile("mesh\\.v1\\.\\w+/(Get|List|Watch|Diff|Verify)\\w+|envoy\\.service\\.status\\.v3\\.\\w+/\\w+");

    public CallPolicy {
        admins = Set.copyOf(admins);
        readers = Set.copyOf(readers);
    }

    /**
     * Why the call is refused; empty when it may go on.
     *
     * @param method such as {@code mesh.v1.AdminService/GetConfig}
     */
    Optional<Status> refusal(Peer peer, String method) {
        if (method.equals(SIGN) || method.startsWith(HEALTH)) {
            return Optional.empty();
        }
        if (!peer.loopback() && peer.id().isEmpty() && !peer.token()) {
            return Optional.of(Status.UNAUTHENTICATED.withDescription(method
                + ": no client certificate (expected: one of the mesh; the first is given for a join token by " + SIGN + ")"));
        }
        if (!method.startsWith(OURS) && !method.startsWith(STATUS) || WORKLOADS.stream().anyMatch(method::startsWith)) {
            return peer.loopback() || peer.id().isPresent() || method.startsWith("grpc.reflection.") ? Optional.empty()
                : Optional.of(Status.PERMISSION_DENIED.withDescription(method + ": the admin token is no identity (expected: a client certificate)"));
        }
        Role needed = READS.matcher(method).matches() ? Role.READER : Role.ADMIN;
        if (role(peer).covers(needed)) {
            return Optional.empty();
        }
        return Optional.of(Status.PERMISSION_DENIED.withDescription(method + ": " + (peer.id().isPresent()
            ? peer.id().get() + " has not the role (expected: an identity that the control plane was started with, "
                + (needed == Role.ADMIN ? "--admin " : "--admin or --reader ") + peer.id().get() + ")"
            : "the plaintext port is for reading (expected: the header \"authorization: Bearer …\" with the token in admin.token of the data"
                + " directory; an admin's certificate on the TLS port; or a control plane that was started with --dev)")));
    }

    private Role role(Peer peer) {
        if (peer.token() || peer.loopback() && dev || peer.id().filter(admins::contains).isPresent()) {
            return Role.ADMIN;
        }
        return peer.loopback() || peer.id().filter(readers::contains).isPresent() ? Role.READER : Role.NONE;
    }
}
