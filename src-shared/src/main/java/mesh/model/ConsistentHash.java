package mesh.model;

/**
 * How a balancer that goes by keys spreads them over the endpoints. The names and the defaults are Envoy's.
 *
 * @param minRingSize   places on the ring of {@code ring_hash}, 1 to 8,388,608: so many for the lightest endpoint, in an Envoy for all of them
 * @param maxRingSize   places at most, {@code minRingSize} to 8,388,608
 * @param tableSize     places in the table of {@code maglev}, a prime from 2 to 5,000,011
 * @param balanceFactor of either: no endpoint gets more than this percentage of its share of what is in flight, 100 to 10,000; 0 for off, so
 *                      that a key's endpoint is its endpoint whatever the others do
 */
public record ConsistentHash(int minRingSize, int maxRingSize, int tableSize, int balanceFactor) {

    public static final int MOST_RING = 8 << 20;
    public static final int MOST_TABLE = 5_000_011;
    public static final int MOST_BALANCE = 10_000;
    public static final ConsistentHash DEFAULT = new ConsistentHash(1024, MOST_RING, 65_537, 0);

    public ConsistentHash {
        Checks.range("minimum ring size", minRingSize, 1, MOST_RING);
        Checks.range("maximum ring size", maxRingSize, minRingSize, MOST_RING);
        Checks.range("hash table size", tableSize, 2, MOST_TABLE);
        for (int i = 2; (long) i * i <= tableSize; i++) {
            if (tableSize % i == 0) {
                throw new IllegalArgumentException("hash table size: " + tableSize + ", which " + i + " divides (expected: a prime)");
            }
        }
        if (balanceFactor != 0) Checks.range("hash balance factor", balanceFactor, 100, MOST_BALANCE);
    }

    public ConsistentHash withRing(int min, int max) {
        return new ConsistentHash(min, max, tableSize, balanceFactor);
    }

    public ConsistentHash withTable(int size) {
        return new ConsistentHash(minRingSize, maxRingSize, size, balanceFactor);
    }

    public ConsistentHash withBalanceFactor(int percent) {
        return new ConsistentHash(minRingSize, maxRingSize, tableSize, percent);
    }

    /** Refuses what that balancer would not heed. */
    void checkFits(String cluster, BalancerKind kind) {
        boolean ring = minRingSize != DEFAULT.minRingSize || maxRingSize != DEFAULT.maxRingSize;
        fits(cluster, kind, "ring sizes", ring, kind == BalancerKind.RING_HASH, "ring_hash");
        fits(cluster, kind, "a table size", tableSize != DEFAULT.tableSize, kind == BalancerKind.MAGLEV, "maglev");
        fits(cluster, kind, "a hash balance factor", balanceFactor != 0, kind.byKey(), "ring_hash or maglev");
    }

    private static void fits(String cluster, BalancerKind kind, String what, boolean given, boolean heeded, String expected) {
        if (given && !heeded) {
            throw new IllegalArgumentException(
                "cluster \"" + cluster + "\": " + what + " beside balancer " + kind.text() + " (expected: balancer " + expected + ")");
        }
    }
}
