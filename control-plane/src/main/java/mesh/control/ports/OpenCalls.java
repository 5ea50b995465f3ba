package mesh.control.ports;

import io.grpc.ServerCall;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** Every call that goes on for long, so that those of one caller can be cut. Any thread. */
final class OpenCalls {

    private final Set<OpenCall<?>> open = ConcurrentHashMap.newKeySet();
    private volatile Predicate<Peer> unwanted = peer -> false;

    /** As {@link OpenCall#watch}. */
    <Q> ServerCall.Listener<Q> watch(ServerCall.Listener<Q> call, Peer peer, Optional<Instant> notAfter, InstantSource clock) {
        return OpenCall.watch(call, peer, notAfter, clock, this);
    }

    void begun(OpenCall<?> call) {
        open.add(call);
        // It was let in by what held before, and is not among those that were cut.
        if (unwanted.test(call.peer())) {
            call.cut();
        }
    }

    void ended(OpenCall<?> call) {
        open.remove(call);
    }

    /** Those that are open, and those that are just about to be, until it is called for others. */
    void cut(Predicate<Peer> whom) {
        unwanted = whom;
        open.stream().filter(call -> whom.test(call.peer())).forEach(OpenCall::cut);
    }
}
