package mesh.proxy.tls;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jboss.logging.Logger;

/**
 * Counts handshakes and says why they failed; once a second at most, because strangers can make them fail as often as they like. Any
 * thread.
 */
final class HandshakeRecord {

    private static final Logger LOG = Logger.getLogger(MeshTls.class);

    private final MeshTls.Meter meter;
    private final InstantSource clock;
    private final AtomicLong saidAtSecond = new AtomicLong(Long.MIN_VALUE);
    private final LongAdder unsaid = new LongAdder();

    HandshakeRecord(MeshTls.Meter meter, InstantSource clock) {
        this.meter = meter;
        this.clock = clock;
    }

    void ended(Acceptance acceptance, Throwable cause) {
        if (cause == null) {
            meter.handshake(acceptance.side(), "ok", "");
            return;
        }
        HandshakeFailure failure = HandshakeFailure.of(cause);
        meter.handshake(acceptance.side(), "failed", failure.reason().label());
        // A client tells whoever asked for the connection.
        if (!acceptance.client()) {
            say(failure);
        }
    }

    private void say(HandshakeFailure failure) {
        long now = clock.instant().getEpochSecond();
        long before = saidAtSecond.get();
        if (before == now || !saidAtSecond.compareAndSet(before, now)) {
            unsaid.increment();
            return;
        }
        long others = unsaid.sumThenReset();
        LOG.infof("client refused: %s%s", failure, others == 0 ? "" : " (and " + others + " others since the last such line)");
    }
}
