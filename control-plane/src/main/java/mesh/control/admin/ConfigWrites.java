package mesh.control.admin;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import mesh.control.ca.AuditLog;
import mesh.control.messages.ChangeMessages;
import mesh.control.messages.ConfigMessages;
import mesh.control.ports.Peer;
import mesh.control.store.Change;
import mesh.control.store.MeshStore;
import mesh.control.store.Staging;
import mesh.model.ApplyResult;
import mesh.model.Coverage;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.v1.FieldChange;
import mesh.v1.Warning;
import mesh.v1.WriteResponse;
import org.jboss.logging.Logger;

/** The way of a change from an RPC into the store: in the caller's name, audited once it is in force, and counted however it ends. */
final class ConfigWrites {

    private static final Logger LOG = Logger.getLogger(ConfigWrites.class);
    private static final Set<Status.Code> OUR_FAULT =
        EnumSet.of(Status.Code.UNAVAILABLE, Status.Code.RESOURCE_EXHAUSTED, Status.Code.INTERNAL);

    /** Characters of what a write changed; the whole of it is in the history. */
    private static final int LONGEST_AUDIT = 16 * 1024;

    /** More are no help, and an answer has a size. */
    private static final int MOST_WARNINGS = 100;

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

    /**
     * What a caller asks of its write, beside the change itself.
     *
     * @param expectedVersion the version that the change was made from; 0 for whatever is current
     * @param dryRun          whether the change is only to be checked
     * @param audience        whether the answer names the sidecars that are concerned also when it is not only checked
     * @param staging         what it means to a rollout that is on
     */
    record Terms(long expectedVersion, boolean dryRun, boolean audience, Staging staging) {

        Terms(long expectedVersion, boolean dryRun) {
            this(expectedVersion, dryRun, dryRun, Staging.AS_BEFORE);
        }

        Terms withAudience() {
            return new Terms(expectedVersion, dryRun, true, staging);
        }

        Terms with(Staging other) {
            return new Terms(expectedVersion, dryRun, audience, other);
        }
    }

    /**
     * What a write is for.
     *
     * @param action  for the audit, such as {@code put cluster payments}
     * @param message in the caller's words; "" when it gave none
     */
    record Reason(String action, String message) {

        private static final int LONGEST = 1000;

        static Reason of(String action) {
            return new Reason(action, "");
        }

        /** @throws StatusRuntimeException when the message would not be one line of a list */
        Reason {
            if (message.length() > LONGEST || message.chars().anyMatch(Character::isISOControl)) {
                throw Refusal.of(List.of(new Problem("message", message.length() > LONGEST ? message.length() + " characters (expected: "
                    + LONGEST + " at most)" : "has a control character (expected: one line of text)")));
            }
        }

        /** For the history. */
        String told() {
            return message.isEmpty() ? action : message;
        }
    }

    private final MeshStore store;
    private final AuditLog audit;
    private final Audience audience;
    private final Counter applied;
    private final Counter unchanged;
    private final Counter refused;
    private final Counter failed;

    ConfigWrites(MeshStore store, AuditLog audit, Audience audience, MeterRegistry meters) {
        this.store = store;
        this.audit = audit;
        this.audience = audience;
        this.applied = counter(meters, "applied");
        this.unchanged = counter(meters, "unchanged");
        this.refused = counter(meters, "refused");
        this.failed = counter(meters, "failed");
    }

    private static Counter counter(MeterRegistry meters, String result) {
        return Counter.builder("mesh_config_applies").description("writes of the configuration by how they ended").tag("result", result)
            .register(meters);
    }

    /** Runs a write RPC and counts its refusal, wherever it came from; a dry run is no write. */
    WriteResponse counted(Terms terms, Function<Terms, WriteResponse> rpc) {
        try {
            return rpc.apply(terms);
        } catch (RuntimeException e) {
            StatusRuntimeException refusal = Refusal.of(e);
            if (!terms.dryRun) {
                (OUR_FAULT.contains(refusal.getStatus().getCode()) ? failed : refused).increment();
            }
            throw refusal;
        }
    }

    WriteResponse write(Terms terms, Change change, String action, WrittenAs written) {
        return write(terms, change, Reason.of(action), written);
    }

    WriteResponse write(Terms terms, Change change, Reason reason, WrittenAs written) {
        Observed observed = new Observed(change);
        String author = Peer.current().name();
        ApplyResult result = terms.dryRun
            ? store.rehearse(terms.expectedVersion, observed) : store.edit(terms.expectedVersion, observed, terms.staging, author, reason.told());
        if (result instanceof ApplyResult.Rejected rejected) {
            List<Problem> problems = rejected.problems();
            throw Refusal.of(problems.stream().map(written::told).toList());
        }
        long version = ((ApplyResult.Applied) result).version();
        if (!terms.dryRun) {
            done(version, observed, author, reason.action);
        }
        return WriteResponse.newBuilder()
            .setVersion(version)
            .addAllChanges(ChangeMessages.between(observed.before, observed.after))
            .addAllWarnings(warnings(observed, written))
            .addAllSidecars(terms.audience ? audience.of(observed.before, observed.after) : List.of())
            .build();
    }

    /** Of route tables that are new or different, so that a write of an endpoint need not look through them. */
    private static List<Warning> warnings(Observed observed, WrittenAs written) {
        return observed.after.routeTables().values().stream()
            .filter(table -> !table.equals(observed.before.routeTables().get(table.name())))
            .flatMap(table -> Coverage.problems(table).stream())
            .limit(MOST_WARNINGS)
            .map(written::told)
            .map(warning -> Warning.newBuilder().setField(warning.path()).setDescription(warning.message()).build())
            .toList();
    }

    private void done(long version, Observed observed, String author, String what) {
        if (version == observed.before.version()) {
            unchanged.increment();
        } else {
            applied.increment();
            audited(author, what, version, difference(observed));
        }
    }

    /** Before and after of each field, for whoever reads the audit log when the history has forgotten the version. */
    private static String difference(Observed observed) {
        StringBuilder text = new StringBuilder();
        for (FieldChange field : ConfigMessages.differences(observed.before, observed.after)) {
            text.append("; ").append(field.getPath()).append(": ").append(shown(field.getBefore())).append(" -> ").append(shown(field.getAfter()));
            if (text.length() > LONGEST_AUDIT) {
                return text.substring(0, LONGEST_AUDIT) + " …";
            }
        }
        return text.toString();
    }

    private static String shown(String json) {
        return json.isEmpty() ? "nothing" : json;
    }

    /** The change is in force and in the journal already, with its author: to refuse it now would be untrue. */
    private void audited(String author, String what, long version, String difference) {
        try {
            audit.add(author, what, "config version " + version + difference);
        } catch (IOException e) {
            LOG.errorf("config version %d is in force and missing in the audit log: %s", version, e.getMessage());
        }
    }

    /** A change, with what it was made from and what it came to: it runs on the store's thread. */
    private static final class Observed implements Change {

        private final Change change;
        private volatile MeshSnapshot before;
        private volatile MeshSnapshot after;

        Observed(Change change) {
            this.change = change;
        }

        @Override
        public MeshSnapshot applyTo(MeshSnapshot current) {
            before = current;
            after = change.applyTo(current);
            return after;
        }
    }
}
