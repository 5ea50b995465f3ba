package mesh.proxy.downstream;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import mesh.model.Address;
import mesh.model.Arrival;
import mesh.model.Listener;
import mesh.model.Problem;
import mesh.proxy.exchange.AccessCheck;
import mesh.proxy.exchange.Overload;
import mesh.proxy.exchange.StoppedClients;
import mesh.proxy.loop.ProxyLoops;
import mesh.proxy.runtime.ListenerTable;
import mesh.proxy.runtime.ProxyRuntime;
import mesh.proxy.runtime.RuntimeTables;
import mesh.proxy.telemetry.PlaintextCallers;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.tls.MeshTls;
import mesh.proxy.upstream.Connector;
import mesh.time.Env;
import org.jboss.logging.Logger;

/**
 * The sockets that the listeners ask for. A change comes in two steps, so that nothing is half-applied: {@link #prepare} binds what is new
 * and may fail, {@link Change#commit} lets it accept and drains what is no longer wanted, and cannot. One thread at a time.
 */
public final class ListenerBinder {

    private static final Logger LOG = Logger.getLogger(ListenerBinder.class);
    private static final int BACKLOG = 4096;

    private final DownstreamPipeline.Parts parts;
    /** By what a socket is bound to, which outlives the listener's name. */
    private volatile Map<String, BoundSocket> sockets = Map.of();
    private final ReservedSockets reserved = new ReservedSockets();
    /** Closed, with connections that may still be ending. */
    private final List<BoundSocket> leaving = new CopyOnWriteArrayList<>();

    public ListenerBinder(
        Env env, ProxyLoops loops, ProxyRuntime runtime, MeshTls tls, MeshTls.Dismissals dismissals, Connector connector, ProxyMetrics metrics,
        PlaintextCallers plaintext) {
        Overload overload = new Overload(loops.memory(), metrics, env.clock());
        AcceptPause pause = new AcceptPause(overload, this::connections, wanted -> sockets.values().forEach(each -> each.setAccepting(wanted)));
        this.parts = new DownstreamPipeline.Parts(env, loops, runtime, tls, dismissals, connector, metrics, plaintext, new AccessCheck(),
            new StoppedClients(metrics), overload, pause, ConcurrentHashMap.newKeySet());
    }

    /** Sockets that are ready for a configuration, and those that it leaves. */
    public final class Change {

        private final RuntimeTables tables;
        private final Map<String, BoundSocket> next = new LinkedHashMap<>();
        private final List<BoundSocket> opened = new ArrayList<>();
        private final Map<BoundSocket, Address> taken = new HashMap<>();
        private final List<Problem> problems = new ArrayList<>();

        private Change(RuntimeTables tables) {
            this.tables = tables;
        }

        /** What could not be bound; when there is any, the change is to be undone. */
        public List<Problem> problems() {
            return List.copyOf(problems);
        }

        /** The tables are in force: accepts for them, drains what they no longer name, and dismisses whom they no longer let in. */
        public void commit(RuntimeTables before) {
            tables.listeners().values().forEach(each -> {
                if (each.model().arrival() == Arrival.HANDED_OVER) return;
                BoundSocket socket = next.get(key(each.model()));
                ListenerTable earlier = before.listeners().get(socket.get());
                socket.accept(each.model().name());
                if (opened.contains(socket)) return;
                if (isOther(each, earlier)) socket.drainPresent(null);
                if (earlier == null || !each.model().tls().equals(earlier.model().tls())) socket.review(each.model(), parts.dismissals());
            });
            before.listeners().values().forEach(this::followHandedOver);
            Collection<BoundSocket> left = new HashSet<>(sockets.values());
            left.removeAll(next.values());
            sockets = next;
            leaving.removeIf(each -> each.connections() == 0);
            leaving.addAll(left);
            for (BoundSocket socket : left) {
                // Its address may be asked for again at once.
                socket.stopAccepting().awaitUninterruptibly();
                socket.drain();
                LOG.infof("listener %s closed", socket.get());
            }
            for (BoundSocket socket : opened) LOG.infof("listener %s on %s", socket.get(), socket.address());
        }

