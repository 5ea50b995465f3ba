package mesh.control.admin;

import io.grpc.Status;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import mesh.control.messages.ChangeMessages;
import mesh.control.messages.ConfigMessages;
import mesh.control.messages.Values;
import mesh.control.store.Change;
import mesh.control.store.ConfigVersion;
import mesh.control.store.History;
import mesh.control.store.MeshStore;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import mesh.v1.DiffConfigRequest;
import mesh.v1.DiffConfigResponse;
import mesh.v1.FieldChange;
import mesh.v1.GetConfigRequest;
import mesh.v1.GetConfigResponse;
import mesh.v1.ListVersionsRequest;
import mesh.v1.ListVersionsResponse;

/** The configuration as it was: listed, read, compared, and put back. */
final class ConfigHistory {

    private static final int USUAL_VERSIONS = 100;
    private static final int MOST_VERSIONS = 1000;
    /** More are no help, and an answer has a size. */
    private static final int MOST_FIELDS = 1000;

    private final MeshStore store;
    private final History history;
    private final Audience audience;

    ConfigHistory(MeshStore store, Audience audience) {
        this.store = store;
        this.history = store.history();
        this.audience = audience;
    }

    ListVersionsResponse list(ListVersionsRequest request) {
        int limit = request.getLimit();
        if (Integer.compareUnsigned(limit, MOST_VERSIONS) > 0) {
            throw refused("limit", Integer.toUnsignedString(limit) + " (expected: " + MOST_VERSIONS + " at most; 0 for " + USUAL_VERSIONS + ")");
        }
        ListVersionsResponse.Builder m = ListVersionsResponse.newBuilder();
        history.list(request.getBeforeVersion(), limit == 0 ? USUAL_VERSIONS : limit).forEach(version -> m.addVersions(encode(version)));
        return m.build();
    }

    GetConfigResponse get(GetConfigRequest request) {
        if (request.getVersion() != 0 && request.hasAt()) {
            throw refused("at", "stands beside version (expected: at most one of the two)");
        }
        MeshSnapshot config;
        if (request.hasAt()) {
            Instant at = Instant.ofEpochSecond(request.getAt().getSeconds(), request.getAt().getNanos());
            ConfigVersion then = history.at(at).orElseThrow(() -> notKept("a version that was current at " + at));
            config = read(then.version());
        } else {
            config = read(request.getVersion());
        }
        if (request.getNode().isEmpty() && !request.getWorkload().isEmpty()) {
            throw refused("workload", "stands without node (expected: beside it)");
        }
        MeshSnapshot shown = request.getNode().isEmpty() ? config : audience.part(config, request.getNode(), request.getWorkload());
        GetConfigResponse.Builder m = GetConfigResponse.newBuilder().setVersion(config.version()).setConfig(ConfigMessages.encode(shown));
        history.find(config.version()).ifPresent(version -> m.setWritten(encode(version)));
        return m.build();
    }

    DiffConfigResponse diff(DiffConfigRequest request) {
        MeshSnapshot to = read(request.getToVersion());
        MeshSnapshot from = request.getFromVersion() == 0 ? before(to.version()) : read(request.getFromVersion());
        List<FieldChange> fields = ConfigMessages.differences(from, to);
        return DiffConfigResponse.newBuilder()
            .setFromVersion(from.version())
            .setToVersion(to.version())
            .addAllChanges(ChangeMessages.between(from, to))
            .addAllFields(fields.subList(0, Math.min(fields.size(), MOST_FIELDS)))
            .setTruncated(fields.size() > MOST_FIELDS)
            .addAllSidecars(audience.of(from, to))
            .build();
    }

    /** Puts a version back as a whole. */
    Change putBack(long version) {
        if (version == 0) {
            throw refused("version", "0 (expected: one that `ListVersions` shows)");
        }
        return Edits.replaceAll(read(version));
    }

    private MeshSnapshot before(long version) {
        return version <= 1 ? MeshSnapshot.EMPTY : read(version - 1);
    }

    /** 0 for the current one. */
    private MeshSnapshot read(long version) {
        MeshSnapshot current = store.current();
        if (version == 0 || version == current.version()) {
            return current;
        }
        try {
            Optional<MeshSnapshot> then = history.read(version);
            return then.orElseThrow(() -> notKept("version " + Long.toUnsignedString(version))).withTrust(current.trust());
        } catch (IOException e) {
            throw Status.FAILED_PRECONDITION.withDescription(e.getMessage()).asRuntimeException();
        }
    }

    private RuntimeException notKept(String what) {
        List<ConfigVersion> newest = history.list(0, 1);
        String kept = newest.isEmpty() ? "nothing was ever written"
            : "expected: " + history.oldest() + " to " + newest.get(0).version() + ", which are kept";
        return Status.NOT_FOUND.withDescription(what + " (" + kept + ")").asRuntimeException();
    }

    private static RuntimeException refused(String field, String problem) {
        return Refusal.of(List.of(new Problem(field, problem)));
    }

    private static mesh.v1.ConfigVersion encode(ConfigVersion version) {
        return mesh.v1.ConfigVersion.newBuilder()
            .setVersion(version.version())
            .setAt(Values.message(version.at()))
            .setAuthor(version.author())
            .setMessage(version.message())
            .setContentHash(version.contentHash())
            .build();
    }
}
