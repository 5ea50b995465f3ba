package mesh.control.ports;

import io.grpc.Context;
import java.math.BigInteger;
import java.util.Optional;
import mesh.model.SpiffeId;

/**
 * Who makes the current call.
 *
 * @param id       proven by the certificate; empty without one
 * @param serial   of the certificate's leaf; empty without one
 * @param loopback whether it came through the plaintext port, which only this machine reaches
 * @param token    whether it showed the admin token
 */
public record Peer(Optional<SpiffeId> id, Optional<BigInteger> serial, boolean loopback, boolean token) {

    static final Context.Key<Peer> KEY = Context.key("peer");

    private static final Peer UNKNOWN = new Peer(Optional.empty(), Optional.empty(), false, false);

    /** The caller of the call that this thread works on; one without rights outside of a call. */
    public static Peer current() {
        Peer peer = KEY.get();
        return peer == null ? UNKNOWN : peer;
    }

    /** For logs and the audit. */
    public String name() {
        if (id.isPresent()) {
            return id.get().toString();
        }
        return token ? "admin token" : loopback ? "loopback" : "nobody";
    }
}
