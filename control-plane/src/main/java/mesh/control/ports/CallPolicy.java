package mesh.control.ports;

import io.grpc.Status;
import java.util.Optional;
import java.util.Set;
import mesh.model.SpiffeId;

/**
 * Who may call what. On the loopback port everyone everything, so nobody may have an account on this machine who may not change the mesh.
 * On the TLS port a certificate is needed for all but health and the first certificate, and the admin API is for admins.
 *
 * @param admins identities that may use the admin API on the TLS port
 */
public record CallPolicy(Set<SpiffeId> admins) {

    /** Its own proof, the join token, is in the request. */
    private static final String SIGN = "mesh.v1.IdentityService/SignCertificate";
    private static final String ADMIN = "mesh.v1.AdminService/";
    private static final String HEALTH = "grpc.health.v1.Health/";

    public CallPolicy {
        admins = Set.copyOf(admins);
    }

    /**
     * Why the call is refused; empty when it may go on.
     *
     * @param method such as {@code mesh.v1.AdminService/GetConfig}
     */
    Optional<Status> refusal(Peer peer, String method) {
        if (peer.loopback() || method.equals(SIGN) || method.startsWith(HEALTH)) {
            return Optional.empty();
        }
        if (peer.id().isEmpty()) {
            return Optional.of(Status.UNAUTHENTICATED.withDescription(method
                + ": no client certificate (expected: one of the mesh; the first is given for a join token by " + SIGN + ")"));
        }
        if (method.startsWith(ADMIN) && !admins.contains(peer.id().get())) {
            return Optional.of(Status.PERMISSION_DENIED.withDescription(method + ": " + peer.id().get()
                + " is not an admin (expected: an identity that the control plane was started with, --admin "
                + peer.id().get() + ", or a call on the loopback port)"));
        }
        return Optional.empty();
    }
}
