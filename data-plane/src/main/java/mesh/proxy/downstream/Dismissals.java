package mesh.proxy.downstream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import mesh.proxy.exchange.Splice;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.telemetry.Seldom;
import mesh.proxy.tls.HandshakeFailure.Reason;
import mesh.proxy.tls.MeshTls;
import org.jboss.logging.Logger;

/**
 * How connections end whose peer would not be let in any more. Requests that are in flight were asked by who was allowed to, and get a while;
 * nothing new is begun. A banned peer gets nothing, and TCP, which has no requests, is cut at once. Any thread.
 */
public final class Dismissals implements MeshTls.Dismissals {

    private static final Logger LOG = Logger.getLogger(Dismissals.class);

    /** For the requests in flight. What is longer is a stream, which would otherwise be a way around every later decision. */
    static final Duration IN_FLIGHT = Duration.ofSeconds(5);

    private final ProxyMetrics metrics;
    private final InstantSource clock;
    private final Map<Reason, Seldom> said = new EnumMap<>(Reason.class);

    public Dismissals(ProxyMetrics metrics, InstantSource clock) {
        this.metrics = metrics;
        this.clock = clock;
        for (Reason reason : Reason.values()) said.put(reason, new Seldom());
    }

    @Override
    public void dismiss(Channel channel, Reason reason, String detail) {
        // At once where it can be: in a handshake's end the first request may already be there.
        if (channel.eventLoop().inEventLoop()) dismissNow(channel, reason, detail);
        else channel.eventLoop().execute(() -> dismissNow(channel, reason, detail));
    }

    private void dismissNow(Channel channel, Reason reason, String detail) {
        if (!channel.isOpen()) return;
        metrics.dismissed(reason.label());
        long others = said.get(reason).ask(clock.instant().getEpochSecond());
        if (others != Seldom.NOT_NOW) {
            LOG.infof("connection ended: reason=%s peer=%s: %s%s", reason.label(), channel.remoteAddress(), detail, Seldom.others(others));
        }
        end(channel, reason, detail);
    }

    private static void end(Channel channel, Reason reason, String why) {
        ServerConnection server = find(channel, ServerConnection.class);
        ClientConnection client = find(channel, ClientConnection.class);
        if (reason == Reason.BANNED || server == null && client == null) {
            cut(channel, why);
            return;
        }
        if (client != null) client.retire();
        else if (reason == Reason.UNKNOWN_CA) server.drain();
        else server.dismiss();
        var limit = channel.eventLoop().schedule(() -> cut(channel, why), IN_FLIGHT.toMillis(), TimeUnit.MILLISECONDS);
        channel.closeFuture().addListener(closed -> limit.cancel(false));
    }

    private static <T> T find(Channel channel, Class<T> type) {
        for (Map.Entry<String, ChannelHandler> each : channel.pipeline()) {
            if (type.isInstance(each.getValue())) return type.cast(each.getValue());
        }
        return null;
    }

    /** With a RST, and past TLS, so that nobody takes what has come for all of it. */
    private static void cut(Channel channel, String why) {
        if (Splice.tryBreak(channel, why)) return;
        if (channel.isOpen()) channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.pipeline().firstContext().close();
    }
}
