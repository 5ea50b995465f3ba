package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;

/**
 * The channel's side of an HTTP/2 connection: finds the frames in what is read, wherever the reads divide them, and flushes what was written
 * once for many writes.
 */
abstract class FramedChannel extends ChannelInboundHandlerAdapter implements FrameReader.Sink {

    private static final WriteBufferWaterMark WATER_MARK = new WriteBufferWaterMark(32 * 1024, 64 * 1024);
    /** What our answers to a peer that does not read may come to. */
    private static final long MAX_UNREAD = 1024 * 1024;

    private final FrameReader reader;
    private final FrameWriter writer = new FrameWriter();
    private final Runnable scheduledFlush = this::scheduledFlush;
    private ChannelHandlerContext ctx;
    private ByteBuf ahead;
    private int held;
    private boolean inReadBatch;
    private boolean flushScheduled;

    FramedChannel(Http2Limits limits) {
        this.reader = new FrameReader(this, limits);
    }

    /** Something has been read. @return whether what follows in {@code in} are frames, or the beginning of one */
    abstract boolean heard(ByteBuf in);

    /**
     * A read has been used up.
     *
     * @param inBlock it ended within a header block
     * @param inFrame it ended within a frame that is needed as a whole
     * @param anew    that frame had not begun before
     */
    abstract void used(boolean inBlock, boolean inFrame, boolean anew);

    /** Header blocks take so many bytes of heap more, or fewer. */
    abstract void hold(int more);

    /** The peer does not read what it makes us say. The connection is closed. */
    abstract void unread(long bytes);

    /** What waits may be written now, as long as {@link #mayWrite}: a flush follows. @return whether there is more than may be written */
    abstract boolean beforeFlush();

    /** The batch is over. */
    abstract void afterFlush();

    /** Our own fault. */
    abstract void bug(Throwable cause);

    final ChannelHandlerContext ctx() {
        return ctx;
    }

    final FrameWriter writer() {
        return writer;
    }

    final boolean isWritable() {
        return ctx.channel().isWritable();
    }

    /** As {@link #isWritable}, and no more at once than it would take: TLS swallows everything until it is flushed. */
    final boolean mayWrite() {
        return isWritable() && writer.unflushed() < WATER_MARK.high();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        writer.attach(context);
        context.channel().config().setWriteBufferWaterMark(WATER_MARK);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        writer.drop();
        drop();
        holdBlock(0);
    }

    // In.

    @Override
    public final void channelRead(ChannelHandlerContext context, Object message) {
        inReadBatch = true;
        ByteBuf in = (ByteBuf) message;
        try {
            if (heard(in)) read(in);
        } finally {
            in.release();
        }
    }

    /** Completes the frame that was begun by the read before, then reads on where the bytes lie. */
    private void read(ByteBuf in) {
        boolean anew = ahead == null;
        while (ahead != null && in.isReadable() && !isOver()) {
            int bytes = Math.min(reader.missing(ahead), in.readableBytes());
            ahead.writeBytes(in, bytes);
            reader.read(ahead);
            if (ahead.isReadable()) continue;
            drop();
            anew = true;
        }
        reader.read(in);
        if (!isOver() && in.isReadable()) ahead = ctx.alloc().buffer(Frames.HEADER_BYTES + reader.missing(in)).writeBytes(in);
        reader.shrink();
        holdBlock(reader.moreBytes());
        used(reader.isInBlock(), ahead != null, anew);
    }

    private void holdBlock(int bytes) {
        if (bytes == held) return;
        hold(bytes - held);
        held = bytes;
    }

    @Override
    public final void channelReadComplete(ChannelHandlerContext context) {
        inReadBatch = false;
        flushNow();
    }

    /** A peer that has closed its half can grant no window and answer no PING: HTTP/2 has no use for the other half, and most have just left. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) context.close();
        context.fireUserEventTriggered(event);
    }

    private void drop() {
        if (ahead != null) ahead.release();
        ahead = null;
    }

    // Out.

    /** Something waits to be sent: flushed when the batch of reads is over, or the loop has seen to its other channels. */
    final void written() {
        if (inReadBatch || flushScheduled) return;
        flushScheduled = true;
        ctx.executor().execute(scheduledFlush);
    }

    private void scheduledFlush() {
        flushScheduled = false;
        flushNow();
    }

    private void flushNow() {
        if (ctx.isRemoved()) return;
        boolean more;
        do {
            more = beforeFlush();
            writer.handOver();
            writer.flushed();
            ctx.flush();
        } while (more && isWritable());
        afterFlush();
        ChannelOutboundBuffer unsent = ctx.channel().unsafe().outboundBuffer();
        if (isOver() || unsent == null || unsent.totalPendingWriteBytes() <= MAX_UNREAD) return;
        unread(unsent.totalPendingWriteBytes());
        ctx.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof IOException || cause.getCause() instanceof IOException)) bug(cause);
        context.close();
    }
}
