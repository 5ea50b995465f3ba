package mesh.proxy.exchange;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.SpiffeId;
import mesh.proxy.http.RequestHead;
import mesh.proxy.outcome.Failure;
import mesh.proxy.route.AccessGate;
import mesh.proxy.telemetry.Seldom;
import org.jboss.logging.Logger;

/** Asks a listener's policies about a request, and tells which of them has refused it. One for all connections. Any event loop. */
public final class AccessCheck {

    private static final Logger LOG = Logger.getLogger(AccessCheck.class);
    private static final int MOST_LINES = 1000;
    /** By policy and listener; those come and go with configurations, so that it is bounded. */
    private final Map<String, Seldom> said = new ConcurrentHashMap<>();

    /** Null when it may pass. */
    Failure failure(AccessGate gate, RequestHead request, ClientSession session) {
        SpiffeId peer = session.filters().peerId();
        String refuses = gate.refusal(request, peer);
        if (refuses != null) {
            tell(refuses, "enforced", request, session);
            return Failure.PEER_DENIED;
        }
        if (gate.isAmbiguous(request)) return Failure.AMBIGUOUS_PATH;
        String would = gate.wouldRefuse(request, peer);
        if (would != null) tell(would, "dry_run", request, session);
        return null;
    }

    private void tell(String policy, String mode, RequestHead request, ClientSession session) {
        String listener = session.listener();
        session.metrics().denied(listener, policy, mode);
        if (said.size() > MOST_LINES) said.clear();
        long others = said.computeIfAbsent(mode + " " + listener + " " + policy, unused -> new Seldom()).ask(session.millis() / 1000);
        if (others == Seldom.NOT_NOW) return;
        LOG.infof("request %s: policy=%s listener=%s peer=%s method=%s path=\"%s\"%s", mode.equals("enforced") ? "denied" : "would be denied",
            policy, listener, session.peer() == null ? "none" : session.peer(), request.method().name(), request.path(), Seldom.others(others));
    }
}
