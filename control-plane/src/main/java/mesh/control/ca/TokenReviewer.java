package mesh.control.ca;

import java.io.IOException;
import java.util.Optional;
import mesh.model.SpiffeId;

/** Says whose a token is that somebody else made: a platform that knows its workloads. Any thread; blocks. */
@FunctionalInterface
public interface TokenReviewer {

    /** Knows nobody. */
    TokenReviewer NONE = token -> Optional.empty();

    /**
     * Whose it is; empty when it is no good.
     *
     * @throws IOException when nobody could be asked
     */
    Optional<SpiffeId> review(String token) throws IOException;
}
