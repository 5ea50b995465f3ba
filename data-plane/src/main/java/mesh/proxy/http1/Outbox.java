package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;

/**
 * What a connection writes, on its way to the channel. A head waits for what is behind it, and a small body goes out in the head's own
 * buffer: copying it costs less than a second buffer in the channel and a gathered write in the kernel. On the connection's loop only.
 */
final class Outbox {

    /** A body of so many bytes is small. */
    static final int SMALL_BODY = 1024;

    private ByteBuf head;

    /** Takes a head; its writable bytes are room for the body. */
    void begin(ChannelHandlerContext ctx, ByteBuf bytes) {
        empty(ctx);
        head = bytes;
    }

    /** Takes what comes behind. */
    void add(ChannelHandlerContext ctx, ByteBuf bytes) {
        if (head != null && bytes.readableBytes() <= head.writableBytes()) {
            head.writeBytes(bytes);
            bytes.release();
            return;
        }
        empty(ctx);
        ctx.write(bytes, ctx.voidPromise());
    }

    /** Nothing waits any more; it is not flushed. */
    void empty(ChannelHandlerContext ctx) {
        if (head == null) return;
        ByteBuf bytes = head;
        head = null;
        ctx.write(bytes, ctx.voidPromise());
    }

    /** The connection is over. */
    void drop() {
        if (head != null) head.release();
        head = null;
    }
}
