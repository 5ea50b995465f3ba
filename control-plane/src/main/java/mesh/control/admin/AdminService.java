package mesh.control.admin;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import mesh.control.admin.ConfigWrites.Reason;
import mesh.control.admin.ConfigWrites.Terms;
import mesh.control.admin.ConfigWrites.WrittenAs;
import mesh.control.ca.AuditLog;
import mesh.control.ca.JoinTokens;
import mesh.control.ca.SvidIssuer;
import mesh.control.messages.ClusterMessages;
import mesh.control.messages.ConfigMessages;
import mesh.control.messages.ListenerMessages;
import mesh.control.messages.Problems;
import mesh.control.messages.RouteMessages;
import mesh.control.messages.Values;
import mesh.control.ports.Peer;
import mesh.control.rollout.RolloutPlan;
import mesh.control.rollout.Rollouts;
import mesh.control.store.MeshStore;
import mesh.control.stream.SidecarMessages;
import mesh.control.stream.SidecarRegistry;
import mesh.model.Endpoint;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.RouteTable;
import mesh.model.SpiffeId;
import mesh.time.Env;
import mesh.v1.AbortRolloutRequest;
import mesh.v1.AbortRolloutResponse;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.ApplyConfigAndWaitRequest;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.ApplyProgress;
import mesh.v1.CreateJoinTokenRequest;
import mesh.v1.CreateJoinTokenResponse;
import mesh.v1.DeleteClusterRequest;
import mesh.v1.DeleteEndpointRequest;
import mesh.v1.DeleteListenerRequest;
import mesh.v1.DeleteRouteRequest;
import mesh.v1.DiffConfigRequest;
import mesh.v1.DiffConfigResponse;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import mesh.v1.GetSidecarRequest;
import mesh.v1.GetSidecarResponse;
import mesh.v1.ListClustersRequest;
import mesh.v1.ListClustersResponse;
import mesh.v1.ListEndpointsRequest;
import mesh.v1.ListEndpointsResponse;
import mesh.v1.ListListenersRequest;
import mesh.v1.ListListenersResponse;
import mesh.v1.ListRoutesRequest;
import mesh.v1.ListRoutesResponse;
import mesh.v1.ListSidecarsRequest;
import mesh.v1.ListSidecarsResponse;
import mesh.v1.ListVersionsRequest;
import mesh.v1.ListVersionsResponse;
import mesh.v1.PutClusterRequest;
import mesh.v1.PutEndpointRequest;
import mesh.v1.PutListenerRequest;
import mesh.v1.PutRouteRequest;
import mesh.v1.RollbackConfigRequest;
import mesh.v1.RolloutConfigRequest;
import mesh.v1.RolloutProgress;
import mesh.v1.WatchConfigRequest;
import mesh.v1.WatchConfigResponse;
import mesh.v1.WriteResponse;

/**
 * {@code mesh.v1.AdminService}: the configuration pushed, read and watched by people and tools. On worker threads, because a write waits for
 * the disk.
 */
@GrpcService
@Blocking
public final class AdminService extends AdminServiceGrpc.AdminServiceImplBase {

    /** Far above what people and tools need; each costs little but its connection. */
    private static final int MOST_WATCHES = 100;

    private final InstantSource clock;
    private final MeshStore store;
    private final SidecarRegistry sidecars;
    private final SvidIssuer issuer;
    private final ConfigReads reads;
    private final ConfigWrites writes;
    private final ConfigHistory history;
    private final ConfigWatches watches;
    private final ApplyWaits waits;
    private final Rollouts rollouts;
    private final SidecarDetails details;

    @Inject
    public AdminService(MeshStore store, SidecarRegistry sidecars, SvidIssuer issuer, AuditLog audit, MeterRegistry meters,
        Rollouts rollouts) {
        this(store, sidecars, issuer, audit, meters, rollouts, Env.system().clock());
    }

