package mesh.proxy.tls;

import org.jboss.logging.Logger;

/** Counts handshakes and says why they failed. Event loops. */
final class HandshakeRecord {

    private static final Logger LOG = Logger.getLogger(MeshTls.class);

    private final MeshTls.Meter meter;

    HandshakeRecord(MeshTls.Meter meter) {
        this.meter = meter;
    }

    void ended(Acceptance acceptance, Throwable cause) {
        if (cause == null) {
            meter.handshake(acceptance.side(), "ok", "");
            return;
        }
        HandshakeFailure failure = HandshakeFailure.of(cause);
        meter.handshake(acceptance.side(), "failed", failure.reason().label());
        LOG.debugf("handshake as %s failed: %s", acceptance.side(), failure);
    }
}
