package mesh.e2e;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import mesh.model.Address;
import mesh.pki.Svid;

/**
 * Opens one connection after the other and asks once on each, with as little time spent on this side as can be: one event loop, and the
 * native TLS engine, which resumes no session. Takes whatever the server shows.
 */
final class WarmClient implements AutoCloseable {

    /**
     * One connection.
     *
     * @param handshakeNanos from the connection to the handshake's end as the client sees it; 0 without TLS
     * @param totalNanos     from the beginning to the first byte of the answer, with which the server has verified the client too
     */
    record Times(long handshakeNanos, long totalNanos) {}

    private static final byte[] REQUEST = "GET / HTTP/1.1\r\nhost: payments\r\nconnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final EventLoopGroup loop = new NioEventLoopGroup(1);
    private final SslContext tls;

    /** @param svid what it shows; null for plaintext */
    WarmClient(Svid svid) throws SSLException {
        tls = svid == null ? null : SslContextBuilder.forClient().sslProvider(SslProvider.OPENSSL).protocols("TLSv1.3")
            .trustManager(InsecureTrustManagerFactory.INSTANCE).keyManager(svid.key(), svid.chain().toArray(X509Certificate[]::new))
            .applicationProtocolConfig(new ApplicationProtocolConfig(Protocol.ALPN, SelectorFailureBehavior.NO_ADVERTISE,
                SelectedListenerFailureBehavior.ACCEPT, "http/1.1"))
            .build();
    }

    Times ask(Address target) throws Exception {
        CompletableFuture<Times> times = new CompletableFuture<>();
        long begun = System.nanoTime();
        new Bootstrap().group(loop).channel(NioSocketChannel.class).option(ChannelOption.TCP_NODELAY, true)
            .handler(new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel channel) {
                    if (tls != null) channel.pipeline().addLast(tls.newHandler(channel.alloc()));
                    channel.pipeline().addLast(new Asker(begun, times));
                }
            }).connect(target.host(), target.port()).addListener(connected -> {
                if (!connected.isSuccess()) times.completeExceptionally(connected.cause());
            });
        return times.get(30, TimeUnit.SECONDS);
    }

    private final class Asker extends ChannelInboundHandlerAdapter {

        private final long begun;
        private final CompletableFuture<Times> times;
        private long connected;
        private long handshake;

        Asker(long begun, CompletableFuture<Times> times) {
            this.begun = begun;
            this.times = times;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            connected = System.nanoTime();
            if (tls == null) context.writeAndFlush(Unpooled.wrappedBuffer(REQUEST));
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent done && done.isSuccess()) {
                handshake = System.nanoTime() - connected;
                context.writeAndFlush(Unpooled.wrappedBuffer(REQUEST));
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object data) {
            Times now = new Times(handshake, System.nanoTime() - begun);
            if (((ByteBuf) data).toString(StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200")) times.complete(now);
            ReferenceCountUtil.release(data);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            times.completeExceptionally(new AssertionError("closed without an answer"));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            times.completeExceptionally(cause);
            context.close();
        }
    }

    @Override
    public void close() throws InterruptedException {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
    }
}
