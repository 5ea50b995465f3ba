package mesh.control.admin;

import com.google.protobuf.Timestamp;
import java.time.Instant;
import mesh.control.stream.SidecarRegistry;
import mesh.v1.Rejection;
import mesh.v1.SidecarStatus;

/** What the registry knows of a sidecar, as a message. */
final class SidecarMessages {

    private SidecarMessages() {}

    static SidecarStatus encode(SidecarRegistry.Sidecar sidecar) {
        SidecarStatus.Builder m = SidecarStatus.newBuilder()
            .setNode(sidecar.node())
            .setSpiffeId(sidecar.spiffeId())
            .setConnected(sidecar.connected())
            .setConnectedSince(timestamp(sidecar.connectedSince()))
            .setAcknowledgedVersion(sidecar.acknowledgedVersion())
            .setSentVersion(sidecar.sentVersion());
        sidecar.rejection().ifPresent(rejection -> m.setLastRejection(Rejection.newBuilder()
            .setVersion(rejection.version())
            .setTypeUrl(rejection.type().typeUrl())
            .setMessage(rejection.message())
            .setAt(timestamp(rejection.at()))));
        return m.build();
    }

    static Timestamp timestamp(Instant at) {
        return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
    }
}
