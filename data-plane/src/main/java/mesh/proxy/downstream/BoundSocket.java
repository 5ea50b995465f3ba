package mesh.proxy.downstream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ServerChannel;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import mesh.model.Address;
import mesh.model.Listener;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.tls.MeshTls;

/**
 * A listening socket with the connections it has accepted. Which listener it serves may change with a configuration, when two listeners
 * trade their addresses. Any thread.
 */
final class BoundSocket implements Supplier<String> {

    private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    /** As many, exactly, at any moment: loops accept side by side. */
    private final AtomicInteger open = new AtomicInteger();
    private volatile String listener;
    private volatile boolean draining;
    private ServerChannel socket;

    BoundSocket(String listener) {
        this.listener = listener;
    }

    /** @param bound accepts nothing until {@link #accept} */
    void bound(ServerChannel bound) {
        socket = bound;
    }

    /** The name of the listener it serves. */
    @Override
    public String get() {
        return listener;
    }

    /** Serves that listener from now on. */
    void accept(String name) {
        listener = name;
        socket.config().setAutoRead(true);
    }

    Address address() {
        InetSocketAddress local = (InetSocketAddress) socket.localAddress();
        return new Address(local.getAddress().getHostAddress(), local.getPort());
    }

    /**
     * Keeps a connection until it is closed, unless there are too many.
     *
     * @param most open at once; 0 for any number
     */
    boolean add(Channel connection, int most) {
        if (open.incrementAndGet() > most && most > 0) {
            open.decrementAndGet();
            return false;
        }
        connections.add(connection);
        connection.closeFuture().addListener(closed -> {
            connections.remove(connection);
            open.decrementAndGet();
        });
        if (draining) drain(connection);
        return true;
    }

    int connections() {
        return connections.size();
    }

    /** Accepts nothing more; what was accepted goes on. */
    ChannelFuture stopAccepting() {
        return socket.close();
    }

    /** Lets the requests in flight end and closes their connections then. What is not HTTP goes on. */
    void drain() {
        draining = true;
        connections.forEach(BoundSocket::drain);
    }

    /** Lets the requests in flight end on the connections that stand now; new ones are accepted and stay. */
    void drainPresent() {
        connections.forEach(BoundSocket::drain);
    }

    /** Has those leave who would not be let in by the listener as it is now. */
    void review(Listener now, MeshTls.Dismissals dismissals) {
        connections.forEach(each -> each.eventLoop().execute(() -> Admission.review(now, each, dismissals)));
    }

    private static void drain(Channel connection) {
        connection.eventLoop().execute(() -> {
            ServerConnection http = connection.pipeline().get(ServerConnection.class);
            if (http != null) http.drain();
        });
    }

    /** Closes whatever is still open. */
    void cut() {
        connections.forEach(Channel::close);
    }
}
