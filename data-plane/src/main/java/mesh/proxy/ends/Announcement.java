package mesh.proxy.ends;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import mesh.model.ProxyProtocol.Version;

/**
 * Tells an upstream whose a connection is, as its first bytes. Before TLS in the pipeline, so that nothing of TLS is sent before it. Whoever
 * waits for the connection may write before it is told to be active.
 */
public final class Announcement extends ChannelDuplexHandler {

    private static final int ROOM = 128;

    private final Version version;
    private final Ends ends;

    /** @param ends null for a connection of our own */
    public Announcement(Version version, Ends ends) {
        this.version = version;
        this.ends = ends;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        announce(context);
        context.flush();
        context.fireChannelActive();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        announce(context);
        context.write(message, promise);
    }

    private void announce(ChannelHandlerContext context) {
        ByteBuf header = context.alloc().buffer(ROOM);
        ProxyHeader.write(version, ends, header);
        context.write(header);
        context.pipeline().remove(this);
    }
}
