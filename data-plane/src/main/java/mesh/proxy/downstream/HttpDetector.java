package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.time.Duration;
import java.util.function.Function;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.http1.Http1Limits;
import mesh.proxy.http2.Http2ServerConnection;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.StopReason;

/**
 * Waits for the first bytes of a plaintext client: HTTP/2 with prior knowledge begins with a preface that no HTTP/1.1 request does (RFC 9113
 * section 3.4). Everything else is for HTTP/1.1 to judge. Then it makes way for the codec.
 */
final class HttpDetector extends ChannelInboundHandlerAdapter implements ServerConnection {

    private static final Duration LAST_REQUEST = Duration.ofSeconds(1);

    private final TimerWheel timers;
    private final Http1Limits limits;
    private final Observer observer;
    private final Function<HttpVersion, ServerConnection> codec;
    private final TimerWheel.Timeout deadline = new TimerWheel.Timeout() {
        @Override
        protected void expire() {
            if (seen != null && !draining) {
                observer.onStopped(ctx.channel(), StopReason.SLOW_PREFACE, "preface took more than " + limits.head().toMillis() + " ms");
            }
            ctx.close();
        }
    };
    private ChannelHandlerContext ctx;
    private ByteBuf seen;
    private boolean draining;

    /**
     * @param limits   its first bytes are an idle connection's before they come, and a head's when they do
     * @param observer told of a client that does not complete what it has begun
     * @param codec    makes what the client turns out to need
     */
    HttpDetector(TimerWheel timers, Http1Limits limits, Observer observer, Function<HttpVersion, ServerConnection> codec) {
        this.timers = timers;
        this.limits = limits;
        this.observer = observer;
        this.codec = codec;
    }

    /** A first request may be on its way, and is answered. */
    @Override
    public void drain() {
        draining = true;
        timers.set(deadline, LAST_REQUEST.toNanos());
    }

    @Override
    public void dismiss() {
        ctx.close();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        timers.set(deadline, limits.idle().toNanos());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        timers.cancel(deadline);
        if (seen != null) seen.release();
        seen = null;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (seen == null) {
            seen = in;
            timers.set(deadline, limits.head().toNanos());
        } else {
            seen = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), seen, in);
        }
        int same = matching(seen);
        if (same == Http2ServerConnection.PREFACE.length) handOver(HttpVersion.HTTP_2);
        else if (same < seen.readableBytes()) handOver(HttpVersion.HTTP_1);
    }

    /** It has left, as whoever only asks whether somebody listens does, or will never complete what it has begun. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) context.close();
        context.fireUserEventTriggered(event);
    }

    private static int matching(ByteBuf in) {
        byte[] preface = Http2ServerConnection.PREFACE;
        int i = 0;
        while (i < preface.length && i < in.readableBytes() && in.getByte(in.readerIndex() + i) == preface[i]) i++;
        return i;
    }

    private void handOver(HttpVersion version) {
        ByteBuf first = seen;
        seen = null;
        ServerConnection connection = codec.apply(version);
        ctx.pipeline().addAfter(ctx.name(), null, connection);
        if (draining) connection.drain();
        ctx.fireChannelRead(first);
        ctx.fireChannelReadComplete();
        ctx.pipeline().remove(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
