package mesh.proxy.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import mesh.model.Address;
import mesh.model.HealthCheckPolicy.Tcp;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.outcome.Failure;
import mesh.proxy.tls.MeshTls;

/** Asks by a connection, and by what comes on it where anything is awaited. Each time a new one. */
final class TcpProbe implements HealthProbe {

    /** What may come before and between what is awaited, together with it. */
    private static final int MOST_BYTES = 16 * 1024;

    private final Connector connector;
    private final ProxyLoop loop;
    private final Address address;
    private final ConnectSettings settings;
    private final byte[] send;
    private final List<byte[]> receive;
    /** Null for none. */
    private Asking current;

    TcpProbe(Connector connector, ProxyLoop loop, Address address, ConnectSettings settings, Tcp check) {
        this.connector = connector;
        this.loop = loop;
        this.address = address;
        this.settings = settings;
        this.send = HexFormat.of().parseHex(check.send());
        this.receive = check.receive().stream().map(HexFormat.of()::parseHex).toList();
    }

    @Override
    public void ask(Outcome outcome) {
        current = new Asking(outcome);
        connector.connect(loop, address, MeshTls.Traffic.TCP, settings, current);
    }

    @Override
    public void close() {
        Asking given = current;
        current = null;
        if (given != null && given.channel != null) given.channel.close();
    }

    private final class Asking extends SimpleChannelInboundHandler<ByteBuf> implements Connector.Result {

        private final Outcome outcome;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private Channel channel;

        Asking(Outcome outcome) {
            this.outcome = outcome;
        }

        @Override
        public void onConnected(Channel connected) {
            channel = connected;
            if (current != this) {
                channel.close();
                return;
            }
            channel.pipeline().addLast(this);
            if (send.length > 0) channel.writeAndFlush(Unpooled.wrappedBuffer(send));
            if (receive.isEmpty()) end(Answer.SUCCESS, "connected");
        }

        @Override
        public void onFailed(Failure failure, String detail) {
            if (current == this) end(Answer.NETWORK_FAILURE, failure.sentence() + " (" + detail + ")");
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
            if (current != this) return;
            while (bytes.isReadable()) received.write(bytes.readByte());
            if (hasAll()) end(Answer.SUCCESS, "answered as expected");
            else if (received.size() > MOST_BYTES) end(Answer.NETWORK_FAILURE, "not what is awaited in " + received.size() + " bytes");
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (current == this) end(Answer.NETWORK_FAILURE, "closed after " + received.size() + " bytes that are not what is awaited");
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (current == this) end(Answer.NETWORK_FAILURE, "broken: " + cause.getMessage());
        }

        private boolean hasAll() {
            byte[] all = received.toByteArray();
            int from = 0;
            for (byte[] each : receive) {
                int at = indexOf(all, each, from);
                if (at < 0) return false;
                from = at + each.length;
            }
            return true;
        }

        private void end(Answer answer, String why) {
            close();
            outcome.onAnswer(answer, why);
        }
    }

    private static int indexOf(byte[] all, byte[] part, int from) {
        for (int i = from; i <= all.length - part.length; i++) {
            if (Arrays.equals(all, i, i + part.length, part, 0, part.length)) return i;
        }
        return -1;
    }
}
