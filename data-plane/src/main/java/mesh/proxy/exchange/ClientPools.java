package mesh.proxy.exchange;

import io.netty.channel.Channel;
import java.util.HashMap;
import java.util.Map;
import mesh.model.Cluster;
import mesh.model.UpstreamTls;
import mesh.proxy.ends.Ends;
import mesh.proxy.ends.Redirected;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.upstream.ConnectSettings;
import mesh.proxy.upstream.ConnectionPool;
import mesh.proxy.upstream.Connector;
import mesh.proxy.upstream.Destination;
import mesh.proxy.upstream.Upstream;
import mesh.proxy.upstream.UpstreamCluster;

/**
 * Connections to upstreams that one client has for itself: their first bytes say that they are its own, or they go where its own was opened to. They
 * go when it goes. On its loop only.
 */
final class ClientPools {

    private record Key(Upstream upstream, HttpVersion version) {}

    private final ProxyLoop loop;
    private final Redirected redirected;
    private final Connector connector;
    private final ProxyMetrics metrics;
    private final Ends ends;
    private final Map<Key, ConnectionPool> pools = new HashMap<>();
    private final Map<String, Destination> originals = new HashMap<>();

    /** @param redirected null for a client that was not intercepted */
    ClientPools(Channel client, Redirected redirected, Connector connector, ProxyMetrics metrics, ProxyLoop loop) {
        this.loop = loop;
        this.redirected = redirected;
        this.connector = connector;
        this.metrics = metrics;
        this.ends = Ends.of(client);
        client.closeFuture().addListener(closed -> pools.values().forEach(ConnectionPool::retire));
    }

    /** Whether connections to it are shared with other clients. */
    static boolean shares(Destination destination) {
        return destination.settings().announces() == null && destination.settings().original() == null;
    }

    ConnectionPool of(Destination destination, HttpVersion version) {
        Upstream upstream = destination.upstream();
        return pools.computeIfAbsent(new Key(upstream, version), key -> upstream.poolOfOne(loop, version));
    }

    ConnectSettings settings(Destination destination) {
        return destination.settings().on(ends);
    }

    /** Where the client wanted to go in the first place; null where nobody knows, or where it would come back here. */
    Destination original(UpstreamCluster cluster) {
        if (redirected == null || redirected.isLoop()) return null;
        Destination known = originals.get(cluster.name());
        if (known != null && known.settings().policy() == cluster.model().connections()) return known;
        Cluster model = cluster.model();
        ConnectSettings settings = new ConnectSettings(model.tls().map(UpstreamTls::expect), model.connections(), model.announces().orElse(null), null,
            redirected);
        Destination made = new Destination(new Upstream(model.name(), redirected.address(), cluster.load(), connector, metrics), 1, settings, null, null);
        originals.put(cluster.name(), made);
        return made;
    }
}
