package mesh.proxy.upstream;

import io.netty.channel.Channel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http2.Http2Limits;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.tls.MeshTls;
import org.jboss.logging.Logger;

/**
 * One event loop's connections to one upstream. The one used last is used first, so that those not needed grow old and are closed. Each
 * request that finds none begins one, up to the cluster's limit, and takes whichever comes free first; above the limit it waits.
 *
 * <p>On its loop only, {@link #retire} excepted.
 */
public final class ConnectionPool {

    /** Somebody who waits for a connection. Exactly one of the two is called, if {@link #cancel} is not; perhaps before {@link #acquire} returns. */
    public interface Waiter {

        /** Opens its request on it before it returns. */
        void onConnection(ClientConnection connection);

        void onNoConnection(Failure failure, String detail);
    }

    /** @param queued waits above the limit of connections, and counts against that of pending requests */
    private record Wish(ConnectSettings settings, boolean queued) {}

    private static final Logger LOG = Logger.getLogger(ConnectionPool.class);

    /** An unused connection is closed after between 3/4 of the idle timeout and all of it: no clock is read when one is used. */
    private static final int SWEEPS = 4;

    private final ProxyLoop loop;
    private final Upstream upstream;
    private final HttpVersion version;
    private final ClusterLoad load;
    private final Connector connector;
    private final ProxyMetrics.UpstreamMeter meter;
    private final ArrayDeque<PooledConnection> available = new ArrayDeque<>();
    private final Map<Waiter, Wish> waiting = new LinkedHashMap<>();
    private final TimerWheel.Timeout sweeper = new TimerWheel.Timeout() {
        @Override
        protected void expire() {
            sweep();
        }
    };
    private boolean retired;
    private int connecting;
    /** Those that stand, lent or not. */
    private int connected;

    ConnectionPool(
        ProxyLoop loop, Upstream upstream, HttpVersion version, ClusterLoad load, Connector connector, ProxyMetrics.UpstreamMeter meter) {
        this.loop = loop;
        this.upstream = upstream;
        this.version = version;
        this.load = load;
        this.connector = connector;
        this.meter = meter;
    }

    /** @param fresh only a new connection will do: one that was kept has just turned out to be dead, and the others may be too */
    public void acquire(ConnectSettings settings, boolean fresh, Waiter waiter) {
        PooledConnection kept = fresh ? null : takeAvailable(settings);
        if (kept != null) {
            lend(kept, waiter);
        } else if (waiting.size() < expected()) {
            waiting.put(waiter, new Wish(settings, false));
        } else if (tryCount(settings)) {
            waiting.put(waiter, new Wish(settings, false));
            connect(settings);
        } else if (load.tryPend(settings.policy().maxPendingRequests())) {
            waiting.put(waiter, new Wish(settings, true));
        } else {
            waiter.onNoConnection(Failure.OVERFLOW, "limit of " + settings.policy().maxPendingRequests() + " pending requests is reached");
        }
    }

    /** No connection is wanted any more. One that is being made will be kept for others. */
    public void cancel(Waiter waiter) {
        Wish wish = waiting.remove(waiter);
        if (wish != null && wish.queued()) load.pendEnded();
    }

    /** The upstream is gone, or the only client that they are for: closes what is not in use, and what is when it comes back. Any thread. */
    public void retire() {
        loop.executor().execute(() -> {
            retired = true;
            for (PooledConnection c; (c = available.pollLast()) != null; ) retire(c);
        });
    }

    private PooledConnection takeAvailable(ConnectSettings settings) {
        for (PooledConnection c; (c = available.pollLast()) != null; ) {
            if (!c.settings().fits(settings)) {
                retire(c);
            } else if (c.connection().capacity() == 0) {
                // The upstream has lowered its limit; it will be heard of again.
                c.setAvailable(false);
            } else {
                return c;
            }
        }
        return null;
    }

    private void retire(PooledConnection c) {
        c.setAvailable(false);
        c.retire();
    }

    private void lend(PooledConnection c, Waiter waiter) {
        c.setAvailable(false);
        waiter.onConnection(c.connection());
        c.lent();
        if (c.connection().capacity() > 0 && !c.isAvailable()) keep(c);
    }

