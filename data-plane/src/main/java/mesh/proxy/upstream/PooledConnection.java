package mesh.proxy.upstream;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http1.Http1ClientConnection;
import mesh.proxy.http1.Http1Limits;
import mesh.proxy.http2.Http2ClientConnection;
import mesh.proxy.http2.Http2Limits;
import mesh.proxy.loop.TimerWheel;

/** One connection of a pool, and the moment it must go, for its age or because a certificate of its ends. On its loop only. */
final class PooledConnection extends TimerWheel.Timeout implements ClientConnection.Owner {

    private final ConnectionPool pool;
    private final ConnectSettings settings;
    private final ClientConnection connection;
    /** 0 for any number. */
    private final int mostRequests;
    private int requests;
    private boolean available;
    /** Sweeps it has been through since it was last used. */
    private int sweeps;

    /** Takes over a channel that has just been connected. */
    PooledConnection(ConnectionPool pool, ConnectSettings settings, HttpVersion wanted, Channel channel, TimerWheel timers) {
        this.pool = pool;
        this.settings = settings;
        this.mostRequests = settings.policy().maxRequestsPerConnection();
        if (speaksHttp2(channel, wanted)) {
            Http2ClientConnection http2 = new Http2ClientConnection(this, Http2Limits.CLIENT, timers);
            this.connection = http2;
            channel.pipeline().addLast(http2);
        } else {
            Http1ClientConnection http1 = new Http1ClientConnection(this, Http1Limits.DEFAULT);
            this.connection = http1;
            channel.pipeline().addLast(http1);
        }
    }

    /** Under TLS the two sides have agreed; in plaintext it must be known before. */
    private static boolean speaksHttp2(Channel channel, HttpVersion wanted) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        return tls == null ? wanted == HttpVersion.HTTP_2 : "h2".equals(tls.applicationProtocol());
    }

    ClientConnection connection() {
        return connection;
    }

    ConnectSettings settings() {
        return settings;
    }

    boolean isAvailable() {
        return available;
    }

    void setAvailable(boolean now) {
        available = now;
        sweeps = 0;
    }

    /** A request has been opened on it; after the last that its policy allows, it takes no more. */
    void lent() {
        if (mostRequests > 0 && ++requests == mostRequests) connection.retire();
    }

    /** @return how many, this one included */
    int sweep() {
        return ++sweeps;
    }

    void retire() {
        connection.retire();
    }

    @Override
    public void onCapacity(ClientConnection unused) {
        pool.onCapacity(this);
    }

    @Override
    public void onRetired(ClientConnection unused) {
        pool.onRetired(this);
    }

    @Override
    public void onHttp1(ClientConnection unused) {
        pool.onHttp1();
    }

    @Override
    protected void expire() {
        retire();
    }
}
