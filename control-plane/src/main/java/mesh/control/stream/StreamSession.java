package mesh.control.stream;

import com.google.common.util.concurrent.MoreExecutors;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import mesh.time.Ticker;
import mesh.xds.Dialect;
import mesh.xds.ResourceType;
import org.jboss.logging.Logger;

/**
 * One open call: runs its {@link AdsStream} on a serial executor and carries requests in and responses out. While the client does not
 * read, its requests wait in the transport, of its responses one is in the transport and the others are mere lists of what all streams
 * share, and of new configurations only the latest is kept; the same while it has not answered. So a slow client costs little, a storm of
 * changes reaches each client as fast as it applies them, and each version that it begins it can also complete.
 */
final class StreamSession<Q, R> implements StreamObserver<Q> {

    private static final Logger LOG = Logger.getLogger(StreamSession.class);

    /**
     * A client that has not answered for this long is sent the next version all the same, and may then for a moment show an endpoint set
     * of the version before.
     */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    /** In a node's metadata. */
    private static final String INSTANCE = "mesh.instance";

    /** What the state of a stream is opened with once the client has said who it is. */
    interface Opening {
        MeshSnapshot view(MeshSnapshot whole, Dialect dialect, String workload, String node);

        ResourceCache cache(Dialect dialect);

        StreamLimits limits();

        SidecarRegistry.Connection register(String node, String spiffeId, String workload);

        /** A client has, for the first time on its stream, all that there is for it, and has acknowledged it. */
        void served(SpiffeId id, String node, String instance);

        MeshSnapshot current();

        void closed(StreamSession<?, ?> session);
    }

    private final Variant<Q, R> variant;
    private final Optional<SpiffeId> peer;
    private final ServerCallStreamObserver<R> out;
    private final Opening opening;
    private final StreamMetrics metrics;
    private final ScheduledExecutorService pool;
    private final Executor serial;
    private final Ticker ticker;
    private volatile Future<?> retirement;

    // All below: on the serial executor only.
    private String workload;
    private String node;
    private Node client;
    private String instance;
    private boolean served;
    private Dialect dialect;
    private AdsStream<Q, R> stream;
    private SidecarRegistry.Connection connection;
    private final Deque<R> unsent = new ArrayDeque<>();
    private MeshSnapshot latest;
    private long sentAt;
    private boolean reminded;
    private boolean requestWaits;
    private boolean closed;

    StreamSession(Variant<Q, R> variant, Optional<SpiffeId> peer, ServerCallStreamObserver<R> out, Opening opening, StreamMetrics metrics,
        ScheduledExecutorService pool, Ticker ticker) {
        this.variant = variant;
        this.peer = peer;
        this.out = out;
        this.opening = opening;
        this.metrics = metrics;
        this.pool = pool;
        this.ticker = ticker;
        this.serial = MoreExecutors.newSequentialExecutor(pool);
    }

    Optional<SpiffeId> peer() {
        return peer;
    }

    /** To be called on the call's own thread, before it returns. */
    void begin() {
        out.disableAutoRequest();
        out.setOnReadyHandler(() -> run(this::resume));
        out.setOnCancelHandler(() -> run(this::close));
        out.request(1);
    }

    /** A new configuration of the mesh, or another sight of the last. Any thread, and in the order of {@link ConfigSource}. */
    void offer(MeshSnapshot whole) {
        run(() -> {
            if (latest == null || whole.version() >= latest.version()) {
                latest = whole;
            }
            push();
        });
    }

