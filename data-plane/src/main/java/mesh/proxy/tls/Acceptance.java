package mesh.proxy.tls;

import java.util.Set;
import mesh.model.SpiffeId;

/**
 * Which side of a handshake this is, and who may be at the other.
 *
 * @param traffic  what the connection is for
 * @param expected empty for any of the trust domain
 */
record Acceptance(boolean client, MeshTls.Traffic traffic, Set<SpiffeId> expected) {

    String side() {
        return client ? "client" : "server";
    }
}
