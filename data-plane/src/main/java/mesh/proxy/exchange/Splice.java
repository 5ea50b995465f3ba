package mesh.proxy.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.loop.TimerWheel;

/**
 * Two connections joined: what comes in on one goes out on the other, a read only when the write before it has been taken. One that ends
 * its half lets the other direction go on; one that breaks breaks the other. On the one loop of both.
 */
public final class Splice extends TimerWheel.Timeout {

    private final ProxyLoop loop;
    private final long idleNanos;
    private final Runnable ended;
    private final Half fromClient;
    private final Half fromUpstream;
    private boolean active;
    private int open = 2;

    private Splice(Channel client, Channel upstream, ProxyLoop loop, long idleNanos, Runnable ended) {
        this.loop = loop;
        this.idleNanos = idleNanos;
        this.ended = ended;
        this.fromClient = new Half(client, upstream);
        this.fromUpstream = new Half(upstream, client);
    }

    /**
     * Joins two channels that nothing reads from any more, and begins to read.
     *
     * @param idleNanos silence in both directions after which both are closed, up to twice as long at worst
     * @param ended     told once, when both are closed
     */
    public static void join(Channel client, Channel upstream, ProxyLoop loop, long idleNanos, Runnable ended) {
        Splice splice = new Splice(client, upstream, loop, idleNanos, ended);
        splice.loop.timers().set(splice, idleNanos);
        for (Half half : new Half[] {splice.fromClient, splice.fromUpstream}) {
            half.from.config().setAutoRead(false);
            half.from.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            half.from.pipeline().addLast(half);
            half.from.closeFuture().addListener(closed -> splice.onClosed());
        }
        splice.fromClient.begin();
        splice.fromUpstream.begin();
    }

    @Override
    protected void expire() {
        if (active) {
            active = false;
            loop.timers().set(this, idleNanos);
        } else {
            fromClient.from.close();
            fromUpstream.from.close();
        }
    }

    private void onClosed() {
        if (--open > 0) return;
        loop.timers().cancel(this);
        ended.run();
    }

    private Half other(Half half) {
        return half == fromClient ? fromUpstream : fromClient;
    }

    /** One direction. Stands in the pipeline of the channel it reads from. */
    private final class Half extends ChannelInboundHandlerAdapter {

        private final Channel from;
        private final Channel to;
        private boolean inputEnded;
        private boolean outputEnded;

        Half(Channel from, Channel to) {
            this.from = from;
            this.to = to;
        }

        void begin() {
            if (!from.isActive()) to.close();
            else if (from instanceof DuplexChannel duplex && duplex.isInputShutdown()) onInputEnd();
            else from.read();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            active = true;
            if (inputEnded) ((ByteBuf) message).release();
            else to.write(message, to.voidPromise());
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            to.flush();
            if (!inputEnded && to.isWritable()) from.read();
        }

        /** {@code from} takes more again: what it takes comes from the other half. */
        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) {
            Half other = other(this);
            if (from.isWritable() && !other.inputEnded) other.from.read();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslCloseCompletionEvent end) {
                if (end.isSuccess()) onInputEnd();
            } else if (event instanceof ChannelInputShutdownEvent) {
                // RFC 8446 section 6.1: under TLS a bare FIN is a cut, not an end.
                if (!inputEnded && from.pipeline().get(SslHandler.class) != null) breakBoth();
                else onInputEnd();
            }
        }

        private void onInputEnd() {
            if (inputEnded) return;
            inputEnded = true;
            // After what is still to be written: shutting down drops it.
            to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> endOutput());
        }

        private void endOutput() {
            outputEnded = true;
            SslHandler tls = to.pipeline().get(SslHandler.class);
            if (tls != null) tls.closeOutbound();
            else if (to instanceof DuplexChannel duplex && to.isActive()) duplex.shutdownOutput();
            if (other(this).outputEnded) {
                from.close();
                to.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (!inputEnded) to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            breakBoth();
        }

        /** Closes both so that both peers see it: with a RST. */
        private void breakBoth() {
            for (Channel each : new Channel[] {from, to}) {
                if (each.isOpen()) each.config().setOption(ChannelOption.SO_LINGER, 0);
                each.close();
            }
        }
    }
}
