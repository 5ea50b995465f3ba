package mesh.proxy.tls;

import io.netty.channel.Channel;
import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** How long a connection may be used: what was proved at its beginning is only proved as long as both certificates last. */
public final class Lifetime {

    private Lifetime() {}

    /**
     * Nanoseconds until a connection takes no more requests, which leaves the last tenth of its life to those it has; none for a plaintext
     * connection.
     */
    public static OptionalLong nanosToRetire(Channel channel, InstantSource clock) {
        OptionalLong left = nanosToEnd(channel, clock);
        return left.isEmpty() ? left : OptionalLong.of(left.getAsLong() / 10 * 9);
    }

    /** Nanoseconds until a connection is cut, whatever it carries; none for a plaintext connection. */
    public static OptionalLong nanosToEnd(Channel channel, InstantSource clock) {
        MeshTls.PeerIdentity peer = MeshTls.peerOf(channel);
        if (peer == null) return OptionalLong.empty();
        long seconds = peer.retireAtEpochSecond() - clock.instant().getEpochSecond();
        return OptionalLong.of(TimeUnit.SECONDS.toNanos(Math.max(0, seconds)));
    }
}
