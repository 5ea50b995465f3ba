package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import mesh.proxy.loop.TimerWheel;

/**
 * Waits for a connection's first bytes, for so long and no longer, keeps them until they tell enough, and then makes way for what follows. On its
 * loop only.
 */
abstract class FirstBytesHandler extends ChannelInboundHandlerAdapter {

    final long patienceNanos;
    private final TimerWheel timers;
    private final TimerWheel.Timeout deadline = new TimerWheel.Timeout() {
        @Override
        protected void expire() {
            onLate();
        }
    };
    private ChannelHandlerContext ctx;
    private ByteBuf seen;

    FirstBytesHandler(TimerWheel timers, long patienceNanos) {
        this.timers = timers;
        this.patienceNanos = patienceNanos;
    }

    /** They have not come in time, or not enough of them. */
    abstract void onLate();

    /** The client has left, as whoever only asks whether somebody listens does, or will never complete what it has begun. */
    void onInputClosed() {
        ctx.close();
    }

    final ChannelHandlerContext ctx() {
        return ctx;
    }

    /** From now on there is so long. */
    final void allow(long nanos) {
        timers.set(deadline, nanos);
    }

    final boolean hasAny() {
        return seen != null;
    }

    /** Takes what has come. @return that and all that came before, still kept here */
    final ByteBuf keep(ByteBuf in) {
        seen = seen == null ? in : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), seen, in);
        return seen;
    }

    /** All that has come, which is the caller's now; null where nothing has. */
    final ByteBuf take() {
        ByteBuf taken = seen;
        seen = null;
        return taken;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        allow(patienceNanos);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        timers.cancel(deadline);
        ByteBuf unused = take();
        if (unused != null) unused.release();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) onInputClosed();
        context.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }
}
