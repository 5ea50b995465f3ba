package mesh.proxy.tls;

import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.Trust;
import mesh.pki.Verdict;
import mesh.pki.Verdict.Shown;
import mesh.proxy.telemetry.Seldom;
import org.jboss.logging.Logger;

/**
 * Counts handshakes and says why they were refused: each in one line that has what is needed to find out whose fault it is, and of one side
 * and reason one a second at most, because strangers can make them fail as often as they like. Any thread.
 */
final class HandshakeRecord {

    private static final Logger LOG = Logger.getLogger(MeshTls.class);
    private static final int LONGEST_LINE = 2000;

    private final MeshTls.Meter meter;
    private final InstantSource clock;
    private final Map<String, Seldom> said = new ConcurrentHashMap<>();

    HandshakeRecord(MeshTls.Meter meter, InstantSource clock) {
        this.meter = meter;
        this.clock = clock;
    }

    void ended(Acceptance acceptance, Trust trust, SocketAddress peer, Throwable cause) {
        if (cause == null) {
            meter.handshake(acceptance.side(), "ok", "");
            return;
        }
        HandshakeFailure failure = HandshakeFailure.of(cause);
        meter.handshake(acceptance.side(), "failed", failure.reason().label());
        // What a client did not refuse itself it tells whoever asked for the connection.
        if (!acceptance.client() || failure.reason().isRefusal()) {
            say(acceptance, trust, peer, failure);
        }
    }

    private void say(Acceptance acceptance, Trust trust, SocketAddress peer, HandshakeFailure failure) {
        Instant now = clock.instant();
        long others = said.computeIfAbsent(acceptance.side() + failure.reason(), unused -> new Seldom()).ask(now.getEpochSecond());
        if (others == Seldom.NOT_NOW) return;
        LOG.infof("%s refused: %s%s", acceptance.client() ? "server" : "client", line(acceptance, trust, peer, failure, now), Seldom.others(others));
    }

    /** {@code skew} is how wrong this clock would have to be for the certificate to be good. */
    private static String line(Acceptance acceptance, Trust trust, SocketAddress peer, HandshakeFailure failure, Instant now) {
        StringBuilder line = new StringBuilder(256)
            .append("reason=").append(failure.reason().label())
            .append(" peer=").append(peer)
            .append(" expected=\"").append(Verdict.words(acceptance.expected(), trust.own().trustDomain())).append('"');
        if (failure.shown().isPresent()) {
            Shown shown = failure.shown().get();
            line.append(" actual=\"").append(shown.names()).append("\" not_before=").append(shown.notBefore())
                .append(" not_after=").append(shown.notAfter()).append(" now=").append(now).append(" skew=").append(skew(shown, now));
        }
        line.append(" bundle=").append(trust.own().trustDomain()).append('@').append(trust.own().version());
        trust.federated().forEach(each -> line.append(',').append(each.trustDomain()).append('@').append(each.version()));
        return clean(line.append(": ").append(failure.detail()));
    }

    /** Names in certificates are strangers' to choose: no line of the log is theirs to begin, nor a page of it to fill. */
    private static String clean(CharSequence text) {
        StringBuilder clean = new StringBuilder(Math.min(text.length(), LONGEST_LINE));
        for (int i = 0; i < text.length() && i < LONGEST_LINE; i++) clean.append(Character.isISOControl(text.charAt(i)) ? '?' : text.charAt(i));
        return clean.toString();
    }

    private static Duration skew(Shown shown, Instant now) {
        if (now.isBefore(shown.notBefore())) return Duration.between(shown.notBefore(), now);
        return now.isBefore(shown.notAfter()) ? Duration.ZERO : Duration.between(shown.notAfter(), now);
    }
}
