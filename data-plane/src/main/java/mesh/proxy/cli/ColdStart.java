package mesh.proxy.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.Arrival;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.proxy.Sidecar;
import mesh.proxy.state.LastGood;
import mesh.proxy.state.LastGoodWriter;
import mesh.proxy.state.StateDirectory;
import mesh.time.Env;
import org.jboss.logging.Logger;

/**
 * Configurations from a control plane, on their way into the sidecar: each that comes into force is kept, and the last one serves when the
 * next process finds no control plane. What was refused is not kept. Once the sidecar has an identity.
 */
final class ColdStart implements AutoCloseable {

    private static final Logger LOG = Logger.getLogger(ColdStart.class);

    private final StateDirectory state;
    private final String node;
    private final Sidecar sidecar;
    private final Env env;
    private final LastGoodWriter writer;

    ColdStart(StateDirectory state, String node, Sidecar sidecar, Env env) {
        this.state = state;
        this.node = node;
        this.sidecar = sidecar;
        this.env = env;
        this.writer = new LastGoodWriter(state, env.ticker());
    }

    ApplyResult apply(MeshSnapshot snapshot) {
        ApplyResult result = sidecar.apply(snapshot);
        if (result instanceof ApplyResult.Applied) {
            writer.keep(new LastGood(owner(), env.clock().instant(), snapshot));
        }
        return result;
    }

    /**
     * Puts into force what was kept.
     *
     * @param why there is nothing newer
     * @return what is in force now; empty when nothing was kept, or it is of no use
     */
    Optional<MeshSnapshot> restore(String why) {
        try {
            Optional<LastGood> kept = state.lastGood(owner());
            if (kept.isEmpty()) {
                return Optional.empty();
            }
            MeshSnapshot snapshot = kept.get().snapshot();
            if (sidecar.restore(snapshot, kept.get().appliedAt()) instanceof ApplyResult.Rejected rejected) {
                LOG.errorf("cached configuration not used, waiting for the control plane: version %d: %s", snapshot.version(), rejected.problems());
                return Optional.empty();
            }
            LOG.warnf("control plane away: serving the configuration of version %d from %s, cached; %s", snapshot.version(),
                kept.get().appliedAt(), why);
            return Optional.of(snapshot);
        } catch (IOException e) {
            LOG.errorf("cached configuration not used, waiting for the control plane: %s", e.getMessage());
            return Optional.empty();
        }
    }

    /** Where the workload's own calls came to with what was kept; none where nothing is, or it is of no use. */
    List<Address> outbound() {
        try {
            return state.lastGood(owner()).stream().flatMap(kept -> kept.snapshot().listeners().values().stream())
                .filter(each -> each.tls().isEmpty() && each.arrival() != Arrival.HANDED_OVER && each.bind().port() != 0)
                .map(Listener::bind).toList();
        } catch (IOException e) {
            // Told when it would be needed.
            return List.of();
        }
    }

    private LastGood.Owner owner() {
        return new LastGood.Owner(node, sidecar.identity().orElseThrow().id());
    }

    @Override
    public void close() {
        writer.close();
    }
}
