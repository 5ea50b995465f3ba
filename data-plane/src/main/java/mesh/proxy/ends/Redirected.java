package mesh.proxy.ends;

import io.netty.channel.Channel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Set;
import mesh.model.Address;

/**
 * What an intercepted connection was opened to.
 *
 * @param client whose it is
 * @param target what the client asked for
 * @param source from where to call it; null for anywhere
 * @param own    local addresses of the connections that this sidecar has opened to such targets; shared by all loops
 * @param onLoop told when a client turns out to be one of them
 */
public record Redirected(Channel client, InetSocketAddress target, InetAddress source, Set<SocketAddress> own, Runnable onLoop) {

    /** For the log, where {@link #isLoop}. */
    public static final String LOOP = "this sidecar's own connection came back to it (expected: mesh intercept install --proxy-uid with its user)";

    public Address address() {
        return new Address(target.getAddress().getHostAddress(), target.getPort());
    }

    /**
     * A connection to the target stands.
     *
     * @return whether it may be used: what the client is may not have been known at first
     */
    public boolean opened(Channel upstream) {
        SocketAddress local = upstream.localAddress();
        own.add(local);
        upstream.closeFuture().addListener(closed -> own.remove(local));
        return !isLoop();
    }

    /** Whether the client is this sidecar: its own user is not exempt from the rules, and each connection would beget the next. */
    public boolean isLoop() {
        boolean loop = own.contains(client.remoteAddress());
        if (loop) onLoop.run();
        return loop;
    }
}
