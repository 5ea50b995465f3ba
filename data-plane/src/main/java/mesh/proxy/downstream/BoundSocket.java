package mesh.proxy.downstream;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ServerChannel;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import mesh.model.Address;
import mesh.model.Arrival;
import mesh.model.Listener;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.tls.MeshTls;

/**
 * A listening socket with the connections it has accepted. Which listener it serves may change with a configuration, when two listeners
 * trade their addresses. Any thread.
 */
final class BoundSocket implements Supplier<String> {

    private static final AttributeKey<String> HANDED_TO = AttributeKey.valueOf(BoundSocket.class, "handedTo");

    private final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    /** As many, exactly, at any moment: loops accept side by side. */
    private final AtomicInteger open = new AtomicInteger();
    private final boolean inherited;
    private volatile String listener;
    private volatile boolean draining;
    private ServerChannel socket;

    BoundSocket(String listener) {
        this(listener, false);
    }

    /** @param inherited whether it was opened by whoever started this process */
    BoundSocket(String listener, boolean inherited) {
        this.listener = listener;
        this.inherited = inherited;
    }

    boolean inherited() {
        return inherited;
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

    /** Leaves connections in the kernel's queue, or takes them. */
    void setAccepting(boolean wanted) {
        socket.config().setAutoRead(wanted);
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

    /** A connection is served by a listener without a socket from now on. On its loop. */
    static void handOver(Channel connection, String listener) {
        connection.attr(HANDED_TO).set(listener);
    }

    int connections() {
        return connections.size();
    }

    /** Of those, the ones that are served by listeners of these names. */
    int connections(Set<String> listeners) {
        boolean own = listeners.contains(listener);
        return (int) connections.stream().filter(each -> {
            String handedTo = each.attr(HANDED_TO).get();
            return handedTo == null ? own : listeners.contains(handedTo);
        }).count();
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

    /**
     * Lets the requests in flight end on the connections that a listener serves now; new ones are accepted and stay.
     *
     * @param handedTo the listener without a socket that they were handed to; null for this socket's own listener
     */
    void drainPresent(String handedTo) {
        servedBy(handedTo, BoundSocket::drainNow);
    }

    /** Has those leave who would not be let in by the listener, as it is now, that serves them. */
    void review(Listener now, MeshTls.Dismissals dismissals) {
        servedBy(now.arrival() == Arrival.HANDED_OVER ? now.name() : null, each -> Admission.review(now, each, dismissals));
    }

    /** Who serves a connection is known on its loop, once it has begun. */
    private void servedBy(String handedTo, Consumer<Channel> action) {
        connections.forEach(each -> each.eventLoop().execute(() -> {
            if (Objects.equals(each.attr(HANDED_TO).get(), handedTo)) action.accept(each);
        }));
    }

    private static void drain(Channel connection) {
        connection.eventLoop().execute(() -> drainNow(connection));
    }

    private static void drainNow(Channel connection) {
        ServerConnection http = connection.pipeline().get(ServerConnection.class);
        if (http != null) http.drain();
    }

    /** Closes whatever is still open. */
    void cut() {
        connections.forEach(Channel::close);
    }
}
