package mesh.control.ports;

import io.grpc.Context;
import java.util.Optional;
import mesh.model.SpiffeId;

/**
 * Who makes the current call.
 *
 * @param id       proven by the certificate; empty without one
 * @param loopback whether it came through the plaintext port, which only this machine reaches
 */
public record Peer(Optional<SpiffeId> id, boolean loopback) {

    static final Context.Key<Peer> KEY = Context.key("peer");

    private static final Peer UNKNOWN = new Peer(Optional.empty(), false);

    /** The caller of the call that this thread works on; one without rights outside of a call. */
    public static Peer current() {
        Peer peer = KEY.get();
        return peer == null ? UNKNOWN : peer;
    }

    /** For logs and the audit. */
    public String name() {
        return id.map(SpiffeId::toString).orElse(loopback ? "loopback" : "nobody");
    }
}