        /** What was handed to a listener without a socket may be at any that intercepts. */
        private void followHandedOver(ListenerTable earlier) {
            if (earlier.model().arrival() != Arrival.HANDED_OVER) return;
            String name = earlier.model().name();
            ListenerTable now = tables.listeners().get(name);
            boolean gone = now == null || now.model().arrival() != Arrival.HANDED_OVER;
            if (gone || isOther(now, earlier)) next.values().forEach(each -> each.drainPresent(name));
            if (!gone && !now.model().tls().equals(earlier.model().tls())) next.values().forEach(each -> each.review(now.model(), parts.dismissals()));
        }

        /** Closes what was opened for it. What was there before waits on. */
        public void undo() {
            taken.forEach((socket, address) -> reserved.put(address, socket));
            opened.stream().filter(each -> !taken.containsKey(each)).forEach(each -> each.stopAccepting().awaitUninterruptibly());
        }
    }

    /** Binds what the tables ask for and is not there yet; nothing is accepted. */
    public Change prepare(RuntimeTables tables) {
        Change change = new Change(tables);
        for (ListenerTable table : tables.listeners().values()) {
            Listener listener = table.model();
            if (listener.arrival() == Arrival.HANDED_OVER) continue;
            BoundSocket socket = sockets.get(key(listener));
            if (socket == null) socket = takeReserved(listener, change);
            if (socket == null) socket = open(listener, change);
            if (socket != null) change.next.put(key(listener), socket);
        }
        return change;
    }

    private BoundSocket takeReserved(Listener listener, Change change) {
        BoundSocket socket = reserved.take(listener.bind());
        if (socket != null) {
            change.taken.put(socket, listener.bind());
            change.opened.add(socket);
        }
        return socket;
    }

    /**
     * Listens before there is a configuration; what connects waits, until a listener of that address is told of.
     *
     * @return where it does; an address that cannot be bound is left to the configuration that needs it
     */
    public List<Address> hold(Collection<Address> addresses) {
        List<Address> held = new ArrayList<>();
        for (Address each : addresses) {
            if (reserved.has(each)) continue;
            BoundSocket socket = new BoundSocket("");
            ChannelFuture bound = server(socket).channel(parts.loops().serverChannel()).bind(socketAddress(each)).awaitUninterruptibly();
            if (!bound.isSuccess()) {
                LOG.warnf("connections to %s are not held: %s", each, reason(bound.cause()));
                continue;
            }
            socket.bound((ServerChannel) bound.channel());
            reserved.put(each, socket);
            held.add(each);
        }
        return held;
    }

    /** Closes what nothing was told of; what waits there is refused. @return whether there was anything */
    public boolean release() {
        List<BoundSocket> held = reserved.takeHeld();
        held.forEach(BoundSocket::stopAccepting);
        return !held.isEmpty();
    }

    /**
     * Takes listening sockets that this process was started with, for the listeners of their addresses.
     *
     * @param descriptors do not block
     * @return where they listen
     * @throws IOException without Linux's epoll, or where one is no listening socket
     */
    public List<Address> adopt(List<Integer> descriptors) throws IOException {
        List<Address> adopted = new ArrayList<>();
        for (int each : descriptors) {
            BoundSocket socket = new BoundSocket("", true);
            ChannelFuture registered = server(socket).channelFactory(() -> parts.loops().listening(each)).register().awaitUninterruptibly();
            if (!registered.isSuccess() || !((ServerChannel) registered.channel()).isActive()) {
                throw new IOException("file descriptor " + each + ": " + registered.cause() + " (expected: a listening TCP socket)");
            }
            socket.bound((ServerChannel) registered.channel());
            reserved.put(socket.address(), socket);
            adopted.add(socket.address());
        }
        return adopted;
    }

