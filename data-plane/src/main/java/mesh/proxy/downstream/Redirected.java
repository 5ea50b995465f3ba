package mesh.proxy.downstream;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Set;
import mesh.model.Address;

/**
 * What an intercepted connection was opened to.
 *
 * @param target what the client asked for
 * @param source from where to call it; null for anywhere
 * @param own    local addresses of the connections that this sidecar has opened to such targets; shared by all loops
 * @param onLoop told when a client turns out to be one of them
 */
record Redirected(InetSocketAddress target, InetAddress source, Set<SocketAddress> own, Runnable onLoop) {

    Address address() {
        String host = target.getAddress().getHostAddress();
        return new Address(host, target.getPort());
    }

    void opened(Channel upstream) {
        SocketAddress local = upstream.localAddress();
        own.add(local);
        upstream.closeFuture().addListener(closed -> own.remove(local));
    }

    /** Whether the client is this sidecar: its own user is not exempt from the rules, and each connection would beget the next. */
    boolean isLoop(Channel client) {
        boolean loop = own.contains(client.remoteAddress());
        if (loop) onLoop.run();
        return loop;
    }
}
