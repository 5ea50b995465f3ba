package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.function.Consumer;
import mesh.model.ProxyProtocol.Acceptance;
import mesh.proxy.ends.Ends;
import mesh.proxy.ends.ProxyHeader;
import mesh.proxy.loop.TimerWheel;

/**
 * Reads for whom a proxy connects, on listeners whose clients are proxies, before anything else. From then on the connection is that client's. What
 * breaks the form, or takes too long, is closed.
 */
final class ProxyHeaderReader extends FirstBytesHandler {

    private final Acceptance acceptance;
    private final Runnable next;
    private final Consumer<String> onBroken;

    /**
     * @param next     adds what follows to the pipeline
     * @param onBroken told why a client is closed
     */
    ProxyHeaderReader(TimerWheel timers, long patienceNanos, Acceptance acceptance, Runnable next, Consumer<String> onBroken) {
        super(timers, patienceNanos);
        this.acceptance = acceptance;
        this.next = next;
        this.onBroken = onBroken;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (!context.channel().isOpen()) {
            in.release();
            return;
        }
        ByteBuf seen = keep(in);
        if (!seen.isReadable()) return;
        ProxyHeader.Read read = ProxyHeader.read(seen);
        switch (read.outcome()) {
            case INCOMPLETE -> { }
            case BROKEN -> refuse(read.why());
            case NONE -> {
                if (acceptance == Acceptance.REQUIRED) refuse("no PROXY header");
                else proceed();
            }
            case COMPLETE -> {
                if (read.ends() != null) Ends.tell(context.channel(), read.ends());
                seen.skipBytes(read.bytes());
                proceed();
            }
        }
    }

    private void proceed() {
        ByteBuf rest = take();
        next.run();
        if (rest.isReadable()) ctx().fireChannelRead(rest);
        else rest.release();
        ctx().pipeline().remove(this);
    }

    private void refuse(String why) {
        // A peer that only asks whether somebody listens, or has just left, breaks no rule.
        if (hasAny()) onBroken.accept(why);
        ctx().close();
    }

    @Override
    void onLate() {
        refuse("no PROXY header within " + patienceNanos / 1_000_000 + " ms");
    }
}
