package mesh.proxy.downstream;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import mesh.proxy.exchange.Overload;
import mesh.proxy.loop.MemoryBudget.Stage;
import mesh.proxy.loop.ProxyLoop;
import org.jboss.logging.Logger;

/** Leaves connections to the kernel's queue while those that are open hold nearly all memory, or descriptors, that they may. Any thread. */
final class AcceptPause {

    private static final Logger LOG = Logger.getLogger(AcceptPause.class);
    private static final int LOOK_MILLIS = 50;

    private final Overload overload;
    private final Descriptors descriptors = new Descriptors();
    private final IntSupplier connections;
    private final Consumer<Boolean> accept;
    private final AtomicBoolean paused = new AtomicBoolean();

    /**
     * @param connections those that are open
     * @param accept      has every socket accept, or not
     */
    AcceptPause(Overload overload, IntSupplier connections, Consumer<Boolean> accept) {
        this.overload = overload;
        this.connections = connections;
        this.accept = accept;
    }

    /** A connection has just been accepted on that loop, which is the caller's. */
    void accepted(ProxyLoop loop) {
        boolean scarce = descriptors.areScarce(connections.getAsInt());
        if (!scarce && !overload.sheds(Stage.NO_CONNECTIONS, loop, loop.timers().now()) || !paused.compareAndSet(false, true)) return;
        accept.accept(false);
        if (scarce) overload.noDescriptors(connections.getAsInt());
        look(loop.executor());
    }

    /** Requests are taken again before connections are. */
    private void look(EventLoop loop) {
        loop.schedule(() -> {
            if (descriptors.areScarce(connections.getAsInt()) || !overload.isOver(Stage.NO_REQUESTS)) {
                look(loop);
                return;
            }
            paused.set(false);
            accept.accept(true);
            LOG.debug("connections are accepted again");
        }, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }
}
