package mesh.proxy.tls;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.CharsetUtil;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import mesh.model.Address;
import mesh.model.DownstreamTls;
import mesh.model.SpiffeId;

/** A server that echoes over TLS and as many clients as are asked for, on real sockets. */
final class TlsPair implements AutoCloseable {

    /** What stands here has no protocol that could say goodbye. */
    static final MeshTls.Dismissals CLOSING = (channel, reason, detail) -> channel.close();

    private static final long PATIENCE_SECONDS = 20;

    private final NioEventLoopGroup loops = new NioEventLoopGroup(2);
    private final Channel listener;
    final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();

    TlsPair(MeshTls server, Set<SpiffeId> allow) {
        this(channel -> server.server(channel, MeshTls.Traffic.HTTP2, new DownstreamTls(allow)));
    }

    TlsPair(Function<Channel, SslHandler> tls) {
        listener = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class).childHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(tls.apply(channel), new Echo());
                accepted.add(channel);
            }
        }).bind(new InetSocketAddress("127.0.0.1", 0)).syncUninterruptibly().channel();
    }

    Address address() {
        return new Address("127.0.0.1", ((InetSocketAddress) listener.localAddress()).getPort());
    }

    Client connect(MeshTls tls, Set<SpiffeId> expect) {
        return connect(channel -> tls.client(channel, MeshTls.Traffic.HTTP2, expect, address()));
    }

    Client connect(Function<Channel, SslHandler> tls) {
        Client client = new Client();
        client.channel = new Bootstrap().group(loops).channel(NioSocketChannel.class).handler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                client.tls = tls.apply(channel);
                channel.pipeline().addLast(client.tls, client.reader);
            }
        }).connect(new InetSocketAddress("127.0.0.1", address().port())).syncUninterruptibly().channel();
        return client;
    }

    /** The next connection that was accepted, when its handshake is over. */
    Channel nextAccepted() throws InterruptedException {
        Channel channel = accepted.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        if (handler != null) {
            handler.handshakeFuture().await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        return channel;
    }

    @Override
    public void close() {
        loops.shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** One connection, seen from the client. */
    static final class Client {
        private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
        /** What the connection ended with, such as the server's alert. */
        volatile Throwable ending;
        Channel channel;
        SslHandler tls;
        private final ChannelHandler reader = new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                received.add(((ByteBuf) message).toString(CharsetUtil.US_ASCII));
                ReferenceCountUtil.release(message);
            }

            @Override
            public void channelInactive(ChannelHandlerContext context) {
                received.add("closed");
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                ending = cause;
                context.close();
            }
        };

        /** Why the handshake failed; null when it did not. */
        Throwable handshake() throws InterruptedException {
            if (!tls.handshakeFuture().await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("the handshake never ended");
            }
            return tls.handshakeFuture().cause();
        }

        /** What comes back; "closed" when the connection ends instead. */
        String echo(String text) throws InterruptedException {
            channel.writeAndFlush(Unpooled.copiedBuffer(text, CharsetUtil.US_ASCII));
            return received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        /** What comes without being asked for. */
        String next() throws InterruptedException {
            return received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }

        void close() {
            channel.close().syncUninterruptibly();
        }
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
