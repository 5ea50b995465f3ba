package mesh.control.admin;

import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
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
import mesh.control.store.Change;
import mesh.control.store.MeshStore;
import mesh.control.stream.SidecarRegistry;
import mesh.model.ApplyResult;
import mesh.model.Endpoint;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.model.RouteTable;
import mesh.model.SpiffeId;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.CreateJoinTokenRequest;
import mesh.v1.CreateJoinTokenResponse;
import mesh.v1.DeleteClusterRequest;
import mesh.v1.DeleteEndpointRequest;
import mesh.v1.DeleteListenerRequest;
import mesh.v1.DeleteRouteRequest;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import mesh.v1.ListSidecarsRequest;
import mesh.v1.ListSidecarsResponse;
import mesh.v1.PutClusterRequest;
import mesh.v1.PutEndpointRequest;
import mesh.v1.PutListenerRequest;
import mesh.v1.PutRouteRequest;
import mesh.v1.WriteResponse;
import org.jboss.logging.Logger;

/**
 * {@code mesh.v1.AdminService}: the configuration pushed and read by people and tools. On worker threads, because a write waits for
 * the disk.
 */
@GrpcService
@Blocking
public final class AdminService extends AdminServiceGrpc.AdminServiceImplBase {

    private static final Logger LOG = Logger.getLogger(AdminService.class);

    private final MeshStore store;
    private final SidecarRegistry sidecars;
    private final SvidIssuer issuer;
    private final AuditLog audit;

    public AdminService(MeshStore store, SidecarRegistry sidecars, SvidIssuer issuer, AuditLog audit) {
        this.store = store;
        this.sidecars = sidecars;
        this.issuer = issuer;
        this.audit = audit;
    }

    @Override
    public void applyConfig(ApplyConfigRequest request, StreamObserver<WriteResponse> out) {
        answer(out, () -> {
            Problems problems = new Problems();
            if (!request.hasConfig()) {
                // An empty request, as from a script whose file was missing, must not empty the mesh.
                problems.add("config", "missing (expected: a configuration; {} for an empty one)");
            }
            MeshSnapshot config = ConfigMessages.decode(request.getConfig(), "config", problems);
            refuseAny(problems);
            return write(request.getExpectedVersion(), Edits.replaceAll(config), "apply config", "", "");
        });
    }

    @Override
    public void getConfig(GetConfigRequest request, StreamObserver<GetConfigResponse> out) {
        answer(out, () -> {
            MeshSnapshot current = store.current();
            return GetConfigResponse.newBuilder().setVersion(current.version()).setConfig(ConfigMessages.encode(current)).build();
        });
    }

    @Override
    public void putListener(PutListenerRequest request, StreamObserver<WriteResponse> out) {
        answer(out, () -> {
            Problems problems = new Problems();
            ListenerMessages.ListenerParts parts = ListenerMessages.decode(request.getListener(), "listener", problems);
            refuseAny(problems);
            String name = parts.listener().name();
            return write(request.getExpectedVersion(), Edits.put(parts), "put listener " + name, "listeners." + name + ".", "listener.");
        });
    }

    @Override
    public void deleteListener(DeleteListenerRequest request, StreamObserver<WriteResponse> out) {
        answer(out, () -> write(request.getExpectedVersion(), Edits.deleteListener(request.getName()),
            "delete listener " + request.getName(), "", ""));
    }

    @Override
    public void putRoute(PutRouteRequest request, StreamObserver<WriteResponse> out) {
        answer(out, () -> {
            Problems problems = new Problems();
            RouteTable table = RouteMessages.decode(request.getRoute(), "route", problems);
            refuseAny(problems);
            return write(request.getExpectedVersion(), Edits.put(table), "put route " + table.name(), "routes." + table.name() + ".", "route.");
        });
    }

    @Override
    public void deleteRoute(DeleteRouteRequest request, StreamObserver<WriteResponse> out) {
        answer(out, () -> write(request.getExpectedVersion(), Edits.deleteRoute(request.getName()),
            "delete route " + request.getName(), "", ""));
    }

    @Override
    public void putCluster(PutClusterRequest request, StreamObserver<WriteResponse> out) {
        answer(out, () -> {
            Problems problems = new Problems();
            ClusterMessages.ClusterParts parts = ClusterMessages.decode(request.getCluster(), "cluster", problems);
            refuseAny(problems);
            return write(request.getExpectedVersion(), Edits.put(parts), "put cluster " + parts.cluster().name(), "", "");
        });
    }

    @Override
    public void deleteCluster(DeleteClusterRequest request, StreamObserver<WriteResponse> out) {
        answer(out, () -> write(request.getExpectedVersion(), Edits.deleteCluster(request.getName()),
            "delete cluster " + request.getName(), "", ""));
    }

    @Override
    public void putEndpoint(PutEndpointRequest request, StreamObserver<WriteResponse> out) {
        answer(out, () -> {
            Problems problems = new Problems();
            Endpoint endpoint = ClusterMessages.decode(request.getEndpoint(), "endpoint", problems);
            refuseAny(problems);
            return write(request.getExpectedVersion(), Edits.putEndpoint(request.getCluster(), endpoint),
                "put endpoint " + endpoint.address() + " of cluster " + request.getCluster(), "", "");
        });
    }

    @Override
    public void deleteEndpoint(DeleteEndpointRequest request, StreamObserver<WriteResponse> out) {
        answer(out, () -> write(request.getExpectedVersion(), Edits.deleteEndpoint(request.getCluster(), request.getAddress()),
            "delete endpoint " + request.getAddress() + " of cluster " + request.getCluster(), "", ""));
    }

    @Override
    public void listSidecars(ListSidecarsRequest request, StreamObserver<ListSidecarsResponse> out) {
        answer(out, () -> {
            ListSidecarsResponse.Builder m = ListSidecarsResponse.newBuilder().setVersion(store.current().version());
            sidecars.list().forEach(sidecar -> m.addSidecars(SidecarMessages.encode(sidecar)));
            return m.build();
        });
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

    /** Problems of the whole are told by the model's paths; those of what was sent, {@code modelPath}, by the request's. */
    private WriteResponse write(long expectedVersion, Change change, String what, String modelPath, String requestPath) {
        long before = store.current().version();
        String author = Peer.current().name();
        ApplyResult result = store.edit(expectedVersion, change, author, what);
        if (result instanceof ApplyResult.Applied applied) {
            if (applied.version() != before) {
                audited(author, what, applied.version());
            }
            return WriteResponse.newBuilder().setVersion(applied.version()).build();
        }
        List<Problem> problems = new ArrayList<>();
        for (Problem p : ((ApplyResult.Rejected) result).problems()) {
            boolean sent = !modelPath.isEmpty() && p.path().startsWith(modelPath);
            problems.add(sent ? new Problem(requestPath + p.path().substring(modelPath.length()), p.message()) : p);
        }
        throw Refusal.of(problems);
    }

    /** The change is in force and in the journal already, with its author: to refuse it now would be untrue. */
    private void audited(String author, String what, long version) {
        try {
            audit.add(author, what, "config version " + version);
        } catch (IOException e) {
            LOG.errorf("config version %d is in force and missing in the audit log: %s", version, e.getMessage());
        }
    }

    private static void refuseAny(Problems problems) {
        if (!problems.none()) {
            throw Refusal.of(problems.list());
        }
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
