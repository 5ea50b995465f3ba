package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.function.BiConsumer;
import mesh.proxy.downstream.FirstBytes.Finding;
import mesh.proxy.downstream.FirstBytes.Protocol;
import mesh.proxy.loop.TimerWheel;

/**
 * Waits for what a client's first bytes tell, on listeners that take more than one protocol, and for no longer than that: who says nothing, or too
 * little, may be waiting for the server to speak.
 */
final class ProtocolDetector extends FirstBytesHandler {

    private final BiConsumer<Finding, Boolean> next;

    /** @param next adds what follows to the pipeline; told what was found, and whether that is only so because nothing was in time */
    ProtocolDetector(TimerWheel timers, long patienceNanos, BiConsumer<Finding, Boolean> next) {
        super(timers, patienceNanos);
        this.next = next;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        Finding found = FirstBytes.look(keep((ByteBuf) message));
        if (found.protocol() != Protocol.UNDECIDED) proceed(found, false);
    }

    private void proceed(Finding found, boolean late) {
        if (!ctx().channel().isActive()) return;
        ByteBuf first = take();
        next.accept(found, late);
        if (first != null) {
            ctx().fireChannelRead(first);
            ctx().fireChannelReadComplete();
        }
        ctx().pipeline().remove(this);
    }

    @Override
    void onLate() {
        proceed(new Finding(Protocol.OTHER, ""), true);
    }

    /** It has said all that it will say; whoever is called is told the same. */
    @Override
    void onInputClosed() {
        if (hasAny()) proceed(new Finding(Protocol.OTHER, ""), false);
        else super.onInputClosed();
    }
}
