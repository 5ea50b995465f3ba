package mesh.proxy.workload;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import mesh.model.Trust;
import mesh.pki.Svid;

/** What the workload has now, and the streams that want to know when it has something else. Any thread. */
final class IdentityFeed {

    /** An application needs one or two, an Envoy one for each secret. */
    static final int MOST_STREAMS = 256;

    /** @param trust beside the SVID's own trust domain perhaps others */
    record Identity(Svid svid, Trust trust) {}

    private final Set<Runnable> streams = new HashSet<>();
    private volatile Identity current;

    Optional<Identity> current() {
        return Optional.ofNullable(current);
    }

    void publish(Identity next) {
        if (next.equals(current)) {
            return;
        }
        current = next;
        // Outside the lock: a stream has one of its own, under which it may leave.
        streams().forEach(Runnable::run);
    }

    private synchronized List<Runnable> streams() {
        return List.copyOf(streams);
    }

    /**
     * From now on a stream is run whenever there is something new.
     *
     * @return false when there are {@link #MOST_STREAMS} already
     */
    synchronized boolean tryJoin(Runnable stream) {
        return streams.size() < MOST_STREAMS && streams.add(stream);
    }

    synchronized void leave(Runnable stream) {
        streams.remove(stream);
    }
}
