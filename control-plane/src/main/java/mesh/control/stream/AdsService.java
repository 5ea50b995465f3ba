package mesh.control.stream;

import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc.AggregatedDiscoveryServiceImplBase;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcService;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import mesh.time.Env;
import mesh.time.Ticker;
import mesh.xds.Dialect;

/**
 * Envoy's aggregated discovery service, both variants. A thin shell: it opens a {@link StreamSession} for each call and passes on the
 * store's changes, debounced. Nothing here blocks, so the calls may come on event loops; the work is done on a small pool of its own.
 */
@GrpcService
public class AdsService extends AggregatedDiscoveryServiceImplBase {

    private final DrainingEndpoints source;
    private final NodeView scope;
    private final PeerSource peers;
    private final SidecarRegistry sidecars;
    private final StreamMetrics metrics;
    private final StreamLimits limits;
    private final Admission admission;
    private final StreamAge age;
    private final Ticker ticker;
    private final Map<Dialect, ResourceCache> caches = new EnumMap<>(Dialect.class);
    private final Set<StreamSession<?, ?>> sessions = ConcurrentHashMap.newKeySet();
    private final PeerCounts streamsOf = new PeerCounts();
    private final ScheduledExecutorService pool;
    private final ConfigSource.Registration registration;
    private final StreamSession.Opening opening = new Streams();
    private final Debounce debounce;

    @Inject
    public AdsService(DrainingEndpoints source, NodeView scope, PeerSource peers, SidecarRegistry sidecars, MeterRegistry meters, StreamAge age) {
        this(source, scope, peers, sidecars, meters, age, Env.system().ticker(), StreamLimits.DEFAULT,
            new Admission(Env.system().ticker()));
    }

    AdsService(DrainingEndpoints source, NodeView scope, PeerSource peers, SidecarRegistry sidecars, MeterRegistry meters, StreamAge age, Ticker ticker,
        StreamLimits limits, Admission admission) {
        this.source = source;
        this.scope = scope;
        this.peers = peers;
        this.sidecars = sidecars;
        this.metrics = new StreamMetrics(meters, sidecars);
        this.age = age;
        this.ticker = ticker;
        this.limits = limits;
        this.admission = admission;
        for (Dialect dialect : Dialect.values()) {
            caches.put(dialect, new ResourceCache(dialect));
        }
        this.pool = pool();
        this.debounce = new Debounce(source.current());
        this.registration = source.onChange(this::changed);
    }

    private static ScheduledExecutorService pool() {
        AtomicInteger count = new AtomicInteger();
        ScheduledThreadPoolExecutor pool = new ScheduledThreadPoolExecutor(Math.max(2, Runtime.getRuntime().availableProcessors()), task -> {
            Thread thread = new Thread(task, "mesh-xds-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        pool.setRemoveOnCancelPolicy(true);
        return pool;
    }

    @Override
    public StreamObserver<DeltaDiscoveryRequest> deltaAggregatedResources(StreamObserver<DeltaDiscoveryResponse> out) {
        return begin(Variant.DELTA, out);
    }

    @Override
    public StreamObserver<DiscoveryRequest> streamAggregatedResources(StreamObserver<DiscoveryResponse> out) {
        return begin(Variant.SOTW, out);
    }

    private <Q, R> StreamObserver<Q> begin(Variant<Q, R> variant, StreamObserver<R> out) {
        var call = (ServerCallStreamObserver<R>) out;
        StreamSession<Q, R> session = new StreamSession<>(variant, peers.current(), call, opening, metrics, pool, ticker);
        if (sessions.size() >= limits.streams()) {
            session.end(Status.RESOURCE_EXHAUSTED.withDescription("streams: " + limits.streams() + " are open (expected: fewer)"));
            return session;
        }
        if (!streamsOf.add(session.peer(), limits.ofOne())) {
            session.end(Status.RESOURCE_EXHAUSTED.withDescription("streams of one identity: " + limits.ofOne() + " are open (expected: fewer)"));
            return session;
        }
        if (!admission.tryEnter()) {
            streamsOf.remove(session.peer());
            // Not the client's fault: it is to come again, and does so after a while of its own.
            session.end(Status.UNAVAILABLE.withDescription("too many streams begin at once (expected: again, in a while)"));
            return session;
        }
        sessions.add(session);
        session.begin();
        session.retireAfter(age.next());
        return session;
    }

    private void changed(MeshSnapshot next) {
        synchronized (debounce) {
            debounce.changed(next, ticker.nanos());
            schedule();
        }
    }

    private void schedule() {
        long delay = debounce.delayNanos(ticker.nanos());
        try {
            pool.schedule(this::pushWhenDue, Math.max(0, delay), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // Closed meanwhile; nobody is left to push to.
        }
    }

    private void pushWhenDue() {
        // Offered within, so that two sights of one version come to each session in their order.
        synchronized (debounce) {
            // A later change moved the time: the task that it scheduled will find it due.
            MeshSnapshot whole = debounce.take(ticker.nanos());
            if (whole != null) {
                caches.values().forEach(cache -> cache.retain(whole));
                sessions.forEach(session -> session.offer(whole));
            }
        }
    }

    /** Ends all streams, so that their clients look for another control plane at once. */
    @PreDestroy
    public void close() {
        registration.close();
        sessions.forEach(session -> session.end(Status.UNAVAILABLE.withDescription("the control plane is stopping")));
        pool.shutdown();
    }

    /** What a session needs of the service. */
    private final class Streams implements StreamSession.Opening {

        @Override
        public MeshSnapshot current() {
            return source.current();
        }

        /** A gRPC client names the services that it calls, and is sent no others: no listener says beforehand which these are. */
        @Override
        public MeshSnapshot view(MeshSnapshot whole, Dialect dialect, String workload, String node) {
            return dialect == Dialect.GRPC ? scope.whole(whole, node) : scope.view(whole, workload, node);
        }

        @Override
        public ResourceCache cache(Dialect dialect) {
            return caches.get(dialect);
        }

        @Override
        public StreamLimits limits() {
            return limits;
        }

        @Override
        public SidecarRegistry.Connection register(String node, String spiffeId, String workload) {
            return sidecars.connected(node, spiffeId, workload);
        }

        @Override
        public void served(SpiffeId id, String node, String instance) {
            source.servedHere(new DrainingEndpoints.Sidecar(id, node), instance);
        }

        @Override
        public void closed(StreamSession<?, ?> session) {
            if (sessions.remove(session)) streamsOf.remove(session.peer());
        }
    }
}
