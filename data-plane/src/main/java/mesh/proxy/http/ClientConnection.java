package mesh.proxy.http;

import io.netty.channel.Channel;

/** A connection to an upstream on which requests can be opened. Belongs to one event loop and to one pool. */
public interface ClientConnection {

    /** How many requests may be opened now: 0 or 1 with HTTP/1.1, up to the peer's stream limit with HTTP/2, 0 once it is going away. */
    int capacity();

    /** Whether any request has been sent on it before. */
    boolean reused();

    /** Whether no request is open. */
    boolean idle();

    /** Opens a request; only with {@link #capacity} left. */
    UpstreamStream open(UpstreamHandler handler);

    /** Takes no further requests and closes when the open ones have ended. */
    void retire();

    Channel channel();

    /** Who keeps the connection. */
    interface Owner {

        /** Capacity has come back: a request ended and the connection can be reused. */
        void onCapacity(ClientConnection connection);

        /** The connection is closed or will not be reused; it has no capacity any more. */
        void onRetired(ClientConnection connection);

        /** The upstream was spoken to in HTTP/2 and has answered in HTTP/1.1. Nothing of any request was understood. */
        default void onHttp1(ClientConnection connection) {}
    }
}