    AdminService(MeshStore store, SidecarRegistry sidecars, SvidIssuer issuer, AuditLog audit, MeterRegistry meters,
        Rollouts rollouts, InstantSource clock) {
        this.rollouts = rollouts;
        this.clock = clock;
        this.store = store;
        this.sidecars = sidecars;
        this.issuer = issuer;
        Audience audience = new Audience(sidecars);
        this.reads = new ConfigReads(store);
        this.writes = new ConfigWrites(store, audit, audience, meters);
        this.history = new ConfigHistory(store, audience);
        this.watches = new ConfigWatches(store, MOST_WATCHES);
        this.waits = new ApplyWaits(sidecars, clock, this::putBack);
        this.details = new SidecarDetails(store, sidecars);
    }

    /** Ends the calls that would go on for ever. */
    @PreDestroy
    public void close() {
        watches.close();
        waits.close();
    }

    @Override
    public void applyConfig(ApplyConfigRequest request, StreamObserver<WriteResponse> out) {
        changeAlone(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms -> apply(request, terms, "config"));
    }

    @Override
    public void applyConfigAndWait(ApplyConfigAndWaitRequest request, StreamObserver<ApplyProgress> out) {
        try {
            Duration patience = ApplyWaits.patience(request);
            rollouts.refuseWhileOneIsOn();
            Terms terms = new Terms(request.getApply().getExpectedVersion(), false).withAudience().with(rollouts.whileNoneIsOn());
            WriteResponse written = writes.counted(terms, same -> apply(request.getApply(), same, "apply.config"));
            waits.begin(written, patience, request.getRollbackOnRejection(), (ServerCallStreamObserver<ApplyProgress>) out);
        } catch (RuntimeException e) {
            out.onError(Refusal.of(e));
        }
    }

    @Override
    public void rolloutConfig(RolloutConfigRequest request, StreamObserver<RolloutProgress> out) {
        ApplyConfigRequest apply = request.getApply();
        try {
            RolloutPlan plan = plan(request);
            MeshSnapshot base = store.current();
            WriteResponse rehearsed = apply(apply, new Terms(apply.getExpectedVersion(), true), "apply.config");
            RolloutCall call = new RolloutCall((ServerCallStreamObserver<RolloutProgress>) out);
            rollouts.begin(plan, base, rehearsed.getSidecarsList(), Peer.current().name(), call, staging -> {
                // What the waves are made from is what is current now, or nothing is written.
                Terms terms = new Terms(apply.getExpectedVersion() == 0 ? base.version() : apply.getExpectedVersion(), false).with(staging);
                return writes.counted(terms, same -> apply(apply, same, "apply.config")).getVersion();
            });
        } catch (RuntimeException e) {
            out.onError(Refusal.of(e));
        }
    }

    private static RolloutPlan plan(RolloutConfigRequest request) {
        if (request.getApply().getDryRun()) {
            throw Refusal.of(List.of(new Problem("apply.dry_run", "true (expected: absent beside waves; ApplyConfig takes it)")));
        }
        try {
            return RolloutPlan.parse(request.getWavesList(), request.hasBake() ? Values.duration(request.getBake()) : Duration.ofSeconds(30),
                request.getAbortOnList());
        } catch (IllegalArgumentException e) {
            int colon = e.getMessage().indexOf(": ");
            throw Refusal.of(List.of(new Problem(e.getMessage().substring(0, colon), e.getMessage().substring(colon + 2))));
        }
    }

    @Override
    public void abortRollout(AbortRolloutRequest request, StreamObserver<AbortRolloutResponse> out) {
        answer(out, () -> {
            long after = rollouts.abort("by " + Peer.current().name())
                .orElseThrow(() -> Status.NOT_FOUND.withDescription("no rollout is on").asRuntimeException());
            return AbortRolloutResponse.newBuilder().setRollbackVersion(after).build();
        });
    }

