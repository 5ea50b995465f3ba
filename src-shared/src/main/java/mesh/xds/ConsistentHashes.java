package mesh.xds;

import com.google.protobuf.UInt64Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CommonLbConfig.ConsistentHashingLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.MaglevLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.RingHashLbConfig;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.RingHashLbConfig.HashFunction;
import java.util.Set;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;

/** How a cluster spreads keys, in Envoy's own fields. */
final class ConsistentHashes {

    private static final String RING = "ring_hash_lb_config", TABLE = "maglev_lb_config", COMMON = "common_lb_config",
        BALANCE = "consistent_hashing_lb_config";

    private ConsistentHashes() {}

    static void encode(BalancerKind kind, ConsistentHash hash, Cluster.Builder message) {
        if (kind == BalancerKind.RING_HASH) message.setRingHashLbConfig(ring(hash));
        if (kind == BalancerKind.MAGLEV) message.setMaglevLbConfig(MaglevLbConfig.newBuilder().setTableSize(UInt64Value.of(hash.tableSize())));
        if (hash.balanceFactor() != 0) {
            message.getCommonLbConfigBuilder().setConsistentHashingLbConfig(
                ConsistentHashingLbConfig.newBuilder().setHashBalanceFactor(Wire.uint32(hash.balanceFactor())));
        }
    }

    static RingHashLbConfig ring(ConsistentHash hash) {
        return RingHashLbConfig.newBuilder()
            .setMinimumRingSize(UInt64Value.of(hash.minRingSize()))
            .setMaximumRingSize(UInt64Value.of(hash.maxRingSize()))
            .build();
    }

    /** @param kind null after a problem, which this then returns too */
    static ConsistentHash decode(Cluster message, BalancerKind kind, Reading reading) {
        if (kind == null) return null;
        belongs(message.hasRingHashLbConfig(), RING, kind == BalancerKind.RING_HASH, kind, reading);
        belongs(message.hasMaglevLbConfig(), TABLE, kind == BalancerKind.MAGLEV, kind, reading);
        ConsistentHash normal = ConsistentHash.DEFAULT;
        RingHashLbConfig ring = message.getRingHashLbConfig();
        Reading atRing = reading.at(RING);
        atRing.only(ring, Set.of("minimum_ring_size", "maximum_ring_size", "hash_function"));
        if (ring.getHashFunction() != HashFunction.XX_HASH) atRing.at("hash_function").unexpected(ring.getHashFunctionValue(), "XX_HASH");
        MaglevLbConfig table = message.getMaglevLbConfig();
        reading.at(TABLE).only(table, Set.of("table_size"));
        return reading.check(() -> new ConsistentHash(
            ring.hasMinimumRingSize() ? size(ring.getMinimumRingSize()) : normal.minRingSize(),
            ring.hasMaximumRingSize() ? size(ring.getMaximumRingSize()) : normal.maxRingSize(),
            table.hasTableSize() ? size(table.getTableSize()) : normal.tableSize(),
            balance(message.getCommonLbConfig(), kind, reading.at(COMMON))));
    }

    private static int balance(CommonLbConfig common, BalancerKind kind, Reading reading) {
        belongs(common.hasConsistentHashingLbConfig(), BALANCE, kind.byKey(), kind, reading);
        ConsistentHashingLbConfig config = common.getConsistentHashingLbConfig();
        reading.at(BALANCE).only(config, Set.of("hash_balance_factor"));
        return config.getHashBalanceFactor().getValue();
    }

    private static void belongs(boolean given, String field, boolean heeded, BalancerKind kind, Reading reading) {
        if (given && !heeded) reading.at(field).problem("is set (expected: absent, beside balancer " + kind.text() + ")");
    }

    /** What is too large for us to count is too large for the record as well. */
    private static int size(UInt64Value value) {
        return value.getValue() < 0 ? Integer.MAX_VALUE : (int) Math.min(value.getValue(), Integer.MAX_VALUE);
    }
}
