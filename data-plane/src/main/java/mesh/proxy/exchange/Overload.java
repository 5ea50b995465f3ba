package mesh.proxy.exchange;

import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import mesh.proxy.loop.MemoryBudget;
import mesh.proxy.loop.MemoryBudget.Stage;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.telemetry.ProxyMetrics;
import mesh.proxy.telemetry.Seldom;
import org.jboss.logging.Logger;

/** Says whether something is to be shed because connections hold nearly all that they may, and tells of it. Any thread, but for what takes a loop. */
public final class Overload {

    private static final Logger LOG = Logger.getLogger(Overload.class);
    private static final long MIB = 1 << 20;

    private final MemoryBudget memory;
    private final ProxyMetrics metrics;
    private final InstantSource clock;
    private final Map<Stage, Seldom> said = new EnumMap<>(Stage.class);

    public Overload(MemoryBudget memory, ProxyMetrics metrics, InstantSource clock) {
        this.memory = memory;
        this.metrics = metrics;
        this.clock = clock;
        for (Stage stage : Stage.values()) said.put(stage, new Seldom());
    }

    /**
     * Whether what is not done from a stage on is to be left now, which is counted then.
     *
     * @param loop is the caller's
     * @param now  as it tells it
     */
    public boolean sheds(Stage from, ProxyLoop loop, long now) {
        if (memory.stage(loop.index(), now).compareTo(from) < 0) return false;
        tell(from);
        return true;
    }

    /** Heap that a connection holds, more or fewer. */
    public void hold(ProxyLoop loop, int more) {
        memory.hold(loop.index(), more);
    }

    /** None is accepted for now because there are too few descriptors for more. */
    public void noDescriptors(int connections) {
        metrics.shed("accepting_stopped");
        long others = said.get(Stage.NO_CONNECTIONS).ask(clock.instant().getEpochSecond());
        if (others == Seldom.NOT_NOW) return;
        LOG.warnf("%d connections are open and few descriptors are left: none is accepted for now%s", connections, Seldom.others(others));
    }

    /** Whether it is time to go on with what is not done from a stage on. */
    public boolean isOver(Stage from) {
        return memory.look().compareTo(from) < 0;
    }

    private void tell(Stage from) {
        metrics.shed(switch (from) {
            case NO_STREAMS -> "stream_refused";
            case NO_REQUESTS -> "request_refused";
            default -> "accepting_stopped";
        });
        long others = said.get(from).ask(clock.instant().getEpochSecond());
        if (others == Seldom.NOT_NOW) return;
        LOG.warnf("connections hold %d of %d MiB: %s%s", memory.held() / MIB, memory.budget() / MIB, switch (from) {
            case NO_STREAMS -> "a stream of HTTP/2 was refused";
            case NO_REQUESTS -> "a request was answered with 503";
            default -> "none is accepted for now";
        }, Seldom.others(others));
    }
}
