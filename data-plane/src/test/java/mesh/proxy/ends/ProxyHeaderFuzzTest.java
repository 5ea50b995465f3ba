package mesh.proxy.ends;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import mesh.fuzz.ShortRun;
import mesh.model.ProxyProtocol.Version;
import mesh.proxy.ends.ProxyHeader.Outcome;
import mesh.proxy.ends.ProxyHeader.Read;
import org.junit.jupiter.api.Test;

/** A header is what another implementation, Netty's, reads in it; it is one only as a whole; and it is the same again when it is sent on. */
class ProxyHeaderFuzzTest {

    @Test
    void readsWhatAnotherReads() {
        ShortRun.of(ProxyHeaderFuzzTest.class, 40_000, ProxyHeaderFuzzTest::fuzzerTestOneInput);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        Read read = ProxyHeader.read(Unpooled.wrappedBuffer(input));
        assertThat(read.bytes()).isBetween(0, input.length);
        if (read.outcome() != Outcome.COMPLETE) return;
        for (int i = 0; i < read.bytes(); i++) {
            assertThat(ProxyHeader.read(Unpooled.wrappedBuffer(input, 0, i)).outcome()).as("%d bytes of it", i).isEqualTo(Outcome.INCOMPLETE);
        }
        if (read.ends() == null) return;
        assertThat(text(read.ends())).isEqualTo(byAnother(Arrays.copyOf(input, read.bytes())));
        for (Version version : Version.values()) {
            ByteBuf again = Unpooled.buffer();
            ProxyHeader.write(version, read.ends(), again);
            assertThat(ProxyHeader.read(again)).isEqualTo(new Read(Outcome.COMPLETE, again.readableBytes(), read.ends(), null));
        }
    }

    private static String text(Ends ends) {
        return ByteBufUtil.hexDump(ends.source().getAddress().getAddress()) + ":" + ends.source().getPort()
            + " " + ByteBufUtil.hexDump(ends.destination().getAddress().getAddress()) + ":" + ends.destination().getPort();
    }

    /** Its judgement of what follows the addresses, which we pass over, is not asked for. */
    private static String byAnother(byte[] header) {
        EmbeddedChannel channel = new EmbeddedChannel(new HAProxyMessageDecoder());
        HAProxyMessage message = null;
        try {
            channel.writeInbound(Unpooled.wrappedBuffer(withoutExtras(header)));
            message = channel.readInbound();
            assertThat(message).as("read by another").isNotNull();
            assertThat(message.command()).isEqualTo(HAProxyCommand.PROXY);
            assertThat(message.proxiedProtocol()).isIn(HAProxyProxiedProtocol.TCP4, HAProxyProxiedProtocol.TCP6);
            return hex(message.sourceAddress()) + ":" + message.sourcePort() + " " + hex(message.destinationAddress()) + ":" + message.destinationPort();
        } catch (DecoderException e) {
            throw new AssertionError("refused by another", e);
        } finally {
            if (message != null) message.release();
            channel.finishAndReleaseAll();
        }
    }

    private static byte[] withoutExtras(byte[] header) {
        if (header[0] != '\r') return header;
        int length = header[13] == 0x11 ? 12 : 36;
        byte[] bare = Arrays.copyOf(header, 16 + length);
        bare[14] = 0;
        bare[15] = (byte) length;
        return bare;
    }

    private static String hex(String address) {
        try {
            // Of an IPv4 address in IPv6's form, the former.
            return ByteBufUtil.hexDump(InetAddress.getByAddress(NetUtil.createByteArrayFromIpAddressString(address)).getAddress());
        } catch (UnknownHostException e) {
            throw new AssertionError(address, e);
        }
    }
}
