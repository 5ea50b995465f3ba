package mesh.proxy.loop;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.dns.DnsAddressResolverGroup;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mesh.time.Ticker;

/**
 * The sidecar's own event loops, apart from the framework's so that a scrape or a push never waits for traffic nor traffic for it. Native
 * epoll where the kernel has it, NIO elsewhere.
 */
public final class ProxyLoops implements AutoCloseable {

    private static final boolean NATIVE = Epoll.isAvailable();

    private final EventLoopGroup group;
    private final ByteBufAllocator allocator;
    private final MemoryBudget memory;
    private final AddressResolverGroup<InetSocketAddress> resolver;
    private final List<ProxyLoop> loops = new ArrayList<>();

    /** @param count at least 1 */
    public ProxyLoops(int count, Ticker ticker) {
        if (count < 1) throw new IllegalArgumentException("loops: " + count + " (expected: at least 1)");
        DefaultThreadFactory threads = new DefaultThreadFactory("proxy", true);
        group = NATIVE ? new EpollEventLoopGroup(count, threads) : new NioEventLoopGroup(count, threads);
        group.forEach(each -> loops.add(new ProxyLoop(loops.size(), (EventLoop) each, new TimerWheel(each, ticker))));
        // The framework shrinks the default allocator's chunks to 64 KiB; traffic gets one of its own, an arena a loop, 1 MiB a
        // chunk, caches only for the loops themselves.
        PooledByteBufAllocator pooled = new PooledByteBufAllocator(true, 0, count, 8192, 7, 256, 64, false);
        allocator = pooled;
        memory = new MemoryBudget(count, pooled::pinnedDirectMemory);
        resolver = new DnsAddressResolverGroup(new DnsNameResolverBuilder().datagramChannelType(datagramChannel()));
    }

    public List<ProxyLoop> all() {
        return loops;
    }

    public int count() {
        return loops.size();
    }

    public ProxyLoop of(Channel channel) {
        EventLoop executor = channel.eventLoop();
        for (ProxyLoop loop : loops) {
            if (loop.executor() == executor) return loop;
        }
        throw new IllegalArgumentException("channel " + channel + " (expected: one of the proxy's loops)");
    }

    public EventLoopGroup group() {
        return group;
    }

    public ByteBufAllocator allocator() {
        return allocator;
    }

    /** What connections may hold. */
    public MemoryBudget memory() {
        return memory;
    }

    /** Asks the system's name servers without blocking, and {@code /etc/hosts} first; keeps answers for their time to live. */
    public AddressResolverGroup<InetSocketAddress> resolver() {
        return resolver;
    }

    public Class<? extends ServerChannel> serverChannel() {
        return NATIVE ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }

    /**
     * A socket that listens already.
     *
     * @throws IllegalStateException without Linux's epoll
     */
    public ServerChannel listening(int descriptor) {
        if (!NATIVE) throw new IllegalStateException("sockets of another process without epoll (expected: Linux)");
        return new EpollServerSocketChannel(descriptor);
    }

    public Class<? extends SocketChannel> clientChannel() {
        return NATIVE ? EpollSocketChannel.class : NioSocketChannel.class;
    }

    private static Class<? extends DatagramChannel> datagramChannel() {
        return NATIVE ? EpollDatagramChannel.class : NioDatagramChannel.class;
    }

    /** Ends the threads; connections that are still open are cut. */
    @Override
    public void close() {
        resolver.close();
        group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
    }
}
