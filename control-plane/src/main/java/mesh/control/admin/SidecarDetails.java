package mesh.control.admin;

import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.type.v3.SemanticVersion;
import io.grpc.Status;
import java.util.List;
import java.util.Locale;
import mesh.control.store.MeshStore;
import mesh.control.stream.SidecarMessages;
import mesh.control.stream.SidecarRegistry;
import mesh.control.stream.SidecarRegistry.Sidecar;
import mesh.control.stream.StreamStatus;
import mesh.v1.GetSidecarResponse;
import mesh.v1.IgnoredField;
import mesh.v1.SidecarDetail;
import mesh.v1.TypeStatus;

/** What one connected sidecar was sent, type by type, as a message. */
final class SidecarDetails {

    private static final int MOST_IGNORED = 1000;
    private static final int MOST_UNKNOWN = 100;

    private final MeshStore store;
    private final SidecarRegistry sidecars;

    SidecarDetails(MeshStore store, SidecarRegistry sidecars) {
        this.store = store;
        this.sidecars = sidecars;
    }

    /** @throws NotThereException when none of that node is connected */
    GetSidecarResponse of(String node) {
        // Answers of the streams themselves, which take no more than a few seconds.
        List<StreamStatus> streams = sidecars.statuses(node::equals).join();
        if (streams.isEmpty()) {
            sidecars.list().stream().filter(each -> each.node().equals(node) && each.connected()).findFirst().ifPresent(elsewhere -> {
                throw Status.FAILED_PRECONDITION.withDescription("sidecar \"" + node + "\" is connected to replica " + elsewhere.replica()
                    + " (expected: that one to be asked what it was sent)").asRuntimeException();
            });
            throw new NotThereException("connected sidecar", node, sidecars.list().stream().filter(Sidecar::connected).map(Sidecar::node).toList());
        }
        GetSidecarResponse.Builder m = GetSidecarResponse.newBuilder().setVersion(store.current().version());
        streams.forEach(stream -> m.addSidecars(encode(stream)));
        return m.build();
    }

    private SidecarDetail encode(StreamStatus stream) {
        SidecarDetail.Builder m = SidecarDetail.newBuilder()
            .setWorkload(stream.workload())
            .setKind(stream.kind().name().toLowerCase(Locale.ROOT))
            .setAgent(agent(stream.client()));
        sidecars.list().stream()
            .filter(each -> each.node().equals(stream.node()) && each.spiffeId().equals(stream.spiffeId()) && each.workload().equals(stream.workload()))
            .findFirst().ifPresent(each -> m.setStatus(SidecarMessages.encode(each)));
        stream.types().forEach(type -> m.addTypes(encode(type)));
        stream.types().stream()
            .flatMap(type -> type.resources().stream()
                .flatMap(resource -> stream.kind().ignored(type.type(), stream.view(), resource.getName(), resource.getResource()).stream()))
            .limit(MOST_IGNORED)
            .forEach(each -> m.addIgnored(IgnoredField.newBuilder()
                .setTypeUrl(each.type().typeUrl()).setResource(each.resource()).setField(each.field()).setEffect(each.effect())));
        return m.build();
    }

    private static TypeStatus encode(StreamStatus.OfType type) {
        return TypeStatus.newBuilder()
            .setTypeUrl(type.type().typeUrl())
            .setSentVersion(type.sentVersion())
            .setAcknowledgedVersion(type.acknowledgedVersion())
            .setWaits(type.waits())
            .setRejection(type.refusal().map(StreamStatus.Refused::message).orElse(""))
            .setResources(type.resources().size())
            .addAllUnknown(type.unknown().stream().limit(MOST_UNKNOWN).toList())
            .build();
    }

    private static String agent(Node client) {
        SemanticVersion built = client.getUserAgentBuildVersion().getVersion();
        String version = client.hasUserAgentBuildVersion()
            ? built.getMajorNumber() + "." + built.getMinorNumber() + "." + built.getPatch() : client.getUserAgentVersion();
        return (client.getUserAgentName() + " " + version).strip();
    }
}