    private WriteResponse apply(ApplyConfigRequest request, Terms terms, String path) {
        Problems problems = new Problems();
        if (!request.hasConfig()) {
            // An empty request, as from a script whose file was missing, must not empty the mesh.
            problems.add(path, "missing (expected: a configuration; {} for an empty one)");
        }
        MeshSnapshot config = ConfigMessages.decode(request.getConfig(), path, problems);
        refuseAny(problems);
        return writes.write(terms, Edits.replaceAll(config), new Reason("apply config", request.getMessage()), WrittenAs.WHOLE);
    }

    /** What was before a version, as one that comes after it; refused when it is not the current one any more. */
    private long putBack(long version) {
        Terms terms = new Terms(version, false);
        return writes.counted(terms, same -> writes.write(terms, history.putBack(version - 1),
            "roll back to version " + (version - 1) + ": version " + version + " was rejected", WrittenAs.WHOLE)).getVersion();
    }

    @Override
    public void rollbackConfig(RollbackConfigRequest request, StreamObserver<WriteResponse> out) {
        changeAlone(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms ->
            writes.write(terms, history.putBack(request.getVersion()),
                new Reason("roll back to version " + request.getVersion(), request.getMessage()), WrittenAs.WHOLE));
    }

    @Override
    public void listVersions(ListVersionsRequest request, StreamObserver<ListVersionsResponse> out) {
        answer(out, () -> history.list(request));
    }

    @Override
    public void diffConfig(DiffConfigRequest request, StreamObserver<DiffConfigResponse> out) {
        answer(out, () -> history.diff(request));
    }

    @Override
    public void getConfig(GetConfigRequest request, StreamObserver<GetConfigResponse> out) {
        answer(out, () -> history.get(request));
    }

    @Override
    public void watchConfig(WatchConfigRequest request, StreamObserver<WatchConfigResponse> out) {
        watches.begin(request.getAfterVersion(), (ServerCallStreamObserver<WatchConfigResponse>) out);
    }

    @Override
    public void listListeners(ListListenersRequest request, StreamObserver<ListListenersResponse> out) {
        answer(out, reads::listeners);
    }

    @Override
    public void listRoutes(ListRoutesRequest request, StreamObserver<ListRoutesResponse> out) {
        answer(out, reads::routes);
    }

    @Override
    public void listClusters(ListClustersRequest request, StreamObserver<ListClustersResponse> out) {
        answer(out, reads::clusters);
    }

    @Override
    public void listEndpoints(ListEndpointsRequest request, StreamObserver<ListEndpointsResponse> out) {
        answer(out, () -> reads.endpoints(request.getCluster()));
    }

    @Override
    public void putListener(PutListenerRequest request, StreamObserver<WriteResponse> out) {
        changeAlone(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms -> {
            Problems problems = new Problems();
            ListenerMessages.ListenerParts parts = ListenerMessages.decode(request.getListener(), "listener", problems);
            refuseAny(problems);
            String name = parts.listener().name();
            return writes.write(terms, Edits.put(parts), "put listener " + name,
                new WrittenAs("listeners." + name + ".", "listener."));
        });
    }

    @Override
    public void deleteListener(DeleteListenerRequest request, StreamObserver<WriteResponse> out) {
        changeAlone(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms ->
            writes.write(terms, Edits.deleteListener(request.getName()), "delete listener " + request.getName(), WrittenAs.WHOLE));
    }

    @Override
    public void putRoute(PutRouteRequest request, StreamObserver<WriteResponse> out) {
        changeAlone(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms -> {
            Problems problems = new Problems();
            RouteTable table = RouteMessages.decode(request.getRoute(), "route", problems);
            refuseAny(problems);
            return writes.write(terms, Edits.put(table), "put route " + table.name(),
                new WrittenAs("routes." + table.name() + ".", "route."));
        });
    }

    @Override
    public void deleteRoute(DeleteRouteRequest request, StreamObserver<WriteResponse> out) {
        changeAlone(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms ->
            writes.write(terms, Edits.deleteRoute(request.getName()), "delete route " + request.getName(), WrittenAs.WHOLE));
    }

