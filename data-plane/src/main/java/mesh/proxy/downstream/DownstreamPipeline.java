package mesh.proxy.downstream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import mesh.proxy.exchange.AccessCheck;
import mesh.proxy.exchange.ClientFilters;
import mesh.proxy.exchange.ClientSession;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.http1.Http1ServerConnection;
import mesh.proxy.http2.Http2ServerConnection;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.loop.ProxyLoops;
import mesh.proxy.runtime.CodecLimits;
import mesh.proxy.runtime.ListenerTable;
import mesh.proxy.runtime.ProxyRuntime;
import mesh.proxy.telemetry.PlaintextCallers;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.tls.Lifetime;
import mesh.proxy.tls.MeshTls;
import mesh.proxy.upstream.Connector;
import mesh.time.Env;

/** What a client's bytes pass through, in order: the meter, TLS where the listener asks for it, then the codec or the way straight on. */
final class DownstreamPipeline extends ChannelInitializer<SocketChannel> {

    /** What every connection needs of the sidecar. */
    record Parts(Env env, ProxyLoops loops, ProxyRuntime runtime, MeshTls tls, MeshTls.Dismissals dismissals, Connector connector,
        ProxyMetrics metrics, PlaintextCallers plaintext, AccessCheck access) {}

    /** As long as a handshake may take. */
    private static final Duration FIRST_BYTE = Duration.ofSeconds(5);

    private final Parts parts;
    private final BoundSocket socket;

    DownstreamPipeline(Parts parts, BoundSocket socket) {
        this.parts = parts;
        this.socket = socket;
    }

    @Override
    protected void initChannel(SocketChannel client) {
        ListenerTable table = parts.runtime().current().listeners().get(socket.get());
        // The listener went while the connection waited to be accepted.
        if (table == null) {
            client.close();
            return;
        }
        if (!socket.add(client, table.model().limits().maxConnections())) {
            table.meter().connectionRefused();
            client.close();
            return;
        }
        ProxyLoop loop = parts.loops().of(client);
        client.pipeline().addLast(new ConnectionMeter(table.meter(), loop.index()));
        if (table.model().tls().isEmpty()) {
            addProtocol(client, table, loop, null);
        } else if (table.model().tls().get().isPermissive()) {
            client.pipeline().addLast(new TlsDetector(loop.timers(), FIRST_BYTE.toNanos(), tls -> {
                if (tls) addTls(client, table, loop);
                else addPlaintext(client, table, loop);
            }));
        } else {
            addTls(client, table, loop);
        }
    }

    /** Let in without proof, and written down: a switch to strict would lock it out. */
    private void addPlaintext(SocketChannel client, ListenerTable table, ProxyLoop loop) {
        InetSocketAddress remote = client.remoteAddress();
        String address = remote == null || remote.getAddress() == null ? "unknown" : remote.getAddress().getHostAddress();
        parts.metrics().plaintext(table.model().name());
        parts.plaintext().connected(table.model().name(), address, parts.env().clock().instant());
        addProtocol(client, table, loop, null);
    }

    private void addTls(SocketChannel client, ListenerTable table, ProxyLoop loop) {
        if (parts.tls().ready()) {
            MeshTls.Traffic traffic = table.traffic() instanceof ListenerTable.Tcp ? MeshTls.Traffic.TCP : MeshTls.Traffic.HTTP2;
            client.pipeline().addLast(parts.tls().server(client, traffic, table.model().tls().get()));
            client.pipeline().addLast(new AfterHandshake(table, loop));
        } else {
            // Nobody may talk to a workload that cannot prove who it is.
            client.close();
        }
    }

    /** @param agreed the protocol that a handshake has agreed on; null when there was none */
    private void addProtocol(Channel client, ListenerTable table, ProxyLoop loop, String agreed) {
        // Who may come in may have changed since the handshake began. Whoever changes it later finds this connection among the socket's.
        ListenerTable now = parts.runtime().current().listeners().get(socket.get());
        if (now != null && Admission.refuses(now.model(), client, parts.dismissals())) return;
        if (table.traffic() instanceof ListenerTable.Http http) {
            ClientSession session = new ClientSession(
                parts.runtime(), socket, http, loop, parts.env().random(), parts.env().clock(), parts.metrics(),
                new ClientFilters(client, parts.env().random()), parts.access());
            client.pipeline().addLast(
                agreed == null ? new HttpDetector(loop.timers(), http.codecs().http1(), version -> codec(version, http.codecs(), session, loop))
                    : codec(agreed.equals("h2") ? HttpVersion.HTTP_2 : HttpVersion.HTTP_1, http.codecs(), session, loop));
        } else {
            client.pipeline().addLast(new TcpProxyHandler((ListenerTable.Tcp) table.traffic(), parts.connector(), loop));
        }
    }

    private ServerConnection codec(HttpVersion version, CodecLimits limits, ClientSession session, ProxyLoop loop) {
        return version == HttpVersion.HTTP_2
            ? new Http2ServerConnection(session, limits.http2(), loop.timers(), session)
            : new Http1ServerConnection(session, limits.http1(), parts.env().ticker(), session);
    }

    /** Waits for the client to prove who it is, and sees that its proof's end is the connection's. */
    private final class AfterHandshake extends ChannelInboundHandlerAdapter {

        private final ListenerTable table;
        private final ProxyLoop loop;

        AfterHandshake(ListenerTable table, ProxyLoop loop) {
            this.table = table;
            this.loop = loop;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake) {
                if (handshake.isSuccess()) begin(context.channel());
                else context.close();
            } else {
                context.fireUserEventTriggered(event);
            }
        }

        private void begin(Channel client) {
            addProtocol(client, table, loop, client.pipeline().get(SslHandler.class).applicationProtocol());
            client.pipeline().remove(this);
            var clock = parts.env().clock();
            Lifetime.nanosToRetire(client, clock).ifPresent(nanos -> in(client, nanos, () -> retire(client)));
            Lifetime.nanosToEnd(client, clock).ifPresent(nanos -> in(client, nanos, client::close));
        }

        private void in(Channel client, long nanos, Runnable task) {
            var scheduled = loop.executor().schedule(task, nanos, TimeUnit.NANOSECONDS);
            client.closeFuture().addListener(closed -> scheduled.cancel(false));
        }

        private void retire(Channel client) {
            ServerConnection http = client.pipeline().get(ServerConnection.class);
            if (http != null) http.drain();
        }

        /** What goes wrong in a handshake is told and counted by {@link MeshTls}. */
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
