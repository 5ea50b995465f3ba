package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
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
final class HttpDetector extends FirstBytesHandler implements ServerConnection {

    private static final Duration LAST_REQUEST = Duration.ofSeconds(1);

    private final Http1Limits limits;
    private final Observer observer;
    private final Function<HttpVersion, ServerConnection> codec;
    private boolean draining;

    /**
     * @param limits   its first bytes are an idle connection's before they come, and a head's when they do
     * @param observer told of a client that does not complete what it has begun
     * @param codec    makes what the client turns out to need
     */
    HttpDetector(TimerWheel timers, Http1Limits limits, Observer observer, Function<HttpVersion, ServerConnection> codec) {
        super(timers, limits.idle().toNanos());
        this.limits = limits;
        this.observer = observer;
        this.codec = codec;
    }

    /** A first request may be on its way, and is answered. */
    @Override
    public void drain() {
        draining = true;
        allow(LAST_REQUEST.toNanos());
    }

    @Override
    public void dismiss() {
        ctx().close();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (!hasAny()) allow(limits.head().toNanos());
        ByteBuf seen = keep((ByteBuf) message);
        int same = matching(seen);
        if (same == Http2ServerConnection.PREFACE.length) handOver(HttpVersion.HTTP_2);
        else if (same < seen.readableBytes()) handOver(HttpVersion.HTTP_1);
    }

    private static int matching(ByteBuf in) {
        byte[] preface = Http2ServerConnection.PREFACE;
        int i = 0;
        while (i < preface.length && i < in.readableBytes() && in.getByte(in.readerIndex() + i) == preface[i]) i++;
        return i;
    }

    private void handOver(HttpVersion version) {
        ByteBuf first = take();
        ServerConnection connection = codec.apply(version);
        ctx().pipeline().addAfter(ctx().name(), null, connection);
        if (draining) connection.drain();
        ctx().fireChannelRead(first);
        ctx().fireChannelReadComplete();
        ctx().pipeline().remove(this);
    }

    @Override
    void onLate() {
        if (hasAny() && !draining) {
            observer.onStopped(ctx().channel(), StopReason.SLOW_PREFACE, "preface took more than " + limits.head().toMillis() + " ms");
        }
        ctx().close();
    }
}
