package mesh.proxy.downstream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mesh.model.Arrival;
import mesh.model.ProxyProtocol;
import mesh.proxy.ends.Ends;
import mesh.proxy.ends.Redirected;
import mesh.proxy.exchange.AccessCheck;
import mesh.proxy.exchange.ClientFilters;
import mesh.proxy.exchange.ClientSession;
import mesh.proxy.exchange.Overload;
import mesh.proxy.exchange.StoppedClients;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.http1.Http1ServerConnection;
import mesh.proxy.http2.Http2ServerConnection;
import mesh.proxy.loop.MemoryBudget;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.loop.ProxyLoops;
import mesh.proxy.outcome.StopReason;
import mesh.proxy.runtime.CodecLimits;
import mesh.proxy.runtime.DetectedRoutes;
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
        ProxyMetrics metrics, PlaintextCallers plaintext, AccessCheck access, StoppedClients stopped, Overload overload, AcceptPause pause,
        Set<SocketAddress> redirected) {}

    /**
     * A connection and whose it is.
     *
     * @param listener   the name of the listener that serves it; it may change with a configuration
     * @param redirected what it was opened to; null where nothing was redirected
     */
    private record Accepted(SocketChannel client, ListenerTable table, Supplier<String> listener, ProxyLoop loop, Redirected redirected) {}

    /** As long as a handshake may take. */
    private static final Duration FIRST_BYTE = Duration.ofSeconds(5);
    /** What a server that speaks first, and is not known to, is kept from speaking. */
    private static final Duration PROTOCOL = Duration.ofSeconds(1);

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
        parts.pause().accepted(loop);
        hold(client, loop, MemoryBudget.CONNECTION_BYTES);
        Accepted accepted = accepted(client, table, loop);
        client.pipeline().addLast(new ConnectionMeter(accepted.table.meter(), loop.index()));
        ProxyProtocol.Acceptance proxied = table.model().proxied();
        if (proxied == ProxyProtocol.Acceptance.NONE) {
            begin(accepted);
        } else {
            client.pipeline().addLast(new ProxyHeaderReader(loop.timers(), FIRST_BYTE.toNanos(), proxied, () -> begin(accepted),
                why -> parts.stopped().stopped(accepted.listener.get(), StopReason.PROXY_HEADER, client, why, parts.env().clock())));
        }
    }

    private void hold(SocketChannel client, ProxyLoop loop, int bytes) {
        parts.overload().hold(loop, bytes);
        client.closeFuture().addListener(closed -> parts.overload().hold(loop, -bytes));
    }

    private Accepted accepted(SocketChannel client, ListenerTable bound, ProxyLoop loop) {
        if (bound.model().arrival() != Arrival.INTERCEPTED) return new Accepted(client, bound, socket, loop, null);
        InetSocketAddress target = OriginalDestination.of(client);
        ListenerTable other = target == null ? null : parts.runtime().current().handOver().find(target);
        String name = bound.model().name();
        parts.metrics().intercepted(name, target == null ? "direct" : other == null ? "unmatched" : "handed_over");
        if (target != null) Ends.tell(client, new Ends(client.remoteAddress(), target));
        Redirected redirected = target == null ? null : new Redirected(client, target, OriginalDestination.source(target, client), parts.redirected(),
            () -> parts.metrics().intercepted(name, "loop"));
        if (other == null) return new Accepted(client, bound, socket, loop, redirected);
        String otherName = other.model().name();
        BoundSocket.handOver(client, otherName);
        return new Accepted(client, other, () -> otherName, loop, redirected);
    }

    private void begin(Accepted accepted) {
        SocketChannel client = accepted.client;
        ListenerTable table = accepted.table;
        if (table.model().tls().isEmpty()) {
            addProtocol(accepted, null);
        } else if (table.model().tls().get().isPermissive()) {
            client.pipeline().addLast(new TlsDetector(accepted.loop.timers(), FIRST_BYTE.toNanos(), tls -> {
                if (tls) addTls(accepted);
                else addPlaintext(accepted);
            }));
        } else {
            addTls(accepted);
        }
    }

    /** Let in without proof, and written down: a switch to strict would lock it out. */
    private void addPlaintext(Accepted accepted) {
        InetAddress host = Ends.hostOf(accepted.client);
        String address = host == null ? "unknown" : host.getHostAddress();
        String name = accepted.table.model().name();
        parts.metrics().plaintext(name);
        parts.plaintext().connected(name, address, parts.env().clock().instant());
        addProtocol(accepted, null);
    }

    private void addTls(Accepted accepted) {
        SocketChannel client = accepted.client;
        ListenerTable table = accepted.table;
        if (parts.tls().ready()) {
            hold(client, accepted.loop, MemoryBudget.TLS_BYTES);
            MeshTls.Traffic traffic = table.traffic() instanceof ListenerTable.Tcp ? MeshTls.Traffic.TCP : MeshTls.Traffic.HTTP2;
            client.pipeline().addLast(parts.tls().server(client, traffic, table.model().tls().get()));
            client.pipeline().addLast(new AfterHandshake(accepted));
        } else {
            // Nobody may talk to a workload that cannot prove who it is.
            client.close();
        }
    }

    /** @param agreed the protocol that a handshake has agreed on; null when there was none */
    private void addProtocol(Accepted accepted, String agreed) {
        SocketChannel client = accepted.client;
        // Who may come in may have changed since the handshake began. Whoever changes it later finds this connection among the socket's.
        ListenerTable now = parts.runtime().current().listeners().get(accepted.listener.get());
        if (now != null && Admission.refuses(now.model(), client, parts.dismissals())) return;
        if (accepted.table.traffic() instanceof ListenerTable.Http http) {
            if (http.detected() == null) addHttp(accepted, http, agreed);
            else detect(accepted, http);
        } else {
            addTcp(accepted, (ListenerTable.Tcp) accepted.table.traffic());
        }
    }

    private void addTcp(Accepted accepted, ListenerTable.Tcp to) {
        accepted.client.pipeline().addLast(new TcpProxyHandler(to, parts.connector(), accepted.loop, accepted.redirected));
    }

    private void detect(Accepted accepted, ListenerTable.Http http) {
        DetectedRoutes routes = http.detected();
        String name = accepted.listener.get();
        Ends ends = Ends.of(accepted.client);
        if (ends != null && routes.isServerFirst(ends.destination().getPort())) {
            parts.metrics().detected(name, "server_first");
            addTcp(accepted, routes.other());
            return;
        }
        accepted.client.pipeline().addLast(new ProtocolDetector(accepted.loop.timers(), PROTOCOL.toNanos(), (found, late) -> {
            parts.metrics().detected(name, late ? "timeout" : found.protocol().name().toLowerCase(Locale.ROOT));
            switch (found.protocol()) {
                case HTTP_1 -> accepted.client.pipeline().addLast(codec(HttpVersion.HTTP_1, http.codecs(), session(accepted, http), accepted.loop));
                case HTTP_2 -> accepted.client.pipeline().addLast(codec(HttpVersion.HTTP_2, http.codecs(), session(accepted, http), accepted.loop));
                case TLS -> addTcp(accepted, routes.ofTls(found.serverName()));
                default -> addTcp(accepted, routes.other());
            }
        }));
    }

    private ClientSession session(Accepted accepted, ListenerTable.Http http) {
        return new ClientSession(
            parts.runtime(), accepted.listener, http, accepted.client, accepted.redirected, parts.connector(), accepted.loop, parts.env().random(),
            parts.env().clock(), parts.metrics(), new ClientFilters(accepted.client, parts.env().random()), parts.access(), parts.stopped(),
            parts.overload());
    }

    private void addHttp(Accepted accepted, ListenerTable.Http http, String agreed) {
        ProxyLoop loop = accepted.loop;
        ClientSession session = session(accepted, http);
        accepted.client.pipeline().addLast(
            agreed == null
                ? new HttpDetector(loop.timers(), http.codecs().http1(), session, version -> codec(version, http.codecs(), session, loop))
                : codec(agreed.equals("h2") ? HttpVersion.HTTP_2 : HttpVersion.HTTP_1, http.codecs(), session, loop));
    }

    private ServerConnection codec(HttpVersion version, CodecLimits limits, ClientSession session, ProxyLoop loop) {
        return version == HttpVersion.HTTP_2
            ? new Http2ServerConnection(session, limits.http2(), loop.timers(), session)
            : new Http1ServerConnection(session, limits.http1(), parts.env().ticker(), session);
    }

    /** Waits for the client to prove who it is, and sees that its proof's end is the connection's. */
    private final class AfterHandshake extends ChannelInboundHandlerAdapter {

        private final Accepted accepted;

        AfterHandshake(Accepted accepted) {
            this.accepted = accepted;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake) {
                if (handshake.isSuccess()) begin(context.channel());
                else context.close();
            } else {
                if (event instanceof ChannelInputShutdownEvent) context.close();
                context.fireUserEventTriggered(event);
            }
        }

        private void begin(Channel client) {
            addProtocol(accepted, client.pipeline().get(SslHandler.class).applicationProtocol());
            client.pipeline().remove(this);
            var clock = parts.env().clock();
            Lifetime.nanosToRetire(client, clock).ifPresent(nanos -> in(client, nanos, () -> retire(client)));
            Lifetime.nanosToEnd(client, clock).ifPresent(nanos -> in(client, nanos, client::close));
        }

        private void in(Channel client, long nanos, Runnable task) {
            var scheduled = accepted.loop.executor().schedule(task, nanos, TimeUnit.NANOSECONDS);
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
