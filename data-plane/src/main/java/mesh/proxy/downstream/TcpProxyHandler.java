package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import mesh.model.BreakerFailure;
import mesh.model.HashPolicy;
import mesh.model.UpstreamTls;
import mesh.proxy.ends.Ends;
import mesh.proxy.ends.Redirected;
import mesh.proxy.exchange.ClientHash;
import mesh.proxy.exchange.Splice;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.outcome.Failure;
import mesh.proxy.runtime.ListenerTable;
import mesh.proxy.tls.MeshTls;
import mesh.proxy.upstream.ConnectSettings;
import mesh.proxy.upstream.Connector;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.UpstreamCluster;
import org.jboss.logging.Logger;

/**
 * A client's TCP connection before it has an upstream: picks one, and the next if that cannot be reached, and joins the two. Nothing more
 * is read from the client until then; what came with the end of a handshake is kept. On the connection's loop only.
 */
final class TcpProxyHandler extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = Logger.getLogger(TcpProxyHandler.class);

    /** Upstreams that are tried before the client is given up; Envoy's {@code max_connect_attempts} is 1, which loses connections at each restart. */
    private static final int MAX_TRIES = 3;
    /** Envoy's for {@code tcp_proxy}. */
    private static final Duration IDLE = Duration.ofHours(1);

    private final UpstreamCluster cluster;
    private final HashPolicy.By hash;
    private final Connector connector;
    private final ProxyLoop loop;
    private final Redirected redirected;
    private final List<Destination> tried = new ArrayList<>(MAX_TRIES);
    private final List<ByteBuf> early = new ArrayList<>();
    private Channel client;
    private long key;

    /**
     * Added when the client's handshake, if it has one, is over.
     *
     * @param redirected what the client's connection was opened to, and our own ones of that kind; null where nothing was redirected
     */
    TcpProxyHandler(ListenerTable.Tcp table, Connector connector, ProxyLoop loop, Redirected redirected) {
        this.cluster = table.cluster();
        this.hash = table.hash();
        this.connector = connector;
        this.loop = loop;
        this.redirected = redirected;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        client = context.channel();
        key = ClientHash.of(client, hash);
        client.config().setAutoRead(false);
        if (cluster.load().tryTcp(cluster.model().connections().maxConnections())) {
            client.closeFuture().addListener(closed -> cluster.load().requestEnded());
            if (cluster.model().originalDst()) tryOriginal();
            else tryNext();
        } else {
            giveUp(Failure.OVERFLOW, "limit of connections is reached");
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        early.add((ByteBuf) message);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        early.forEach(ByteBuf::release);
        early.clear();
    }

    /** Where the client wanted to go in the first place, and nowhere else. */
    private void tryOriginal() {
        if (redirected == null) {
            giveUp(Failure.NO_HEALTHY_UPSTREAM, "the connection was opened to this sidecar itself");
            return;
        }
        if (redirected.isLoop()) {
            giveUp(Failure.NO_HEALTHY_UPSTREAM, Redirected.LOOP);
            return;
        }
        ConnectSettings settings = new ConnectSettings(cluster.model().tls().map(UpstreamTls::expect), cluster.model().connections(),
            cluster.model().announces().orElse(null), Ends.of(client), redirected);
        connector.connect(loop, redirected.address(), MeshTls.Traffic.TCP, settings, new Connector.Result() {
            @Override
            public void onConnected(Channel upstream) {
                if (client.isActive()) join(upstream, () -> {});
                else upstream.close();
            }

            @Override
            public void onFailed(Failure failure, String detail) {
                giveUp(failure, detail);
            }
        });
    }

    private void tryNext() {
        Destination destination = cluster.balancer().pick(tried, key);
        long permit = destination == null ? 0 : destination.tryAcquire();
        if (permit == 0) {
            giveUp(Failure.NO_HEALTHY_UPSTREAM, "");
            return;
        }
        tried.add(destination);
        destination.upstream().begin();
        connector.connect(loop, destination.upstream().address(), MeshTls.Traffic.TCP, settings(destination), new Connector.Result() {
            @Override
            public void onConnected(Channel upstream) {
                destination.succeeded(permit);
                if (!client.isActive()) {
                    destination.upstream().end();
                    upstream.close();
                    return;
                }
                destination.upstream().opened();
                join(upstream, () -> {
                    destination.upstream().closed();
                    destination.upstream().end();
                });
            }

            @Override
            public void onFailed(Failure failure, String detail) {
                destination.failed(permit, BreakerFailure.CONNECT_FAILURE, 0);
                destination.upstream().end();
                LOG.debugf("%s, attempt %d: %s (%s)", destination.upstream(), tried.size(), failure.sentence(), detail);
                if (!client.isActive()) return;
                if (tried.size() < Math.min(MAX_TRIES, cluster.destinations().size())) tryNext();
                else giveUp(failure, detail);
            }
        });
    }

    private ConnectSettings settings(Destination destination) {
        ConnectSettings settings = destination.settings();
        return settings.announces() == null ? settings : settings.on(Ends.of(client));
    }

    private void join(Channel upstream, Runnable ended) {
        List<ByteBuf> read = List.copyOf(early);
        early.clear();
        client.pipeline().remove(this);
        Splice.join(client, read, upstream, loop, IDLE.toNanos(), ended);
    }

    /** A client of TCP cannot be told why; a reset at least says that this was no answer. */
    private void giveUp(Failure failure, String detail) {
        LOG.debugf("%s: cluster %s: %s (%s)", client.remoteAddress(), cluster.name(), failure.sentence(), detail);
        if (client.isOpen()) client.config().setOption(ChannelOption.SO_LINGER, 0);
        client.close();
    }
}