    private ServerBootstrap server(BoundSocket socket) {
        return new ServerBootstrap()
            .group(parts.loops().group())
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.ALLOCATOR, parts.loops().allocator())
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .childHandler(new DownstreamPipeline(parts, socket));
    }

    private BoundSocket open(Listener listener, Change change) {
        BoundSocket socket = new BoundSocket(listener.name());
        ChannelFuture bound = server(socket).channel(parts.loops().serverChannel()).bind(socketAddress(listener.bind())).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            change.problems.add(new Problem("listeners." + listener.name() + ".listen",
                "\"" + listener.bind() + "\" cannot be bound: " + reason(bound.cause()) + " (expected: a free local address)"));
            return null;
        }
        socket.bound((ServerChannel) bound.channel());
        change.opened.add(socket);
        return socket;
    }

    private static InetSocketAddress socketAddress(Address address) {
        return address.host().isEmpty() ? new InetSocketAddress(address.port()) : new InetSocketAddress(address.host(), address.port());
    }

    /** Netty's native transport puts a system call's name in front: {@code bind(..) failed with error(-98): Address already in use}. */
    private static String reason(Throwable cause) {
        String text = String.valueOf(cause.getMessage());
        return text.substring(text.lastIndexOf(": ") < 0 ? 0 : text.lastIndexOf(": ") + 2);
    }

    /** Several listeners may leave their port to the system, so those go by name. */
    private static String key(Listener listener) {
        return listener.bind().port() == 0 ? listener.name() + " " + listener.bind() : listener.bind().toString();
    }

    /** Whether connections that were accepted for one speak what the other does not expect. */
    private static boolean isOther(ListenerTable now, ListenerTable before) {
        return before == null
            || now.model().tls().isPresent() != before.model().tls().isPresent()
            || now.traffic().getClass() != before.traffic().getClass();
    }

    /** Where listeners are bound, by name. */
    public Map<String, Address> bound() {
        Map<String, Address> bound = new HashMap<>();
        sockets.values().forEach(each -> bound.put(each.get(), each.address()));
        return bound;
    }

    /** Clients' connections that are open. Any thread, as what follows. */
    public int connections() {
        return all().mapToInt(BoundSocket::connections).sum();
    }

    /** Begins to. @return done when nothing is accepted any more, and what was accepted until then is counted */
    public CompletableFuture<Void> stopAccepting() {
        return CompletableFuture.allOf(Stream.concat(sockets.values().stream(), reserved.takeAll().stream()).map(each -> {
            CompletableFuture<Void> closed = new CompletableFuture<>();
            each.stopAccepting().addListener(done -> closed.complete(null));
            return closed;
        }).toArray(CompletableFuture[]::new)).thenCompose(closed -> everyLoopHasRun());
    }

    /** A connection is begun on its own loop, by a task that was given there when it was accepted. */
    private CompletableFuture<Void> everyLoopHasRun() {
        return CompletableFuture.allOf(parts.loops().all().stream().map(each -> CompletableFuture.runAsync(() -> {}, each.executor()))
            .toArray(CompletableFuture[]::new));
    }

    /**
     * Begins to let those go who call the workload: what asks who is calling accepts nothing more, and its connections end with the request they
     * have. What intercepts goes on accepting, since the workload's own calls may come the same way. Returns at once.
     */
    public void leaveInbound() {
        Set<String> inbound = inbound();
        sockets.values().stream().filter(each -> inbound.contains(each.get())).forEach(each -> {
            each.stopAccepting();
            each.drain();
        });
        inbound.forEach(name -> all().forEach(each -> each.drainPresent(name)));
    }

    /** Connections from others of the mesh that are open. */
    public int inboundConnections() {
        Set<String> inbound = inbound();
        return all().mapToInt(each -> each.connections(inbound)).sum();
    }

    private Set<String> inbound() {
        Set<String> names = new HashSet<>();
        parts.runtime().current().listeners().forEach((name, table) -> {
            if (table.model().tls().isPresent()) names.add(name);
        });
        return names;
    }

    /** Lets every connection end with the request it has. */
    public void drain() {
        all().forEach(BoundSocket::drain);
    }

    /** Closes what is left. */
    public void cut() {
        all().forEach(BoundSocket::cut);
    }

    private Stream<BoundSocket> all() {
        return Stream.concat(sockets.values().stream(), leaving.stream());
    }
}
