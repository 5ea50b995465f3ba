package mesh.proxy.http1;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.time.Duration;

/** How a client's connection ends, so that the client understands what has happened. */
final class Farewell {

    /** How long a client may take to read our last words. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private final Deadline deadline;
    private ChannelHandlerContext ctx;

    /** @param deadline closes the connection when it expires */
    Farewell(Deadline deadline) {
        this.deadline = deadline;
    }

    void attach(ChannelHandlerContext context) {
        ctx = context;
    }

    /**
     * Closes when everything written is out and the client has had the time to read it, while it may still be sending: a connection that
     * is closed with bytes unread is reset, and what the client has not read by then is lost to it.
     */
    void afterLastWords() {
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(this::spoken);
    }

    private void spoken(Future<?> flushed) {
        if (!flushed.isSuccess()) return;
        deadline.in(LAST_WORDS);
        // Under TLS the client knows by content-length or the last chunk that we are done, and closes.
        boolean tls = ctx.pipeline().get(SslHandler.class) != null;
        if (!tls && ctx.channel() instanceof DuplexChannel plain) plain.shutdownOutput();
    }

    /** Closes without FIN or close_notify: to an answer that ends with the connection they would say that it is complete. */
    void abruptly() {
        ctx.channel().config().setOption(ChannelOption.SO_LINGER, 0);
        // From here the close passes no TLS handler on its way out.
        ctx.pipeline().firstContext().close();
    }
}
