package mesh.proxy.discovery;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.Durations;
import mesh.model.Locality;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.time.Env;
import mesh.xds.Localities;
import org.jboss.logging.Logger;

/**
 * Takes the configuration from a control plane by delta ADS and hands whole snapshots to a sink. When the stream breaks, the last good
 * snapshot stays in force and the next stream asks only for what has changed since. Where there has been none yet, it makes do with what is
 * left from before this process until there is.
 *
 * <p>Everything, the sink included, runs on one thread of its own; never on a traffic loop.
 */
public final class XdsSource implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(XdsSource.class);

    /** A stream that worked and broke is followed by a pause of at most this, so that a restart is not met by every sidecar at once. */
    private static final long FIRST_PAUSE_MILLIS = Reconnect.FIRST.toMillis();

    /** How long a start waits for a first configuration before it makes do with an older one. */
    static final Duration PATIENCE = Duration.ofSeconds(2);

    /** What is there from before this process. */
    @FunctionalInterface
    public interface Fallback {

        Fallback NONE = why -> Optional.empty();

        /**
         * Makes it current. Called once at most, on the source's thread.
         *
         * @param why there is nothing newer
         * @return what is in force now; empty if nothing is
         */
        Optional<MeshSnapshot> restore(String why);
    }

    /**
     * Where the subscription stands.
     *
     * @param connected whether a stream is open on which the control plane has answered
     * @param since     when that last changed
     * @param version   of the snapshot in force; 0 before the first
     * @param applied   whether any snapshot was ever applied
     * @param leftOut   what the snapshot in force had to do without
     */
    public record State(boolean connected, Instant since, long version, boolean applied, List<Problem> leftOut) {}

    private final Supplier<ManagedChannel> channels;
    private final Node node;
    private final Function<MeshSnapshot, ApplyResult> sink;
    private final Fallback fallback;
    private final Env env;
    private final Reconnect reconnect;
    private final SnapshotAssembler assembler = new SnapshotAssembler();
    private final ScheduledExecutorService thread = new ScheduledThreadPoolExecutor(1, task -> {
        Thread t = new Thread(task, "mesh-xds");
        t.setDaemon(true);
        return t;
    });

    private volatile State state;
    private volatile boolean closed;
    private Stream stream;
    private boolean fellBack;
    /** The control plane ended the last stream in good order, at a moment of its choice: no herd, and nothing to wait for. */
    private volatile boolean asked;

    /**
     * @param channels to the control plane; asked before each stream, may give the same one again. Whoever supplies it closes it.
     * @param node     this sidecar's name
     * @param workload what the sidecar claims to be; believed only on a connection without certificates
     * @param instance of this process: another one of the same name is another
     * @param locality where it runs; empty for not known
     * @param version  of this program
     * @param sink     makes a snapshot current, or says what is wrong with it; called on this source's thread
     * @param fallback asked when the control plane cannot be reached before it has given a first configuration, or takes too long
     */
    public XdsSource(Supplier<ManagedChannel> channels, String node, String workload, String instance, Optional<Locality> locality,
        String version,
        Function<MeshSnapshot, ApplyResult> sink, Fallback fallback, Env env) {
        this(channels, node, workload, instance, locality, version, sink, fallback, env, Reconnect.guarded(env.random()));
    }

    XdsSource(Supplier<ManagedChannel> channels, String node, String workload, String instance, Optional<Locality> locality,
        String version,
        Function<MeshSnapshot, ApplyResult> sink, Fallback fallback, Env env, Reconnect reconnect) {
        this.channels = channels;
        Node.Builder self = Node.newBuilder().setId(node).setCluster(workload).setUserAgentName("mesh").setUserAgentVersion(version)
            .setMetadata(Struct.newBuilder().putFields("mesh.instance", Value.newBuilder().setStringValue(instance).build()));
        locality.map(Localities::encode).ifPresent(self::setLocality);
        this.node = self.build();
        this.sink = sink;
        this.fallback = fallback;
        this.env = env;
        this.reconnect = reconnect;
        this.state = new State(false, env.clock().instant(), 0, false, List.of());
    }

    /** Subscribes, for as long as this is not closed. Returns at once. */
    public void start() {
        schedule(() -> fallBack("no configuration from it for " + Durations.format(PATIENCE)), PATIENCE.toNanos());
        subscribe(0);
    }

    /**
     * Looks whether anybody listens where the control plane should be, and if not falls back at once: what a first stream needs takes long
     * to load, and clients would wait for it. Before {@link #start}, and without a container. Returns at once.
     */
    public void knock(List<Address> controlPlanes) {
        run(() -> {
            List<String> silent = new ArrayList<>();
            for (Address each : controlPlanes) {
                try (Socket socket = new Socket()) {
                    socket.connect(new InetSocketAddress(each.host(), each.port()), (int) PATIENCE.toMillis() / controlPlanes.size());
                    return;
                } catch (IOException e) {
                    silent.add(each + ": " + e.getMessage());
                }
            }
            fallBack(String.join("; ", silent));
        });
    }

    public State state() {
        return state;
    }

    /** Leaves the stream that is open for one on the channel that is current, before what the old one was opened with ends. */
    public void moveOver() {
        run(() -> {
            if (stream != null) {
                stream.leave();
            }
        });
    }

    @Override
    public void close() {
        closed = true;
        run(() -> {
            if (stream != null) {
                stream.leave();
            }
            thread.shutdownNow();
        });
    }

    private void subscribe(long pauseMillis) {
        CompletableFuture<Void> pause = new CompletableFuture<>();
        schedule(() -> pause.complete(null), pauseMillis * 1_000_000);
        pause.thenCompose(now -> reconnect.untilGood(this::attempt)).whenComplete((worked, failure) -> {
            if (!closed) {
                subscribe(asked ? 0 : env.random().nextLong(FIRST_PAUSE_MILLIS + 1));
            }
        });
    }

    /** One stream, to its end; completes normally if the control plane ever answered on it. */
    private CompletionStage<Void> attempt() {
        CompletableFuture<Void> end = new CompletableFuture<>();
        if (closed) {
            end.complete(null);
            return end;
        }
        run(() -> {
            stream = new Stream(end);
            asked = false;
            try {
                ManagedChannel channel = channels.get();
                // Its own pauses grow to minutes; ours decide.
                channel.resetConnectBackoff();
                // The stream before has ended, and perhaps because another replica should have the next: so a new connection.
                channel.enterIdle();
                AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(stream);
                stream.send(stream.session.open());
            } catch (RuntimeException e) {
                stream.ended(e);
            }
        });
        return end;
    }

    private void run(Runnable step) {
        try {
            thread.execute(step);
        } catch (RejectedExecutionException e) {
            // Closed meanwhile.
        }
    }

    private ScheduledFuture<?> schedule(Runnable step, long delayNanos) {
        try {
            return thread.schedule(step, Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            return null;
        }
    }

    /** Unless there is something better already. On our thread, so that what is old never comes after what is new. */
    private void fallBack(String why) {
        if (fellBack || assembler.published() != MeshSnapshot.EMPTY) {
            return;
        }
        fellBack = true;
        try {
            fallback.restore(why).ifPresent(assembler::restored);
        } catch (RuntimeException e) {
            LOG.errorf(e, "bug while an older configuration was restored");
        }
        publishState(state.connected);
    }

    private void publishState(boolean connected) {
        State before = state;
        MeshSnapshot published = assembler.published();
        Instant since = before.connected == connected ? before.since : env.clock().instant();
        state = new State(connected, since, published.version(), published != MeshSnapshot.EMPTY, assembler.leftOut());
    }

    /** One call. Its callbacks come on gRPC's threads and continue on ours, one response at a time. */
    private final class Stream implements ClientResponseObserver<DeltaDiscoveryRequest, DeltaDiscoveryResponse> {

        private final CompletableFuture<Void> end;
        private final DeltaSession session = new DeltaSession(node, assembler, sink, env.ticker());
        private ClientCallStreamObserver<DeltaDiscoveryRequest> call;
        private ScheduledFuture<?> timer;
        private boolean answered;

        Stream(CompletableFuture<Void> end) {
            this.end = end;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<DeltaDiscoveryRequest> requests) {
            call = requests;
            call.disableAutoRequestWithInitial(1);
        }

        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            run(() -> {
                if (end.isDone()) {
                    return;
                }
                if (!answered) {
                    LOG.infof("control plane answers: %s", response.getControlPlane().getIdentifier());
                }
                answered = true;
                send(session.onResponse(response));
                publishState(true);
                call.request(1);
            });
        }

        @Override
        public void onError(Throwable cause) {
            run(() -> ended(cause));
        }

        @Override
        public void onCompleted() {
            run(() -> {
                asked = answered;
                ended(Status.UNAVAILABLE.withDescription("the control plane ended the stream").asException());
            });
        }

        void send(List<DeltaDiscoveryRequest> requests) {
            requests.forEach(call::onNext);
            if (timer != null) {
                timer.cancel(false);
                timer = null;
            }
            session.deadline().ifPresent(at -> timer = schedule(() -> {
                if (!end.isDone()) {
                    send(session.onTime());
                    publishState(true);
                }
            }, at - env.ticker().nanos()));
        }

        void leave() {
            if (timer != null) {
                timer.cancel(false);
            }
            end.complete(null);
            if (call != null) {
                call.cancel("the sidecar leaves", null);
            }
        }

        /** What is good for a while only is gone after it, also while there is no stream; the next one looks after that itself. */
        private void expireWhileAway() {
            session.expiry().ifPresent(at -> timer = schedule(() -> {
                if (closed || stream != this) {
                    return;
                }
                session.onTime();
                publishState(false);
                expireWhileAway();
            }, at - env.ticker().nanos()));
        }

        void ended(Throwable cause) {
            if (end.isDone()) {
                return;
            }
            if (timer != null) {
                timer.cancel(false);
            }
            expireWhileAway();
            publishState(false);
            LOG.warnf("%s: %s", state.applied ? "no control plane, version " + state.version + " goes on" : "no control plane yet",
                CallFailure.words(cause));
            fallBack("it cannot be reached");
            if (answered) {
                end.complete(null);
            } else {
                end.completeExceptionally(cause);
            }
        }
    }
}
