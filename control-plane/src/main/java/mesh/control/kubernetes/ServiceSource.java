package mesh.control.kubernetes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.List;
import java.util.Optional;

/** Where services and who serves them are found out. Any thread. */
interface ServiceSource extends AutoCloseable {

    /** All that there is; empty as long as it is not known whether this is all. */
    Optional<Found> found();

    /** Whether {@link #found} has an answer. */
    boolean isComplete();

    /** Begins to look, and tells of each change, also of the first complete answer; on a thread of its own. */
    void start(Runnable onChange);

    /** Writes statuses, and leaves those that somebody else has changed meanwhile to the next time. */
    void tell(List<HasMetadata> statuses);

    @Override
    void close();
}
