package mesh.proxy.exchange;

import io.netty.channel.Channel;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import mesh.proxy.outcome.StopReason;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.telemetry.Seldom;
import org.jboss.logging.Logger;

/** Counts the clients that were stopped, and says of one a second for each reason who it was. Any thread. */
public final class StoppedClients {

    private static final Logger LOG = Logger.getLogger(StoppedClients.class);

    private final ProxyMetrics metrics;
    private final Map<StopReason, Seldom> said = new EnumMap<>(StopReason.class);

    public StoppedClients(ProxyMetrics metrics) {
        this.metrics = metrics;
        for (StopReason reason : StopReason.values()) said.put(reason, new Seldom());
    }

    /** A connection that has come to no request. */
    public void stopped(String listener, StopReason reason, Channel client, String why, InstantSource clock) {
        stopped(listener, reason, ClientSession.name(client), null, why, clock.millis() / 1000);
    }

    /** @param client address and port; @param why the rule, without the client's words */
    void stopped(String listener, StopReason reason, String client, String identity, String why, long epochSecond) {
        metrics.stopped(listener, reason.label());
        long others = said.get(reason).ask(epochSecond);
        if (others == Seldom.NOT_NOW) return;
        LOG.infof("client stopped: reason=%s listener=%s peer=%s id=%s: %s%s", reason.label(), listener, client, identity == null ? "none" : identity, why,
            Seldom.others(others));
    }
}
