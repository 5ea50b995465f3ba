package mesh.proxy.workload;

import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.model.Trust;
import mesh.pki.Svid;
import mesh.proxy.workload.IdentityFeed.Identity;
import org.jboss.logging.Logger;

/**
 * The unix socket on which the workload beside the sidecar gets its identity: by the SPIFFE Workload API, and by SDS where the workload is an
 * Envoy. It is the one place where a key leaves the process, the workload's own to the workload itself through the kernel of this machine, and it
 * is there only when it is asked for. Any thread.
 */
public final class WorkloadSocket implements AutoCloseable {

    /** An Envoy says who it is at some length: each extension that it was built with. */
    static final int LONGEST_REQUEST = 256 << 10;

    private static final Logger LOG = Logger.getLogger(WorkloadSocket.class);
    private static final int ROOT = 0;
    private static final int CALLS_PER_CONNECTION = 100;
    private static final int LONGEST_METADATA = 8 << 10;

    /**
     * Where, and for whom.
     *
     * @param path  of the socket
     * @param users ids of users who may ask, beside the process's own and root, who can read the key anyway; where there are any, the file is its
     *              group's as well
     */
    public record Options(Path path, Set<Integer> users) {

        public Options {
            users = Set.copyOf(users);
        }
    }

    private final Options options;
    private final InstantSource clock;
    private final IdentityFeed feed = new IdentityFeed();
    private final SocketFile file;
    private EventLoopGroup loop;
    private Server server;

    public WorkloadSocket(Options options, InstantSource clock) {
        this.options = options;
        this.clock = clock;
        this.file = new SocketFile(options.path(), !options.users().isEmpty());
    }

    /** @throws IOException naming the path, what is wrong with it and what was expected; nothing is left behind then */
    public synchronized void start() throws IOException {
        if (!Epoll.isAvailable()) {
            throw new IOException(file + ": no unix sockets that tell who connects (expected: Linux, x86-64 or aarch64)");
        }
        Path fresh = file.prepare();
        loop = new EpollEventLoopGroup(1, new DefaultThreadFactory("workload-api", true));
        try {
            server = bind(fresh);
            file.publish(fresh);
        } catch (IOException e) {
            close();
            Files.deleteIfExists(fresh);
            throw new IOException(file + ": no socket there: " + e.getMessage(), e);
        }
        LOG.infof("workload API: unix:%s", file);
    }

    private Server bind(Path at) throws IOException {
        Set<Integer> permitted = new HashSet<>(options.users());
        permitted.add(SocketFile.ownUser());
        permitted.add(ROOT);
        return NettyServerBuilder.forAddress(new DomainSocketAddress(at.toString()))
            .channelFactory(() -> gated(permitted))
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            // Nothing that is called here waits for anything.
            .directExecutor()
            .maxInboundMessageSize(LONGEST_REQUEST)
            .maxInboundMetadataSize(LONGEST_METADATA)
            .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
            .permitKeepAliveTime(10, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addService(ServerInterceptors.intercept(new WorkloadApi(feed), (ServerInterceptor) WorkloadApi::requireMetadata))
            .addService(new SecretDiscovery(feed))
            .build()
            .start();
    }

    private EpollServerDomainSocketChannel gated(Set<Integer> permitted) {
        EpollServerDomainSocketChannel channel = new EpollServerDomainSocketChannel();
        channel.pipeline().addLast(new PeerGate(permitted, clock));
        return channel;
    }

    /** For every stream there is, and those to come. */
    public void rotate(Svid svid, Trust trust) {
        feed.publish(new Identity(svid, trust));
    }

    /** Ends every stream, and removes the file. */
    @Override
    public synchronized void close() {
        if (loop == null) {
            return;
        }
        if (server != null) {
            server.shutdownNow();
        }
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        loop = null;
        try {
            file.remove();
        } catch (IOException e) {
            LOG.warnf("workload API: %s not removed: %s", file, e);
        }
    }
}
