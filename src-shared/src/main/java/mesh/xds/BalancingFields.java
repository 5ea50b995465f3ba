package mesh.xds;

import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LeastRequestLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.RoundRobinLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.SlowStartConfig;
import io.envoyproxy.envoy.config.core.v3.RuntimeDouble;
import io.envoyproxy.envoy.type.v3.Percent;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.SlowStart;
import mesh.v1.Balancing;
import mesh.v1.ClusterPolicy;

/**
 * Among which endpoints a cluster chooses, in Envoy's own fields. It has none for whether near endpoints come first, since that takes a
 * cluster of its own kind there, nor for the slow start of a random balancer; those travel as {@code mesh.v1.Balancing}.
 */
final class BalancingFields {

    private BalancingFields() {}

    static void encode(BalancerKind kind, BalancingPolicy policy, Cluster.Builder message) {
        if (policy.panicThreshold() != BalancingPolicy.DEFAULT_PANIC) {
            message.getCommonLbConfigBuilder().setHealthyPanicThreshold(Percent.newBuilder().setValue(policy.panicThreshold()));
        }
        policy.slowStart().map(BalancingFields::encode).ifPresent(slow -> {
            switch (kind) {
                case ROUND_ROBIN -> message.setRoundRobinLbConfig(RoundRobinLbConfig.newBuilder().setSlowStartConfig(slow));
                case LEAST_CONN, PEAK_EWMA -> message.setLeastRequestLbConfig(LeastRequestLbConfig.newBuilder().setSlowStartConfig(slow));
                case RANDOM, RING_HASH, MAGLEV -> { }
            }
        });
    }

    private static SlowStartConfig encode(SlowStart slow) {
        return SlowStartConfig.newBuilder()
            .setSlowStartWindow(Wire.duration(slow.window()))
            .setAggression(RuntimeDouble.newBuilder().setDefaultValue(slow.aggression()).setRuntimeKey("mesh.slow_start.aggression"))
            .setMinWeightPercent(Percent.newBuilder().setValue(slow.minWeightPercent()))
            .build();
    }

    /** Adds to it what Envoy's own fields do not say. */
    static void encode(BalancerKind kind, BalancingPolicy policy, ClusterPolicy.Builder ours) {
        if (!policy.preferLocal()) ours.getBalancingBuilder().setPreferLocal(false);
        if (kind != BalancerKind.RANDOM) return;
        policy.slowStart().ifPresent(slow -> ours.getBalancingBuilder().setSlowStart(mesh.v1.SlowStart.newBuilder()
            .setWindow(Wire.duration(slow.window())).setAggression(slow.aggression()).setMinWeightPercent(slow.minWeightPercent())));
    }

    /** Null after a problem. @param kind null after one, too */
    static BalancingPolicy decode(Cluster message, BalancerKind kind, Balancing ours, Reading reading) {
        belongs(message.hasRoundRobinLbConfig(), "round_robin_lb_config", kind == BalancerKind.ROUND_ROBIN, kind, reading);
        belongs(message.hasLeastRequestLbConfig(), "least_request_lb_config",
            kind == BalancerKind.LEAST_CONN || kind == BalancerKind.PEAK_EWMA, kind, reading);
        Optional<SlowStart> slow = slowStart(message, ours, reading);
        Reading common = reading.at("common_lb_config");
        common.only(message.getCommonLbConfig(), Set.of("healthy_panic_threshold", "consistent_hashing_lb_config"));
        int panic = message.getCommonLbConfig().hasHealthyPanicThreshold()
            ? percent(message.getCommonLbConfig().getHealthyPanicThreshold(), common.at("healthy_panic_threshold"))
            : BalancingPolicy.DEFAULT_PANIC;
        return reading.check(() -> new BalancingPolicy(panic, slow, !ours.hasPreferLocal() || ours.getPreferLocal()));
    }

    private static void belongs(boolean given, String field, boolean heeded, BalancerKind kind, Reading reading) {
        if (given && !heeded && kind != null) reading.at(field).problem("is set (expected: absent, beside balancer " + kind.text() + ")");
    }

    private static Optional<SlowStart> slowStart(Cluster message, Balancing ours, Reading reading) {
        Reading robin = reading.at("round_robin_lb_config");
        robin.only(message.getRoundRobinLbConfig(), Set.of("slow_start_config"));
        Reading least = reading.at("least_request_lb_config");
        least.only(message.getLeastRequestLbConfig(), Set.of("slow_start_config"));
        if (message.getRoundRobinLbConfig().hasSlowStartConfig()) {
            return decode(message.getRoundRobinLbConfig().getSlowStartConfig(), robin.at("slow_start_config"));
        }
        if (message.getLeastRequestLbConfig().hasSlowStartConfig()) {
            return decode(message.getLeastRequestLbConfig().getSlowStartConfig(), least.at("slow_start_config"));
        }
        return ours.hasSlowStart() ? decode(ours.getSlowStart(), MeshPolicy.at(reading).at("balancing").at("slow_start")) : Optional.empty();
    }

    private static Optional<SlowStart> decode(SlowStartConfig config, Reading reading) {
        reading.only(config, Set.of("slow_start_window", "aggression", "min_weight_percent"));
        Duration window = reading.at("slow_start_window").duration(config.getSlowStartWindow(), Duration.ZERO);
        double aggression = config.hasAggression() ? config.getAggression().getDefaultValue() : SlowStart.DEFAULT_AGGRESSION;
        int least = config.hasMinWeightPercent()
            ? percent(config.getMinWeightPercent(), reading.at("min_weight_percent")) : SlowStart.DEFAULT_MIN_WEIGHT;
        return Optional.ofNullable(reading.check(() -> new SlowStart(window, aggression, least)));
    }

    private static Optional<SlowStart> decode(mesh.v1.SlowStart config, Reading reading) {
        Duration window = reading.at("window").duration(config.getWindow(), Duration.ZERO);
        double aggression = config.getAggression() == 0 ? SlowStart.DEFAULT_AGGRESSION : config.getAggression();
        int least = config.hasMinWeightPercent() ? config.getMinWeightPercent() : SlowStart.DEFAULT_MIN_WEIGHT;
        return Optional.ofNullable(reading.check(() -> new SlowStart(window, aggression, least)));
    }

    private static int percent(Percent percent, Reading reading) {
        int whole = (int) percent.getValue();
        if (whole != percent.getValue() || whole < 0 || whole > 100) reading.unexpected(percent.getValue(), "a whole number from 0 to 100");
        return Math.max(0, Math.min(100, whole));
    }
}
