package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.function.BiConsumer;
import mesh.proxy.downstream.FirstBytes.Finding;
import mesh.proxy.downstream.FirstBytes.Protocol;
import mesh.proxy.loop.TimerWheel;

/**
 * Waits for what a client's first bytes tell, on listeners that take more than one protocol, and for no longer than that: who says nothing, or too
 * little, may be waiting for the server to speak.
 */
final class ProtocolDetector extends ChannelInboundHandlerAdapter {

    private final TimerWheel timers;
    private final long patienceNanos;
    private final BiConsumer<Finding, Boolean> next;
    private final TimerWheel.Timeout deadline = new TimerWheel.Timeout() {
        @Override
        protected void expire() {
            proceed(new Finding(Protocol.OTHER, ""), true);
        }
    };
    private ChannelHandlerContext ctx;
    private ByteBuf seen;

    /** @param next adds what follows to the pipeline; told what was found, and whether that is only so because nothing was in time */
    ProtocolDetector(TimerWheel timers, long patienceNanos, BiConsumer<Finding, Boolean> next) {
        this.timers = timers;
        this.patienceNanos = patienceNanos;
        this.next = next;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        timers.set(deadline, patienceNanos);
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
        seen = seen == null ? in : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), seen, in);
        Finding found = FirstBytes.look(seen);
        if (found.protocol() != Protocol.UNDECIDED) proceed(found, false);
    }

    private void proceed(Finding found, boolean late) {
        if (!ctx.channel().isActive()) return;
        ByteBuf first = seen;
        seen = null;
        next.accept(found, late);
        if (first != null) {
            ctx.fireChannelRead(first);
            ctx.fireChannelReadComplete();
        }
        ctx.pipeline().remove(this);
    }

    /** It has said all that it will say; whoever is called is told the same. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            if (seen == null) context.close();
            else proceed(new Finding(Protocol.OTHER, ""), false);
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
