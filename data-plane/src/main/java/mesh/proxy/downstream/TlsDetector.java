package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.util.function.Consumer;
import mesh.proxy.loop.TimerWheel;

/**
 * Tells TLS from plaintext by a connection's first byte, on listeners that permit both: a handshake is a record of type 22 (RFC 8446 section 5.1),
 * and no request of HTTP begins so. A client that waits for its server to speak first cannot be told, and is closed in time.
 */
final class TlsDetector extends FirstBytesHandler {

    private static final byte HANDSHAKE = 22;

    private final Consumer<Boolean> next;

    /** @param next adds the handlers for TLS, when true, or for plaintext */
    TlsDetector(TimerWheel timers, long patienceNanos, Consumer<Boolean> next) {
        super(timers, patienceNanos);
        this.next = next;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf first = (ByteBuf) message;
        if (!first.isReadable()) {
            first.release();
            return;
        }
        next.accept(first.getByte(first.readerIndex()) == HANDSHAKE);
        context.fireChannelRead(first);
        context.pipeline().remove(this);
    }

    @Override
    void onLate() {
        ctx().close();
    }
}
