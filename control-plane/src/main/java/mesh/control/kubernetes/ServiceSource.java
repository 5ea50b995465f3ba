package mesh.control.kubernetes;

import java.util.List;
import java.util.Optional;

/** Where services and who serves them are found out. Any thread. */
interface ServiceSource extends AutoCloseable {

    /** All of them, by name; empty as long as it is not known whether these are all. */
    Optional<List<ServiceCluster>> clusters();

    /** Whether {@link #clusters} has an answer. */
    boolean isComplete();

    /** Begins to look, and tells of each change, also of the first complete answer; on a thread of its own. */
    void start(Runnable onChange);

    @Override
    void close();
}
