package mesh.proxy.downstream;

import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.unix.RawUnixChannelOption;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import mesh.proxy.ends.Ends;

/** What a redirected connection was opened to, which the kernel's connection tracking remembers: {@code SO_ORIGINAL_DST}, of Linux. */
final class OriginalDestination {

    /** {@code linux/netfilter_ipv4.h} and {@code linux/netfilter_ipv6/ip6_tables.h}: levels, the option's number in both, sizes of the socket addresses. */
    private static final int SOL_IP = 0;
    private static final int SOL_IPV6 = 41;
    private static final int ORIGINAL_DST = 80;
    private static final RawUnixChannelOption IPV4 = new RawUnixChannelOption("SO_ORIGINAL_DST", SOL_IP, ORIGINAL_DST, 16);
    private static final RawUnixChannelOption IPV6 = new RawUnixChannelOption("IP6T_SO_ORIGINAL_DST", SOL_IPV6, ORIGINAL_DST, 28);

    private static final InetAddress FROM_IPV4 = address(127, 0, 0, 6);
    private static final InetAddress FROM_IPV6 = address(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

    private OriginalDestination() {}

    /** Null where nothing was redirected, or where it cannot be known. */
    static InetSocketAddress of(SocketChannel client) {
        if (!(client instanceof EpollSocketChannel)) return null;
        InetSocketAddress local = client.localAddress();
        if (local == null) return null;
        boolean ipv4 = local.getAddress() instanceof Inet4Address;
        InetSocketAddress original;
        try {
            original = read(client.config().getOption(ipv4 ? IPV4 : IPV6), ipv4);
        } catch (ChannelException e) {
            // Connections that are not tracked have none.
            return null;
        }
        return original.equals(local) ? null : original;
    }

    private static InetSocketAddress read(ByteBuffer socketAddress, boolean ipv4) {
        byte[] host = new byte[ipv4 ? 4 : 16];
        socketAddress.position(ipv4 ? 4 : 8);
        socketAddress.get(host);
        return new InetSocketAddress(Ends.address(host), Short.toUnsignedInt(socketAddress.getShort(2)));
    }

    /**
     * From where to call it. One of this host's is called from an address that the rules of interception let through: by them, what a sidecar opens to
     * its own host is inbound, and would come back to it.
     *
     * @param client was opened to it
     * @return null for anywhere
     */
    static InetAddress source(InetSocketAddress original, SocketChannel client) {
        InetAddress host = original.getAddress();
        InetSocketAddress local = client.localAddress();
        if (local == null || !isHere(host, local.getAddress())) return null;
        return host instanceof Inet4Address ? FROM_IPV4 : FROM_IPV6;
    }

    /** @param local where the client came to: loopback if it is of this host */
    private static boolean isHere(InetAddress host, InetAddress local) {
        if (host.equals(local)) return true;
        if (local.isLoopbackAddress()) return false;
        try {
            return NetworkInterface.getByInetAddress(host) != null;
        } catch (SocketException e) {
            return false;
        }
    }

    private static InetAddress address(int... bytes) {
        byte[] host = new byte[bytes.length];
        for (int i = 0; i < host.length; i++) host[i] = (byte) bytes[i];
        return Ends.address(host);
    }
}
