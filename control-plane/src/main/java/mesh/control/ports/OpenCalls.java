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

    /** As {@link OpenCall#watch}. */
    <Q> ServerCall.Listener<Q> watch(ServerCall.Listener<Q> call, Peer peer, Optional<Instant> notAfter, InstantSource clock) {
        return OpenCall.watch(call, peer, notAfter, clock, this);
    }

    void begun(OpenCall<?> call) {
        open.add(call);
    }

    void ended(OpenCall<?> call) {
        open.remove(call);
    }

    void cut(Predicate<Peer> whom) {
        open.stream().filter(call -> whom.test(call.peer())).forEach(OpenCall::cut);
    }
}
