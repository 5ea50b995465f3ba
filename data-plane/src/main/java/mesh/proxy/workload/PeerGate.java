package mesh.proxy.workload;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.PeerCredentials;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Set;
import mesh.proxy.telemetry.Seldom;
import org.jboss.logging.Logger;

/**
 * Looks at who has connected to a unix socket before a byte of theirs is read: the kernel says which user a peer runs as, and it cannot lie. On
 * the socket's one event loop.
 */
final class PeerGate extends ChannelInboundHandlerAdapter {

    /** More than the processes of any pod. */
    static final int MOST_CONNECTIONS = 64;

    private static final Logger LOG = Logger.getLogger(WorkloadSocket.class);

    private final Set<Integer> permitted;
    private final InstantSource clock;
    private final Seldom said = new Seldom();
    private int open;

    /** @param permitted user ids */
    PeerGate(Set<Integer> permitted, InstantSource clock) {
        this.permitted = Set.copyOf(permitted);
        this.clock = clock;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object accepted) {
        EpollDomainSocketChannel peer = (EpollDomainSocketChannel) accepted;
        String why = refusal(peer);
        if (why == null) {
            open++;
            peer.closeFuture().addListener(closed -> open--);
            context.fireChannelRead(accepted);
            return;
        }
        peer.unsafe().closeForcibly();
        long others = said.ask(clock.instant().getEpochSecond());
        if (others != Seldom.NOT_NOW) {
            LOG.warnf("workload API: connection refused: %s%s", why, Seldom.others(others));
        }
    }

    private String refusal(EpollDomainSocketChannel peer) {
        if (open >= MOST_CONNECTIONS) {
            return open + " connections already";
        }
        try {
            PeerCredentials who = peer.peerCredentials();
            return permitted.contains(who.uid()) ? null
                : "user id " + who.uid() + ", process " + who.pid() + " (expected: one of " + permitted.stream().sorted().toList() + "; --workload-api-uid)";
        } catch (IOException e) {
            return "its user is not known: " + e.getMessage();
        }
    }
}