    /** It can take another request: somebody who waits gets it, or it is kept. */
    void onCapacity(PooledConnection c) {
        if (c.isAvailable()) return;
        while (!waiting.isEmpty() && c.connection().capacity() > 0) {
            Map.Entry<Waiter, Wish> first = waiting.entrySet().iterator().next();
            if (!c.settings().fits(first.getValue().settings())) {
                retire(c);
                return;
            }
            cancel(first.getKey());
            first.getKey().onConnection(c.connection());
            c.lent();
        }
        if (c.connection().capacity() > 0 && !c.isAvailable()) keep(c);
    }

    private void keep(PooledConnection c) {
        if (retired || upstream.isRetired()) {
            retire(c);
            return;
        }
        c.setAvailable(true);
        available.addLast(c);
        if (!sweeper.isSet()) setSweeper(c.settings());
    }

    void onRetired(PooledConnection c) {
        if (c.isAvailable()) available.remove(c);
        c.setAvailable(false);
        loop.timers().cancel(c);
    }

    void onHttp1() {
        upstream.knowsNoHttp2();
    }

    private boolean tryCount(ConnectSettings settings) {
        return load.tryConnect(settings.policy().maxConnections(), connected + connecting == 0);
    }

    private void connect(ConnectSettings settings) {
        connecting++;
        connector.connect(loop, upstream.address(), version == HttpVersion.HTTP_2 ? MeshTls.Traffic.HTTP2 : MeshTls.Traffic.HTTP1, settings, new Connector.Result() {
            @Override
            public void onConnected(Channel channel) {
                connecting--;
                welcome(settings, channel);
            }

            @Override
            public void onFailed(Failure failure, String detail) {
                connecting--;
                load.disconnected();
                LOG.debugf("%s: %s (%s)", upstream, failure.sentence(), detail);
                failThose(failure, detail);
                connectForOthers();
            }
        });
    }

    private void welcome(ConnectSettings settings, Channel channel) {
        connected++;
        meter.connectionOpened();
        channel.closeFuture().addListener(closed -> {
            connected--;
            load.disconnected();
            meter.connectionClosed();
            connectForOthers();
        });
        PooledConnection c = new PooledConnection(this, settings, version, channel, loop.timers());
        long certificate = connector.nanosToRetire(channel).orElse(Long.MAX_VALUE);
        long longest = settings.policy().maxConnectionDuration().map(Duration::toNanos).orElse(Long.MAX_VALUE);
        if (Math.min(certificate, longest) < Long.MAX_VALUE) loop.timers().set(c, Math.min(certificate, longest));
        onCapacity(c);
        connectForOthers();
    }

    /** A try has failed: it was made for whoever has waited longest, and for those who would have shared it. */
    private void failThose(Failure failure, String detail) {
        List<Waiter> those = waiting.keySet().stream().limit(Math.max(1, waiting.size() - expected())).toList();
        for (Waiter waiter : those) {
            if (waiting.containsKey(waiter)) {
                cancel(waiter);
                waiter.onNoConnection(failure, detail);
            }
        }
    }

    /** Requests for which connections are being made. */
    private int expected() {
        return version == HttpVersion.HTTP_2 ? connecting * Http2Limits.CLIENT.streams() : connecting;
    }

    /** There is room for another connection: for those nobody is connecting for. */
    private void connectForOthers() {
        if (waiting.size() <= expected()) return;
        ConnectSettings settings = waiting.values().iterator().next().settings();
        if (tryCount(settings)) connect(settings);
    }

    private void setSweeper(ConnectSettings settings) {
        long idle = settings.policy().idleTimeout(settings.isTls()).toNanos();
        loop.timers().set(sweeper, idle / SWEEPS);
    }

    private void sweep() {
        ConnectSettings settings = null;
        for (PooledConnection c : available.toArray(PooledConnection[]::new)) {
            settings = c.settings();
            if (c.connection().idle() && c.sweep() >= SWEEPS) c.retire();
        }
        if (!available.isEmpty()) setSweeper(settings);
    }
}
