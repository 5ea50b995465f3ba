package mesh.proxy.exchange;

import io.netty.channel.Channel;
import java.util.HashMap;
import java.util.Map;
import mesh.proxy.ends.Ends;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.upstream.ConnectSettings;
import mesh.proxy.upstream.ConnectionPool;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.Upstream;

/**
 * Connections to upstreams that one client has for itself, because their first bytes say that they are its own. They go when it goes. On its loop
 * only.
 */
final class ClientPools {

    private record Key(Upstream upstream, HttpVersion version) {}

    private final ProxyLoop loop;
    private final Ends ends;
    private final Map<Key, ConnectionPool> pools = new HashMap<>();

    ClientPools(Channel client, ProxyLoop loop) {
        this.loop = loop;
        this.ends = Ends.of(client);
        client.closeFuture().addListener(closed -> pools.values().forEach(ConnectionPool::retire));
    }

    ConnectionPool of(Destination destination, HttpVersion version) {
        Upstream upstream = destination.upstream();
        return pools.computeIfAbsent(new Key(upstream, version), key -> upstream.poolOfOne(loop, version));
    }

    ConnectSettings settings(Destination destination) {
        return destination.settings().on(ends);
    }
}
