package mesh.control.stream;

import java.util.Optional;
import mesh.model.SpiffeId;

/** Who is calling. */
@FunctionalInterface
public interface PeerSource {

    /** The identity that the caller's certificate proves; empty on the plaintext loopback port. Asked on the call's own context. */
    Optional<SpiffeId> current();
}
