package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import mesh.proxy.telemetry.ProxyMetrics;

/** Counts a client's connection and its bytes as they are on the wire, TLS included. */
final class ConnectionMeter extends ChannelDuplexHandler {

    private final ProxyMetrics.ListenerMeter meter;
    private final int loop;

    ConnectionMeter(ProxyMetrics.ListenerMeter meter, int loop) {
        this.meter = meter;
        this.loop = loop;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        meter.connectionOpened();
        context.channel().closeFuture().addListener(closed -> meter.connectionClosed());
        context.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        meter.bytesIn(loop, ((ByteBuf) message).readableBytes());
        context.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        meter.bytesOut(loop, ((ByteBuf) message).readableBytes());
        context.write(message, promise);
    }
}
