package mesh.control.stream;

import java.time.Instant;
import java.util.Optional;
import mesh.control.messages.Values;
import mesh.control.stream.SidecarRegistry.Sidecar;
import mesh.v1.Rejection;
import mesh.v1.SidecarStatus;
import mesh.xds.ResourceType;

/** What the registry knows of a sidecar, as a message. */
public final class SidecarMessages {

    /** Of a refusal, for other replicas: many of them must fit into one word. */
    private static final int LONGEST_TEXT = 1000;

    private SidecarMessages() {}

    public static SidecarStatus encode(Sidecar sidecar) {
        SidecarStatus.Builder m = SidecarStatus.newBuilder()
            .setNode(sidecar.node())
            .setSpiffeId(sidecar.spiffeId())
            .setConnected(sidecar.connected())
            .setConnectedSince(Values.message(sidecar.connectedSince()))
            .setAcknowledgedVersion(sidecar.acknowledgedVersion())
            .setSentVersion(sidecar.sentVersion())
            .setReplica(sidecar.replica());
        sidecar.clockAhead().ifPresent(ahead -> m.setClockAhead(Values.message(ahead)));
        sidecar.rejection().ifPresent(rejection -> m.setLastRejection(Rejection.newBuilder()
            .setVersion(rejection.version())
            .setTypeUrl(rejection.type().typeUrl())
            .setMessage(rejection.message())
            .setAt(Values.message(rejection.at()))));
        return m.build();
    }

    /** For other replicas, which know where it comes from. */
    static mesh.replica.v1.Sidecar share(Sidecar sidecar) {
        SidecarStatus.Builder status = encode(sidecar).toBuilder().clearReplica();
        String text = status.getLastRejection().getMessage();
        if (text.length() > LONGEST_TEXT) {
            status.getLastRejectionBuilder().setMessage(text.substring(0, LONGEST_TEXT) + "…");
        }
        return mesh.replica.v1.Sidecar.newBuilder().setStatus(status).setWorkload(sidecar.workload()).build();
    }

    /** One of another replica. */
    static Sidecar decode(mesh.replica.v1.Sidecar m, String replica) {
        SidecarStatus status = m.getStatus();
        Optional<SidecarRegistry.Rejection> rejection = Optional.of(status.getLastRejection()).filter(each -> status.hasLastRejection())
            .flatMap(each -> ResourceType.ofUrl(each.getTypeUrl())
                .map(type -> new SidecarRegistry.Rejection(each.getVersion(), type, each.getMessage(), Values.instant(each.getAt()))));
        Instant since = Values.instant(status.getConnectedSince());
        return new Sidecar(status.getNode(), status.getSpiffeId(), m.getWorkload(), status.getConnected(), since, status.getAcknowledgedVersion(),
            status.getSentVersion(), rejection, replica,
            status.hasClockAhead() ? Optional.of(Values.duration(status.getClockAhead())) : Optional.empty());
    }
}
