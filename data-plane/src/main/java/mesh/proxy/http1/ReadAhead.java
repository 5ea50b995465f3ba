package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;

/** Stands where a codec stood, with the bytes that the codec had read ahead; hands them on at the next read, and leaves. */
final class ReadAhead extends ChannelDuplexHandler {

    private ByteBuf bytes;

    /** @param bytes are owned from now on */
    ReadAhead(ByteBuf bytes) {
        this.bytes = bytes;
    }

    @Override
    public void read(ChannelHandlerContext ctx) {
        ByteBuf first = bytes;
        bytes = null;
        if (first != null) {
            ctx.fireChannelRead(first);
            ctx.fireChannelReadComplete();
        }
        ctx.read();
        if (!ctx.isRemoved()) ctx.pipeline().remove(this);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (bytes != null) bytes.release();
    }
}
