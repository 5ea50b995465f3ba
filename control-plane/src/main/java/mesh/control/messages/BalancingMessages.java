package mesh.control.messages;

import java.time.Duration;
import java.util.Optional;
import mesh.model.BalancingPolicy;
import mesh.model.Endpoint;
import mesh.model.Locality;
import mesh.model.SlowStart;

/** Among which endpoints a cluster chooses, and where they are, to the model and back. */
final class BalancingMessages {

    private BalancingMessages() {}

    /** Null when there were problems. */
    static BalancingPolicy decode(mesh.v1.Balancing m, String path, Problems problems) {
        int before = problems.count();
        BalancingPolicy normal = BalancingPolicy.DEFAULT;
        Optional<SlowStart> slow = m.hasSlowStart()
            ? Optional.ofNullable(slowStart(m.getSlowStart(), path + ".slow_start", problems)) : Optional.empty();
        return problems.count() > before ? null : problems.read(path, () -> new BalancingPolicy(
            m.hasPanicThreshold() ? m.getPanicThreshold() : normal.panicThreshold(), slow,
            m.hasPreferLocal() ? m.getPreferLocal() : normal.preferLocal()));
    }

    private static SlowStart slowStart(mesh.v1.SlowStart m, String path, Problems problems) {
        int before = problems.count();
        Duration window = Values.positive(path + ".window", m.getWindow(), problems);
        return problems.count() > before ? null : problems.read(path, () -> new SlowStart(window,
            m.getAggression() == 0 ? SlowStart.DEFAULT_AGGRESSION : m.getAggression(),
            m.hasMinWeightPercent() ? m.getMinWeightPercent() : SlowStart.DEFAULT_MIN_WEIGHT));
    }

    static void encode(BalancingPolicy policy, mesh.v1.Cluster.Builder m) {
        if (policy.equals(BalancingPolicy.DEFAULT)) return;
        mesh.v1.Balancing.Builder balancing = m.getBalancingBuilder()
            .setPanicThreshold(policy.panicThreshold())
            .setPreferLocal(policy.preferLocal());
        policy.slowStart().ifPresent(slow -> balancing.setSlowStart(mesh.v1.SlowStart.newBuilder()
            .setWindow(Values.message(slow.window())).setAggression(slow.aggression()).setMinWeightPercent(slow.minWeightPercent())));
    }

    /** Empty for none, and after a problem. */
    static Optional<Locality> locality(mesh.v1.Endpoint m, String path, Problems problems) {
        return m.getLocality().isEmpty() ? Optional.empty()
            : Optional.ofNullable(problems.read(path + ".locality", () -> Locality.parse(m.getLocality())));
    }

    static void encode(Endpoint endpoint, mesh.v1.Endpoint.Builder m) {
        endpoint.locality().ifPresent(locality -> m.setLocality(locality.toString()));
        m.setPriority(endpoint.priority());
    }
}
