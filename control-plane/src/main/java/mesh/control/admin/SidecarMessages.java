package mesh.control.admin;

import mesh.control.messages.Values;
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
            .setConnectedSince(Values.message(sidecar.connectedSince()))
            .setAcknowledgedVersion(sidecar.acknowledgedVersion())
            .setSentVersion(sidecar.sentVersion());
        sidecar.rejection().ifPresent(rejection -> m.setLastRejection(Rejection.newBuilder()
            .setVersion(rejection.version())
            .setTypeUrl(rejection.type().typeUrl())
            .setMessage(rejection.message())
            .setAt(Values.message(rejection.at()))));
        return m.build();
    }
}
