package mesh.proxy.downstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import mesh.proxy.http.ServerConnection;
import org.junit.jupiter.api.Test;

class BoundSocketTest {

    private final BoundSocket socket = new BoundSocket("inbound");
    private final Http own = new Http();
    private final Http handed = new Http();

    private static final class Http extends ChannelInboundHandlerAdapter implements ServerConnection {

        private boolean drained;

        @Override
        public void drain() {
            drained = true;
        }

        @Override
        public void dismiss() {
            throw new AssertionError("nobody was to be dismissed");
        }
    }

    @Test
    void aListenersChangeConcernsTheConnectionsThatItServes() {
        EmbeddedChannel first = new EmbeddedChannel(own);
        EmbeddedChannel second = new EmbeddedChannel(handed);
        socket.add(first, 0);
        socket.add(second, 0);
        BoundSocket.handOver(second, "payments");

        socket.drainPresent("payments");
        first.runPendingTasks();
        second.runPendingTasks();
        assertThat(own.drained).isFalse();
        assertThat(handed.drained).isTrue();

        handed.drained = false;
        socket.drainPresent(null);
        first.runPendingTasks();
        second.runPendingTasks();
        assertThat(own.drained).isTrue();
        assertThat(handed.drained).isFalse();
    }
}
