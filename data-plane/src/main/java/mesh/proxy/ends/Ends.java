package mesh.proxy.ends;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;

/**
 * Whom a client's connection is from and what it was opened to, whatever proxy or rule stands between. Asked once a connection.
 *
 * @param source      the client's
 * @param destination what the client has called
 */
public record Ends(InetSocketAddress source, InetSocketAddress destination) {

    private static final AttributeKey<Ends> TOLD = AttributeKey.valueOf(Ends.class, "told");

    /**
     * @param host 4 bytes or 16
     * @throws IllegalArgumentException for another number of them
     */
    public static InetAddress address(byte[] host) {
        try {
            return InetAddress.getByAddress(host);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(host.length + " bytes (expected: 4 or 16)", e);
        }
    }

    /** They are others than its socket's. On its loop, before anybody asks. */
    public static void tell(Channel client, Ends ends) {
        client.attr(TOLD).set(ends);
    }

    /** Null for a channel without addresses. */
    public static Ends of(Channel client) {
        Ends told = client.attr(TOLD).get();
        if (told != null) return told;
        return client.remoteAddress() instanceof InetSocketAddress source && client.localAddress() instanceof InetSocketAddress destination
            ? new Ends(source, destination) : null;
    }

    /** The client's address and port, or what stands for it where it has none. */
    public static SocketAddress sourceOf(Channel client) {
        Ends told = client.attr(TOLD).get();
        return told == null ? client.remoteAddress() : told.source;
    }

    /** Null where the client has none. */
    public static InetAddress hostOf(Channel client) {
        return sourceOf(client) instanceof InetSocketAddress source ? source.getAddress() : null;
    }
}
