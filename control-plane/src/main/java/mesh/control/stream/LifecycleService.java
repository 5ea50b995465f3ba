package mesh.control.stream;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import mesh.control.messages.Values;
import mesh.control.replica.Board;
import mesh.control.stream.DrainingEndpoints.Sidecar;
import mesh.model.Address;
import mesh.model.SpiffeId;
import mesh.time.Env;
import mesh.time.Ticker;
import mesh.v1.DrainRequest;
import mesh.v1.DrainResponse;
import mesh.v1.LifecycleServiceGrpc;
import org.jboss.logging.Logger;

/** {@code mesh.v1.LifecycleService}: a sidecar says that it leaves, and is told when everybody who calls it knows. Nothing here blocks. */
@GrpcService
public final class LifecycleService extends LifecycleServiceGrpc.LifecycleServiceImplBase {

    private static final Logger LOG = Logger.getLogger(LifecycleService.class);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);
    private static final int MOST_ADDRESSES = 1_000, LONGEST_NAME = 255;
    private static final long LOOK_MILLIS = 10;
    /** What this replica has said of a sidecar that has left is of no use to anybody when that has gone. */
    private static final Duration TOLD = LONGEST_WAIT.multipliedBy(2);

    private final DrainingEndpoints draining;
    private final LeavingKnown elsewhere;
    private final SidecarRegistry sidecars;
    private final PeerSource peers;
    private final Ticker ticker;
    private final ScheduledExecutorService timer;

    @Inject
    public LifecycleService(DrainingEndpoints draining, SidecarRegistry sidecars, PeerSource peers, Board board) {
        this(draining, sidecars, peers, board, Env.system().ticker(), Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "mesh-lifecycle");
            thread.setDaemon(true);
            return thread;
        }));
    }

    /** @param timer to look again on; ended with this */
    LifecycleService(DrainingEndpoints draining, SidecarRegistry sidecars, PeerSource peers, Board board, Ticker ticker,
        ScheduledExecutorService timer) {
        this.draining = draining;
        this.elsewhere = new LeavingKnown(board);
        this.sidecars = sidecars;
        this.peers = peers;
        this.ticker = ticker;
        this.timer = timer;
        draining.onHeard((sidecar, instance) -> timer.execute(() -> follow(sidecar, instance)));
    }

    /** One call. */
    private record Drain(Sidecar sidecar, String instance, int endpoints, long end, StreamObserver<DrainResponse> out) {}

    @Override
    public void drain(DrainRequest request, StreamObserver<DrainResponse> out) {
        Optional<SpiffeId> id = peers.current();
        if (id.isEmpty()) {
            out.onError(Status.UNAUTHENTICATED.withDescription("no client certificate (expected: the sidecar's own)").asException());
            return;
        }
        try {
            Sidecar sidecar = new Sidecar(id.get(), named("node", request.getNode()));
            String instance = named("instance", request.getInstance());
            int endpoints = draining.drain(sidecar, instance, addresses(request.getAddressesList()));
            LOG.infof("sidecar leaves: %s, %s, %d endpoints drain", sidecar.node(), sidecar.id(), endpoints);
            if (endpoints > 0) timer.schedule(draining::expire, DrainingEndpoints.LONGEST.toMillis(), TimeUnit.MILLISECONDS);
            Duration wait = Values.duration(request.getWait());
            look(new Drain(sidecar, instance, endpoints, ticker.nanos() + (wait.compareTo(LONGEST_WAIT) < 0 ? wait : LONGEST_WAIT).toNanos(), out));
        } catch (IllegalArgumentException e) {
            out.onError(Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asException());
        } catch (IllegalStateException e) {
            out.onError(Status.RESOURCE_EXHAUSTED.withDescription(e.getMessage()).asException());
        }
    }

    /** Answers if there is nobody to wait for any more, or looks again soon. */
    private void look(Drain drain) {
        List<String> waiting = new ArrayList<>(callers(drain.sidecar));
        // Of nothing that drains nobody has to know.
        if (drain.endpoints > 0) waiting.addAll(elsewhere.waiting(drain.sidecar, drain.instance));
        if (waiting.isEmpty() || ticker.nanos() - drain.end >= 0) {
            drain.out.onNext(DrainResponse.newBuilder().setEndpoints(drain.endpoints).addAllWaitingFor(waiting).build());
            drain.out.onCompleted();
        } else {
            timer.schedule(() -> look(drain), LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /** Those connected here that may still send it something new. */
    private List<String> callers(Sidecar sidecar) {
        return sidecars.connectedWhere(shown -> draining.isCalled(sidecar, shown)).stream().filter(node -> !node.equals(sidecar.node())).toList();
    }

    /** One that leaves by word of another replica, which waits for those that are connected here. */
    private void follow(Sidecar sidecar, String instance) {
        LOG.infof("sidecar leaves, by word of another replica: %s, %s", sidecar.node(), sidecar.id());
        timer.schedule(draining::expire, DrainingEndpoints.LONGEST.toMillis(), TimeUnit.MILLISECONDS);
        timer.schedule(() -> elsewhere.forget(sidecar), TOLD.toMillis(), TimeUnit.MILLISECONDS);
        follow(sidecar, instance, ticker.nanos() + LONGEST_WAIT.toNanos(), Optional.empty());
    }

    private void follow(Sidecar sidecar, String instance, long end, Optional<List<String>> told) {
        List<String> waiting = callers(sidecar);
        if (!told.equals(Optional.of(waiting))) elsewhere.tell(sidecar, instance, waiting);
        if (!waiting.isEmpty() && draining.isLeaving(sidecar, instance) && ticker.nanos() - end < 0) {
            timer.schedule(() -> follow(sidecar, instance, end, Optional.of(waiting)), LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private static String named(String field, String name) {
        if (name.isBlank() || name.length() > LONGEST_NAME) {
            throw new IllegalArgumentException(field + ": " + name.length() + " characters (expected: 1 to " + LONGEST_NAME + ")");
        }
        return name;
    }

    private static Set<Address> addresses(List<String> texts) {
        if (texts.size() > MOST_ADDRESSES) {
            throw new IllegalArgumentException("addresses: " + texts.size() + " (expected: at most " + MOST_ADDRESSES + ")");
        }
        Set<Address> addresses = new HashSet<>();
        texts.forEach(text -> addresses.add(Address.parse(text)));
        return addresses;
    }

    @PreDestroy
    public void close() {
        timer.shutdownNow();
    }
}