    /** Retires it when it is so old and still there. */
    void retireAfter(Duration age) {
        retirement = pool.schedule(this::retire, age.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Tells the client to come back, to whichever replica it finds: nothing is wrong. What was being sent arrives. Any thread. */
    void retire() {
        run(() -> {
            if (!closed) {
                close();
                out.onCompleted();
            }
        });
    }

    /** What the client has at this moment; empty when the stream has ended meanwhile. Any thread. */
    private CompletableFuture<Optional<StreamStatus>> status() {
        CompletableFuture<Optional<StreamStatus>> answer = new CompletableFuture<>();
        try {
            serial.execute(() -> answer.complete(closed ? Optional.empty() : Optional.of(new StreamStatus(
                client, peer.map(SpiffeId::toString).orElse(""), workload, stream.view(), stream.status()))));
        } catch (RejectedExecutionException e) {
            answer.complete(Optional.empty());
        }
        return answer;
    }

    /** Tells the client to go and come back. Any thread. */
    void end(Status status) {
        run(() -> fail(status));
    }

    @Override
    public void onNext(Q request) {
        run(() -> receive(request));
    }

    @Override
    public void onError(Throwable cause) {
        run(this::close);
    }

    @Override
    public void onCompleted() {
        retire();
    }

    private void run(Runnable step) {
        try {
            serial.execute(() -> {
                try {
                    step.run();
                } catch (RejectedExecutionException e) {
                    LOG.debugf("sidecar %s: the service is closed", node);
                } catch (RuntimeException e) {
                    LOG.errorf(e, "bug in the stream of sidecar %s", node);
                    fail(Status.INTERNAL.withDescription("the control plane failed on this stream"));
                }
            });
        } catch (RejectedExecutionException e) {
            // The service is closed, and has ended every stream.
        }
    }

    private void receive(Q request) {
        if (closed || stream == null && !open(variant.node(request))) {
            return;
        }
        countAnswer(request);
        try {
            send(stream.onRequest(request));
        } catch (StreamLimits.Exceeded e) {
            fail(Status.RESOURCE_EXHAUSTED.withDescription(e.getMessage()));
            return;
        }
        connection.progress(stream);
        if (!served && stream.settled()) {
            served = true;
            peer.ifPresent(id -> opening.served(id, node, instance));
        }
        requestWaits = true;
        resume();
    }

    private boolean open(Node claimed) {
        String itsWorkload = peer.map(SpiffeId::workload).orElse(claimed.getCluster());
        if (!named(claimed.getId()) || !named(itsWorkload)) {
            fail(Status.INVALID_ARGUMENT.withDescription("node.id: \"" + shorten(claimed.getId()) + "\", node.cluster: \""
                + shorten(claimed.getCluster()) + "\" (expected: the sidecar's name and its workload, 1 to 255 characters)"));
            return false;
        }
        node = claimed.getId();
        workload = itsWorkload;
        client = StreamStatus.described(claimed);
        connection = opening.register(node, peer.map(SpiffeId::toString).orElse(""), workload);
        connection.asks(this::status);
        instance = instance(claimed);
        dialect = Dialect.of(claimed);
        stream = variant.open(view(opening.current()), opening.cache(dialect), opening.limits());
        LOG.infof("sidecar connected: %s, workload %s, %s", node, workload, peer.map(SpiffeId::toString).orElse("no certificate"));
        return true;
    }

    /** Which process of that node it is; "" for clients that do not say. */
    private static String instance(Node claimed) {
        return claimed.getMetadata().getFieldsOrDefault(INSTANCE, Value.getDefaultInstance()).getStringValue();
    }

    private MeshSnapshot view(MeshSnapshot whole) {
        return opening.view(whole, dialect, workload, node);
    }

    private static boolean named(String name) {
        return !name.isBlank() && name.length() <= 255 && name.chars().noneMatch(Character::isISOControl);
    }

    private static String shorten(String name) {
        return name.length() <= 64 ? name : name.substring(0, 64) + "…";
    }

    private void countAnswer(Q request) {
        stream.answer(request).ifPresent(answer -> {
            metrics.answered(answer.type(), answer.refused().isPresent());
            answer.refused().ifPresent(message ->
                LOG.warnf("sidecar %s rejected %s of version %d: %s", node, answer.type().shortName(), stream.sentVersion(), message));
        });
    }

    private void resume() {
        flush();
        if (requestWaits && !closed && unsent.isEmpty() && out.isReady()) {
            requestWaits = false;
            out.request(1);
        }
        push();
    }

    private void push() {
        if (closed || stream == null || latest == null || stream.saturated() || !unsent.isEmpty() || !out.isReady() || waitsForAnswers()) {
            return;
        }
        MeshSnapshot whole = latest;
        latest = null;
        if (whole.version() >= stream.consideredVersion()) {
            send(stream.onView(view(whole)));
            connection.progress(stream);
        }
    }

    private boolean waitsForAnswers() {
        long left = sentAt + PATIENCE.toNanos() - ticker.nanos();
        if (!stream.unanswered() || left <= 0) {
            return false;
        }
        if (!reminded) {
            reminded = true;
            pool.schedule(() -> run(this::remind), left, TimeUnit.NANOSECONDS);
        }
        return true;
    }

    private void remind() {
        reminded = false;
        push();
    }

    private void send(List<R> responses) {
        unsent.addAll(responses);
        flush();
    }

    private void flush() {
        while (!closed && !unsent.isEmpty() && out.isReady()) {
            R response = unsent.poll();
            sentAt = ticker.nanos();
            out.onNext(response);
            ResourceType.ofUrl(variant.typeUrl(response)).ifPresent(metrics::pushed);
        }
    }

    private void fail(Status status) {
        if (closed) {
            return;
        }
        close();
        out.onError(status.asRuntimeException());
    }

    private void close() {
        if (closed) {
            return;
        }
        closed = true;
        Future<?> planned = retirement;
        if (planned != null) {
            planned.cancel(false);
        }
        unsent.clear();
        latest = null;
        opening.closed(this);
        if (connection != null) {
            connection.closed();
            LOG.infof("sidecar disconnected: %s, workload %s", node, workload);
        }
    }
}