    @Override
    public void putCluster(PutClusterRequest request, StreamObserver<WriteResponse> out) {
        changeAlone(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms -> {
            Problems problems = new Problems();
            ClusterMessages.ClusterParts parts = ClusterMessages.decode(request.getCluster(), "cluster", problems);
            refuseAny(problems);
            return writes.write(terms, Edits.put(parts), "put cluster " + parts.cluster().name(), WrittenAs.WHOLE);
        });
    }

    @Override
    public void deleteCluster(DeleteClusterRequest request, StreamObserver<WriteResponse> out) {
        changeAlone(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms ->
            writes.write(terms, Edits.deleteCluster(request.getName()), "delete cluster " + request.getName(), WrittenAs.WHOLE));
    }

    @Override
    public void putEndpoint(PutEndpointRequest request, StreamObserver<WriteResponse> out) {
        change(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms -> {
            Problems problems = new Problems();
            Endpoint endpoint = ClusterMessages.decode(request.getEndpoint(), "endpoint", problems);
            refuseAny(problems);
            return writes.write(terms, Edits.putEndpoint(request.getCluster(), endpoint),
                "put endpoint " + endpoint.address() + " of cluster " + request.getCluster(), WrittenAs.WHOLE);
        });
    }

    @Override
    public void deleteEndpoint(DeleteEndpointRequest request, StreamObserver<WriteResponse> out) {
        change(out, new Terms(request.getExpectedVersion(), request.getDryRun()), terms ->
            writes.write(terms, Edits.deleteEndpoint(request.getCluster(), request.getAddress()),
                "delete endpoint " + request.getAddress() + " of cluster " + request.getCluster(), WrittenAs.WHOLE));
    }

    @Override
    public void listSidecars(ListSidecarsRequest request, StreamObserver<ListSidecarsResponse> out) {
        answer(out, () -> {
            ListSidecarsResponse.Builder m = ListSidecarsResponse.newBuilder()
                .setVersion(store.current().version()).setAt(Values.message(clock.instant()));
            sidecars.list().forEach(sidecar -> m.addSidecars(SidecarMessages.encode(sidecar)));
            return m.build();
        });
    }

    @Override
    public void getSidecar(GetSidecarRequest request, StreamObserver<GetSidecarResponse> out) {
        answer(out, () -> details.of(request.getNode()));
    }

    @Override
    public void createJoinToken(CreateJoinTokenRequest request, StreamObserver<CreateJoinTokenResponse> out) {
        answer(out, () -> {
            Problems problems = new Problems();
            SpiffeId id = problems.read("spiffe_id", () -> SpiffeId.parse(request.getSpiffeId()));
            refuseAny(problems);
            JoinTokens.JoinToken token = issuer.createToken(id, Peer.current().name());
            return CreateJoinTokenResponse.newBuilder()
                .setToken(token.text())
                .setExpiresAt(Values.message(token.expiresAt()))
                .setCaPin(issuer.caPin())
                .build();
        });
    }

    private static void refuseAny(Problems problems) {
        if (!problems.none()) {
            throw Refusal.of(problems.list());
        }
    }

    private void change(StreamObserver<WriteResponse> out, Terms terms, Function<Terms, WriteResponse> work) {
        answer(out, () -> writes.counted(terms, work));
    }

    /** A change that cannot be told apart from one that is rolled out. */
    private void changeAlone(StreamObserver<WriteResponse> out, Terms terms, Function<Terms, WriteResponse> work) {
        change(out, terms.with(rollouts.whileNoneIsOn()), same -> {
            if (!same.dryRun()) {
                rollouts.refuseWhileOneIsOn();
            }
            return work.apply(same);
        });
    }

    private static <T> void answer(StreamObserver<T> out, Supplier<T> work) {
        T response;
        try {
            response = work.get();
        } catch (RuntimeException e) {
            out.onError(Refusal.of(e));
            return;
        }
        out.onNext(response);
        out.onCompleted();
    }
}
