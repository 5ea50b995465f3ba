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
import java.util.List;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.loop.TimerWheel;
import org.jboss.logging.Logger;

/**
 * Two connections joined: what comes in on one goes out on the other, a read only when the write before it has been taken. One that ends
 * its half lets the other direction go on; one that breaks breaks the other. On the one loop of both.
 */
public final class Splice extends TimerWheel.Timeout {

    private static final Logger LOG = Logger.getLogger(Splice.class);

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
     * @param early     what has been read from the client already; owned from now on
     * @param idleNanos silence in both directions after which both are closed, up to twice as long at worst
     * @param ended     told once, when both are closed
     */
    public static void join(Channel client, List<ByteBuf> early, Channel upstream, ProxyLoop loop, long idleNanos, Runnable ended) {
        Splice splice = new Splice(client, upstream, loop, idleNanos, ended);
        splice.loop.timers().set(splice, idleNanos);
        for (Half half : new Half[] {splice.fromClient, splice.fromUpstream}) {
            half.from.config().setAutoRead(false);
            half.from.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            half.from.pipeline().addLast(half);
            half.from.closeFuture().addListener(closed -> splice.onClosed());
        }
        early.forEach(upstream::write);
        if (!early.isEmpty()) upstream.flush();
        splice.fromClient.begin();
        splice.fromUpstream.begin();
    }

    /** Breaks both, if the channel is one of two that are joined. On its loop. @return whether it is */
    public static boolean tryBreak(Channel channel, String why) {
        Half half = channel.pipeline().get(Half.class);
        if (half == null) return false;
        half.breakBoth(why);
        return true;
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
            else if (hasInputEnded()) onInputEnd();
            else from.read();
        }

        /** Before anybody was here to be told. */
        private boolean hasInputEnded() {
            SslHandler tls = from.pipeline().get(SslHandler.class);
            if (tls != null) return tls.sslCloseFuture().isSuccess();
            return from instanceof DuplexChannel duplex && duplex.isInputShutdown();
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
                // SslHandler may have put off handing over what came before it, by a task: this one comes after.
                if (end.isSuccess()) context.executor().execute(this::onInputEnd);
            } else if (event instanceof ChannelInputShutdownEvent) {
                // RFC 8446 section 6.1: under TLS a bare FIN is a cut, not an end.
                SslHandler tls = from.pipeline().get(SslHandler.class);
                if (tls == null) onInputEnd();
                else if (!tls.sslCloseFuture().isSuccess()) breakBoth("end of input without close_notify");
            }
        }

        private void onInputEnd() {
            if (inputEnded) return;
            inputEnded = true;
            // After what is still to be written: shutting down drops it.
            to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> endOutput());
        }

        private void endOutput() {
            ChannelHandlerContext tls = to.pipeline().context(SslHandler.class);
            if (tls != null) {
                ((SslHandler) tls.handler()).closeOutbound();
                // Behind the close_notify on its way to the socket.
                tls.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(done -> onOutputEnd());
            } else if (to instanceof DuplexChannel duplex && to.isActive()) {
                duplex.shutdownOutput().addListener(done -> onOutputEnd());
            } else {
                onOutputEnd();
            }
        }

        private void onOutputEnd() {
            outputEnded = true;
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
            // Nothing was lost when nothing was due any more, in either direction.
            if (inputEnded && other(this).outputEnded) from.close();
            else breakBoth(cause.toString());
        }

        /** Closes both so that both peers see it: with a RST, and past TLS, which would say that this was all. */
        private void breakBoth(String why) {
            LOG.debugf("%s: %s", from, why);
            for (Channel each : new Channel[] {from, to}) {
                if (each.isOpen()) each.config().setOption(ChannelOption.SO_LINGER, 0);
                ChannelHandlerContext tls = each.pipeline().context(SslHandler.class);
                if (tls == null) each.close();
                else tls.close();
            }
        }
    }
}
