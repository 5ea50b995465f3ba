package mesh.proxy.upstream;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.OptionalLong;
import mesh.model.Address;
import mesh.proxy.ends.Announcement;
import mesh.proxy.ends.Redirected;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.loop.ProxyLoops;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.proxy.tls.HandshakeFailure;
import mesh.proxy.tls.Lifetime;
import mesh.proxy.tls.MeshTls;

/** Opens connections to upstreams: name, TCP, and TLS where the settings ask for it, all within one timeout. Any loop. */
public final class Connector {

    /** What becomes of one try; exactly one of the two is called, on the loop it was made for. */
    public interface Result {

        /** The connection stands, handshake included; nothing has been read from it. */
        void onConnected(Channel channel);

        /** @param detail for the log */
        void onFailed(Failure failure, String detail);
    }

    private final MeshTls tls;
    private final InstantSource clock;
    private final Bootstrap template;

    public Connector(ProxyLoops loops, MeshTls tls, InstantSource clock) {
        this.tls = tls;
        this.clock = clock;
        this.template = new Bootstrap()
            .channel(loops.clientChannel())
            .resolver(new LastKnownResolver(loops.resolver(), clock))
            .option(ChannelOption.ALLOCATOR, loops.allocator())
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.SO_KEEPALIVE, true)
            // One timer covers name, TCP and TLS; this one would cover only the second.
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0);
    }

    /** @param traffic what the connection is for */
    public void connect(ProxyLoop loop, Address address, MeshTls.Traffic traffic, ConnectSettings settings, Result result) {
        if (settings.isTls() && !tls.ready()) {
            result.onFailed(Failure.TLS_REJECTED, "this sidecar has no identity yet");
            return;
        }
        new Try(loop, address, traffic, settings, result).begin();
    }

    /** When a connection should be given up because of its certificates; see {@link Lifetime}. */
    OptionalLong nanosToRetire(Channel channel) {
        return Lifetime.nanosToRetire(channel, clock);
    }

    /** Known at once for an address, so that nothing is asked for it. */
    private static InetSocketAddress socketAddress(Address address) {
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(address.host());
        return literal != null
            ? new InetSocketAddress(literal, address.port())
            : InetSocketAddress.createUnresolved(address.host(), address.port());
    }

    private final class Try extends TimerWheel.Timeout {

        private final ProxyLoop loop;
        private final Address address;
        private final MeshTls.Traffic traffic;
        private final ConnectSettings settings;
        private final Result result;
        private ChannelFuture connecting;
        private SslHandler handshaking;
        private boolean over;

        Try(ProxyLoop loop, Address address, MeshTls.Traffic traffic, ConnectSettings settings, Result result) {
            this.loop = loop;
            this.address = address;
            this.traffic = traffic;
            this.settings = settings;
            this.result = result;
        }

        void begin() {
            loop.timers().set(this, settings.policy().connectTimeout().toNanos());
            connecting = template.clone(loop.executor()).handler(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    if (settings.announces() != null) channel.pipeline().addLast(new Announcement(settings.announces(), settings.client()));
                    if (settings.isTls()) beginTls(channel);
                }
            }).connect(socketAddress(address), local());
            connecting.addListener(this::onTcp);
        }

        /** From where; null for anywhere. */
        private InetSocketAddress local() {
            InetAddress source = settings.original() == null ? null : settings.original().source();
            return source == null ? null : new InetSocketAddress(source, 0);
        }

        private void beginTls(Channel channel) {
            handshaking = tls.client(channel, traffic, settings.expect().orElseThrow(), address);
            channel.pipeline().addLast(handshaking);
        }

        private void onTcp(Future<? super Void> done) {
            if (!done.isSuccess()) fail(Failures.of(done.cause()), done.cause());
            else if (handshaking != null) handshaking.handshakeFuture().addListener(this::onTls);
            else succeed();
        }

        private void onTls(Future<? super Channel> done) {
            if (done.isSuccess()) succeed();
            else fail(Failure.TLS_REJECTED, HandshakeFailure.of(done.cause()).toString());
        }

        private void succeed() {
            if (over) return;
            if (settings.original() != null && !settings.original().opened(connecting.channel())) {
                fail(Failure.NO_HEALTHY_UPSTREAM, Redirected.LOOP);
                return;
            }
            over = true;
            loop.timers().cancel(this);
            result.onConnected(connecting.channel());
        }

        private void fail(Failure failure, Throwable cause) {
            fail(failure, cause.getMessage() == null ? cause.toString() : cause.getMessage());
        }

        private void fail(Failure failure, String detail) {
            if (over) return;
            over = true;
            loop.timers().cancel(this);
            connecting.cancel(false);
            connecting.channel().close();
            result.onFailed(failure, detail);
        }

        @Override
        protected void expire() {
            fail(Failure.CONNECT_TIMEOUT, "no connection within " + settings.policy().connectTimeout().toMillis() + " ms");
        }
    }
}
