package mesh.control.admin;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import mesh.control.ca.AuditLog;
import mesh.control.ports.Peer;
import mesh.control.store.Change;
import mesh.control.store.MeshStore;
import mesh.model.ApplyResult;
import mesh.model.Problem;
import mesh.v1.WriteResponse;
import org.jboss.logging.Logger;

/** The way of a change from an RPC into the store: in the caller's name, audited once it is in force, and counted however it ends. */
final class ConfigWrites {

    private static final Logger LOG = Logger.getLogger(ConfigWrites.class);
    private static final Set<Status.Code> OUR_FAULT =
        EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.RESOURCE_EXHAUSTED, Status.Code.INTERNAL);

    /**
     * How problems of what was written are told: the model knows its place by name, the caller by the fields of the request.
     *
     * @param modelPath   "" when the request wrote no single part
     * @param requestPath in its place
     */
    record WrittenAs(String modelPath, String requestPath) {

        static final WrittenAs WHOLE = new WrittenAs("", "");

        Problem told(Problem p) {
            return p.path().startsWith(modelPath) ? new Problem(requestPath + p.path().substring(modelPath.length()), p.message()) : p;
        }
    }

    private final MeshStore store;
    private final AuditLog audit;
    private final Counter applied;
    private final Counter unchanged;
    private final Counter refused;
    private final Counter failed;

    ConfigWrites(MeshStore store, AuditLog audit, MeterRegistry meters) {
        this.store = store;
        this.audit = audit;
        this.applied = counter(meters, "applied");
        this.unchanged = counter(meters, "unchanged");
        this.refused = counter(meters, "refused");
        this.failed = counter(meters, "failed");
    }

    private static Counter counter(MeterRegistry meters, String result) {
        return Counter.builder("mesh_config_applies").description("writes of the configuration by how they ended").tag("result", result)
            .register(meters);
    }

    /** Runs a write RPC and counts its refusal, wherever it came from. */
    WriteResponse counted(Supplier<WriteResponse> rpc) {
        try {
            return rpc.get();
        } catch (RuntimeException e) {
            StatusRuntimeException refusal = Refusal.of(e);
            (OUR_FAULT.contains(refusal.getStatus().getCode()) ? failed : refused).increment();
            throw refusal;
        }
    }

    /** @param what for the log and the audit, such as {@code put cluster payments} */
    WriteResponse write(long expectedVersion, Change change, String what, WrittenAs written) {
        AtomicLong before = new AtomicLong();
        String author = Peer.current().name();
        ApplyResult result = store.edit(expectedVersion, current -> {
            before.set(current.version());
            return change.applyTo(current);
        }, author, what);
        if (result instanceof ApplyResult.Rejected rejected) {
            List<Problem> problems = rejected.problems();
            throw Refusal.of(problems.stream().map(written::told).toList());
        }
        long version = ((ApplyResult.Applied) result).version();
        if (version == before.get()) {
            unchanged.increment();
        } else {
            applied.increment();
            audited(author, what, version);
        }
        return WriteResponse.newBuilder().setVersion(version).build();
    }

    /** The change is in force and in the journal already, with its author: to refuse it now would be untrue. */
    private void audited(String author, String what, long version) {
        try {
            audit.add(author, what, "config version " + version);
        } catch (IOException e) {
            LOG.errorf("config version %d is in force and missing in the audit log: %s", version, e.getMessage());
        }
    }
}
