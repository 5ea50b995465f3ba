package mesh.proxy.ends;

import io.netty.buffer.ByteBuf;
import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import mesh.model.ProxyProtocol.Version;

/**
 * The header of the PROXY protocol ({@code proxy-protocol.txt}, versions 1 and 2), read and written. What version 2 says beside the addresses
 * is passed over.
 */
public final class ProxyHeader {

    /** The longest line of version 1, its end included (section 2.1). */
    static final int MOST_V1 = 107;
    /** The longest of version 2. It could be 64 KiB; what is sent is some hundred bytes, more with a certificate's names. */
    static final int MOST_V2 = 4096;

    private static final byte[] LINE = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SIGNATURE = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};
    private static final int FIXED = 16;
    private static final int LOCAL = 0x20, PROXY = 0x21;
    private static final int UNSPEC = 0x00, TCP4 = 0x11, TCP6 = 0x21, UNIX_STREAM = 0x31;

    private ProxyHeader() {}

    /** What the first bytes of a connection are. */
    public enum Outcome {
        /** No header, whatever follows. */
        NONE,
        /** A header so far. */
        INCOMPLETE,
        COMPLETE,
        BROKEN
    }

    /**
     * What was read.
     *
     * @param bytes the header's, where it is complete
     * @param ends  null where it says none: a proxy's own connection, or one that is not of TCP over IP
     * @param why   the rule that was broken
     */
    public record Read(Outcome outcome, int bytes, Ends ends, String why) {

        private static final Read NO = new Read(Outcome.NONE, 0, null, null);
        private static final Read MORE = new Read(Outcome.INCOMPLETE, 0, null, null);

        private static Read broken(String why) {
            return new Read(Outcome.BROKEN, 0, null, why);
        }

        private static Read complete(int bytes, Ends ends) {
            return new Read(Outcome.COMPLETE, bytes, ends, null);
        }
    }

    /** @param in all that has come so far; its indices stay */
    public static Read read(ByteBuf in) {
        if (begins(in, SIGNATURE)) return in.readableBytes() < FIXED ? Read.MORE : readV2(in, in.readerIndex());
        return begins(in, LINE) ? readV1(in) : Read.NO;
    }

    /** Whether the bytes are as those, as far as both go. */
    private static boolean begins(ByteBuf in, byte[] with) {
        int n = Math.min(in.readableBytes(), with.length);
        for (int i = 0; i < n; i++) if (in.getByte(in.readerIndex() + i) != with[i]) return false;
        return true;
    }

    private static Read readV1(ByteBuf in) {
        int length = Math.min(in.readableBytes(), MOST_V1);
        int feed = in.indexOf(in.readerIndex(), in.readerIndex() + length, (byte) '\n');
        if (feed < 0) return length == MOST_V1 ? Read.broken("a line of more than " + MOST_V1 + " bytes") : Read.MORE;
        int bytes = feed + 1 - in.readerIndex();
        String line = in.toString(in.readerIndex(), bytes, StandardCharsets.ISO_8859_1);
        if (!line.endsWith("\r\n")) return Read.broken("a line that ends without CR");
        String[] words = line.substring(0, bytes - 2).split(" ", -1);
        if (words[1].equals("UNKNOWN")) return Read.complete(bytes, null);
        boolean ipv4 = words[1].equals("TCP4");
        if (!ipv4 && !words[1].equals("TCP6") || words.length != 6) return Read.broken("a line that is not PROXY, TCP4 or TCP6, two addresses and two ports");
        InetSocketAddress source = socketAddress(words[2], words[4], ipv4);
        InetSocketAddress destination = socketAddress(words[3], words[5], ipv4);
        return source == null || destination == null ? Read.broken("an address or a port that is none") : Read.complete(bytes, new Ends(source, destination));
    }

    private static InetSocketAddress socketAddress(String host, String port, boolean ipv4) {
        if (!port.matches("0|[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65535) return null;
        if (!(ipv4 ? NetUtil.isValidIpV4Address(host) : host.matches("[0-9a-fA-F:.]+") && NetUtil.isValidIpV6Address(host))) return null;
        return new InetSocketAddress(Ends.address(NetUtil.createByteArrayFromIpAddressString(host)), Integer.parseInt(port));
    }

    private static Read readV2(ByteBuf in, int at) {
        int command = in.getUnsignedByte(at + 12);
        int family = in.getUnsignedByte(at + 13);
        int length = in.getUnsignedShort(at + 14);
        if (command != LOCAL && command != PROXY) return Read.broken("version and command 0x" + Integer.toHexString(command) + " (expected: 0x20 or 0x21)");
        if (FIXED + length > MOST_V2) return Read.broken("a header of " + (FIXED + length) + " bytes (expected: at most " + MOST_V2 + ")");
        if (command == PROXY && length < shortest(family)) return Read.broken("family 0x" + Integer.toHexString(family) + " with " + length + " bytes");
        if (in.readableBytes() < FIXED + length) return Read.MORE;
        if (command == LOCAL || family != TCP4 && family != TCP6) return Read.complete(FIXED + length, null);
        int host = family == TCP4 ? 4 : 16;
        int from = at + FIXED;
        return Read.complete(FIXED + length, new Ends(
            new InetSocketAddress(address(in, from, host), in.getUnsignedShort(from + 2 * host)),
            new InetSocketAddress(address(in, from + host, host), in.getUnsignedShort(from + 2 * host + 2))));
    }

    /** Of what follows; what is not a stream, or unknown, is more than any header. */
    private static int shortest(int family) {
        return switch (family) {
            case UNSPEC -> 0;
            case TCP4 -> 12;
            case TCP6 -> 36;
            case UNIX_STREAM -> 216;
            default -> Integer.MAX_VALUE;
        };
    }

    private static InetAddress address(ByteBuf in, int at, int length) {
        byte[] host = new byte[length];
        in.getBytes(at, host);
        return Ends.address(host);
    }

    /** @param ends null for a connection of this proxy's own, such as a health check */
    public static void write(Version version, Ends ends, ByteBuf out) {
        // Two families have no common form but that of IPv6.
        boolean ipv4 = ends != null && ends.source().getAddress() instanceof Inet4Address && ends.destination().getAddress() instanceof Inet4Address;
        if (version == Version.V1) writeV1(ends, ipv4, out);
        else writeV2(ends, ipv4, out);
    }

    private static void writeV1(Ends ends, boolean ipv4, ByteBuf out) {
        String line = ends == null ? "PROXY UNKNOWN\r\n"
            : (ipv4 ? "PROXY TCP4 " : "PROXY TCP6 ") + text(ends.source(), ipv4) + ' ' + text(ends.destination(), ipv4) + ' '
                + ends.source().getPort() + ' ' + ends.destination().getPort() + "\r\n";
        out.writeCharSequence(line, StandardCharsets.US_ASCII);
    }

    private static String text(InetSocketAddress address, boolean ipv4) {
        String text = NetUtil.toAddressString(address.getAddress());
        return ipv4 || address.getAddress() instanceof Inet6Address ? text : "::ffff:" + text;
    }

    private static void writeV2(Ends ends, boolean ipv4, ByteBuf out) {
        out.writeBytes(SIGNATURE);
        if (ends == null) {
            out.writeByte(LOCAL).writeByte(UNSPEC).writeShort(0);
            return;
        }
        out.writeByte(PROXY).writeByte(ipv4 ? TCP4 : TCP6).writeShort(ipv4 ? 12 : 36);
        writeHost(ends.source(), ipv4, out);
        writeHost(ends.destination(), ipv4, out);
        out.writeShort(ends.source().getPort()).writeShort(ends.destination().getPort());
    }

    private static void writeHost(InetSocketAddress address, boolean ipv4, ByteBuf out) {
        byte[] host = address.getAddress().getAddress();
        if (!ipv4 && host.length == 4) out.writeZero(10).writeShort(0xFFFF);
        out.writeBytes(host);
    }
}
