package mesh.proxy.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyTableTest {

    private static final ConsistentHash NORMAL = ConsistentHash.DEFAULT;

    /** Where an Envoy has the points of 127.0.0.1:90 to :95, as its own tests say. */
    @Test
    void aRingsPointsAreAnEnvoys() {
        HashRing ring = (HashRing) KeyTable.Plan.of(BalancerKind.RING_HASH, NORMAL.withRing(2, 1024), ports(90, 91, 92, 93, 94, 95)).make();
        String[] points = {"833437586790550860", "928266305478181108", "1033482794131418490", "3551244743356806947", "3851675632748031481",
            "5583722120771150861", "6311230543546372928", "7700377290971790572", "13144177310400110813", "13444792449719432967",
            "15516499411664133160", "16117243373044804889"};
        int[] owners = {4, 2, 0, 5, 3, 1, 1, 3, 5, 2, 4, 0};
        assertThat(ring.size()).isEqualTo(12);
        for (int i = 0; i < points.length; i++) {
            long point = Long.parseUnsignedLong(points[i]);
            assertThat(ring.owner(ring.place(point))).as("at point %s", points[i]).isEqualTo(owners[i]);
            assertThat(ring.owner(ring.place(point + 1))).as("just after point %s", points[i]).isEqualTo(owners[(i + 1) % owners.length]);
        }
    }

    @Test
    void aMaglevTableIsAnEnvoys() {
        KeyTable table = KeyTable.Plan.of(BalancerKind.MAGLEV, NORMAL.withTable(7), ports(90, 91, 92, 93, 94, 95)).make();
        assertThat(IntStream.range(0, 7).map(table::owner)).containsExactly(2, 4, 0, 1, 5, 0, 3);
        assertThat(table.place(15)).isEqualTo(1);
        assertThat(table.place(-1)).as("of 2^64 - 1").isEqualTo(1);
    }

    /** The listing of the paper's section 3.4, with whole permutations, beside ours, which keeps none. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 100, 250})
    void aMaglevTableIsThePapers(int n) {
        int size = 251;
        List<FakeCandidate> candidates = equal(n);
        KeyTable table = KeyTable.Plan.of(BalancerKind.MAGLEV, NORMAL.withTable(size), candidates).make();
        assertThat(IntStream.range(0, size).map(table::owner).toArray()).isEqualTo(listing(candidates, size));
    }

    private static int[] listing(List<FakeCandidate> candidates, int size) {
        int n = candidates.size();
        int[][] permutation = new int[n][size];
        for (int i = 0; i < n; i++) {
            byte[] name = candidates.get(i).name().getBytes(StandardCharsets.UTF_8);
            long offset = Long.remainderUnsigned(XxHash64.of(name, 0, name.length, 0), size);
            long skip = Long.remainderUnsigned(XxHash64.of(name, 0, name.length, 1), size - 1) + 1;
            for (int j = 0; j < size; j++) permutation[i][j] = (int) ((offset + j * skip) % size);
        }
        int[] order = IntStream.range(0, n).boxed().sorted(Comparator.comparing(i -> candidates.get(i).name())).mapToInt(i -> i).toArray();
        int[] next = new int[n];
        int[] entry = new int[size];
        Arrays.fill(entry, -1);
        for (int filled = 0; ; ) {
            for (int i : order) {
                int c = permutation[i][next[i]];
                while (entry[c] >= 0) c = permutation[i][++next[i]];
                entry[c] = i;
                next[i]++;
                if (++filled == size) return entry;
            }
        }
    }

    /** An Envoy gives 6 and 11 of 17 places to weights 1 and 2, its own tests say. */
    @Test
    void aMaglevTableOfUnequalWeightsIsAnEnvoys() {
        List<FakeCandidate> candidates = List.of(FakeCandidate.at("127.0.0.1:90", 1), FakeCandidate.at("127.0.0.1:91", 2));
        KeyTable table = KeyTable.Plan.of(BalancerKind.MAGLEV, NORMAL.withTable(17), candidates).make();
        assertThat(places(table, 2)).containsExactly(6, 11);
        assertThat(IntStream.range(0, 3).map(table::owner)).containsExactly(1, 0, 0);
    }

    @Test
    void aMaglevTableGivesEachPlacesByItsWeight() {
        KeyTable table = KeyTable.Plan.of(BalancerKind.MAGLEV, NORMAL, FakeCandidate.addressed(5, 1, 1, 3)).make();
        int[] places = places(table, 4);
        assertThat(places[0] / 65_537.0).isCloseTo(0.5, within(0.001));
        assertThat(places[1] / 65_537.0).isCloseTo(0.1, within(0.001));
        assertThat(places[2] / 65_537.0).isCloseTo(0.1, within(0.001));
        assertThat(places[3] / 65_537.0).isCloseTo(0.3, within(0.001));
    }

    @Test
    void aRingGivesEachPointsByItsWeight() {
        assertThat(places(ring(100, 10_000, 5, 1, 1, 3), 4)).containsExactly(500, 100, 100, 300);
        assertThat(places(ring(100, 10_000, 100, 75), 2)).as("by a power of two, so that another weight changes only its own")
            .containsExactly(156, 117);
        assertThat(places(ring(100, 10_000, 100, 127), 2)).containsExactly(156, 198);
    }

    @Test
    void aRingHasNoMorePointsThanTheMaximumButForOneEach() {
        assertThat(places(ring(100, 150, 1, 1), 2)).containsExactly(75, 75);
        assertThat(places(ring(100, 100, 3, 3, 1), 3)).containsExactly(43, 43, 14);
        assertThat(places(ring(1, 1000, 1000, 1), 2)).containsExactly(1000, 1);
    }

    private static KeyTable ring(int min, int max, int... weights) {
        return KeyTable.Plan.of(BalancerKind.RING_HASH, NORMAL.withRing(min, max), FakeCandidate.addressed(weights)).make();
    }

    private static int[] places(KeyTable table, int candidates) {
        int[] places = new int[candidates];
        for (int i = 0; i < table.size(); i++) places[table.owner(i)]++;
        return places;
    }

    private static List<FakeCandidate> ports(int... ports) {
        return Arrays.stream(ports).mapToObj(port -> FakeCandidate.at("127.0.0.1:" + port, 1)).toList();
    }

    private static List<FakeCandidate> equal(int n) {
        int[] weights = new int[n];
        Arrays.fill(weights, 1);
        return FakeCandidate.addressed(weights);
    }
}
