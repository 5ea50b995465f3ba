package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;

/**
 * What both edges have in common: using what was read, piece by piece and only as far as it is wanted, and flushing what was written,
 * once for many writes.
 */
abstract class Http1Connection extends ChannelInboundHandlerAdapter {

    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(16 * 1024, 32 * 1024);

    private final Runnable scheduledFlush = this::scheduledFlush;
    private final Runnable scheduledProcess = this::process;
    private final Outbox outbox = new Outbox();
    private ChannelHandlerContext ctx;
    private ByteBuf ahead;
    private boolean inputClosed;
    private boolean processing;
    private boolean inReadBatch;
    private boolean unflushed;
    private boolean flushScheduled;

    final ChannelHandlerContext ctx() {
        return ctx;
    }

    /** Uses a piece of {@code in}. False when nothing more can be used for now. */
    abstract boolean step(ByteBuf in);

    /** Whether more is to be read from the network, given that everything read so far has been used. */
    abstract boolean wantsInput();

    /** The peer has closed its half, and all it sent before has been used. May be called again. */
    abstract void onInputClosed();

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        context.channel().config().setWriteBufferWaterMark(WATER_MARK);
        context.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        inputClosed = context.channel() instanceof DuplexChannel duplex && duplex.isInputShutdown();
        if (inputClosed) processLater();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        outbox.drop();
        drop();
    }

    @Override
    public final void channelRead(ChannelHandlerContext context, Object message) {
        inReadBatch = true;
        ByteBuf in = (ByteBuf) message;
        ahead = ahead == null ? in : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(ctx.alloc(), ahead, in);
        process();
    }

    @Override
    public final void channelReadComplete(ChannelHandlerContext context) {
        inReadBatch = false;
        if (unflushed) flushNow();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputClosed = true;
            process();
        }
        context.fireUserEventTriggered(event);
    }

    /** Uses what can be used now. Callbacks may change what is wanted at any point; calls from within one do nothing. */
    final void process() {
        if (processing || ctx.isRemoved()) return;
        processing = true;
        try {
            while (ahead != null && ahead.isReadable() && step(ahead)) { /* until nothing more can be used */ }
            if (ahead != null && !ahead.isReadable()) drop();
        } finally {
            processing = false;
        }
        if (ctx.isRemoved()) return;
        if (inputClosed && ahead == null) onInputClosed();
        boolean read = ahead == null && wantsInput();
        if (ctx.channel().config().isAutoRead() != read) ctx.channel().config().setAutoRead(read);
    }

    /** Sees later to what can be used now that something has ended: whoever ended it may still be looking at it. */
    final void processLater() {
        if (hasReadAhead() || inputClosed || !ctx.channel().config().isAutoRead()) ctx.executor().execute(scheduledProcess);
    }

    /** Whether bytes have come that nothing could use yet. */
    final boolean hasReadAhead() {
        return ahead != null && ahead.isReadable();
    }

    final boolean isInputClosed() {
        return inputClosed;
    }

    /** Writes bytes behind those before. To be followed by {@link #written}. */
    final void write(ByteBuf bytes) {
        outbox.add(ctx, bytes);
    }

    /** As {@link #write}, of a head whose room is for the body behind it. */
    final void writeHead(ByteBuf bytes) {
        outbox.begin(ctx, bytes);
    }

    /**
     * Something was written. It is flushed when the batch of reads that led to it is over, or the loop has seen to its other channels; at
     * once only where the buffer is full, so that the other side is not stopped for nothing.
     */
    final void written() {
        unflushed = true;
        if (!ctx.channel().isWritable()) {
            flushNow();
        } else if (!inReadBatch && !flushScheduled) {
            flushScheduled = true;
            ctx.executor().execute(scheduledFlush);
        }
    }

    final void closeWhenFlushed() {
        emptyOutbox();
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    /** Whether it is our fault: what peers do and networks break comes as an IOException, TLS's inside another. */
    static boolean isBug(Throwable cause) {
        return !(cause instanceof IOException || cause.getCause() instanceof IOException);
    }

    final void flushNow() {
        unflushed = false;
        emptyOutbox();
        ctx.flush();
    }

    /** What was written goes to the channel, before what passes this handler by. */
    final void emptyOutbox() {
        outbox.empty(ctx);
    }

    private void scheduledFlush() {
        flushScheduled = false;
        if (unflushed) flushNow();
    }

    /** Leaves the pipeline for a splice; what was read ahead waits there for the next read. Auto-read is off from now on. */
    final Channel leave() {
        flushNow();
        ByteBuf rest = hasReadAhead() ? ahead : null;
        if (rest != null) ahead = null;
        Channel channel = ctx.channel();
        channel.config().setAutoRead(false);
        if (rest == null) channel.pipeline().remove(this);
        else channel.pipeline().replace(this, null, new ReadAhead(rest));
        return channel;
    }

    private void drop() {
        if (ahead != null) ahead.release();
        ahead = null;
    }
}
