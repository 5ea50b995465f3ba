package mesh.proxy.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import mesh.model.BalancerKind;
import mesh.model.ConsistentHash;
import mesh.proxy.Allocations;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What both that go by keys promise; without a key they are as {@code random} is. */
abstract class ByKeyContract extends BalancerContract {

    private static final int KEYS = 50_000;
    private static final List<FakeCandidate> NOBODY = List.of();

    abstract BalancerKind kind();

    /** How far the share of the keys may lie from the share of the weight, of the latter. */
    abstract double unevenness();

    /** Keys that may move although neither their old nor their new owner has come or gone, of all. */
    abstract double disturbance();

    @Override
    Balancer<FakeCandidate> balancer(List<FakeCandidate> candidates) {
        return by(ConsistentHash.DEFAULT, candidates, null);
    }

    @Override
    double tolerancePercent() {
        return 25;
    }

    private Balancer<FakeCandidate> by(ConsistentHash hash, List<FakeCandidate> candidates, Balancer<FakeCandidate> before) {
        return Balancers.of(kind(), hash, candidates, shared(), before);
    }

    private static List<FakeCandidate> equal(int n) {
        int[] weights = new int[n];
        Arrays.fill(weights, 1);
        return FakeCandidate.addressed(weights);
    }

    private static long[] keys() {
        return seeded().longs(KEYS).filter(key -> key != Balancer.NO_KEY).toArray();
    }

    private static int[] owners(Balancer<FakeCandidate> balancer, List<FakeCandidate> all) {
        return Arrays.stream(keys()).mapToInt(key -> all.indexOf(balancer.pick(NOBODY, key))).toArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "1,1", "2,1", "5,1,1", "7,3,2", "10,1,1,1,1,1,1,1,1,1"})
    void givesEachKeysByItsWeight(String weights) {
        List<FakeCandidate> candidates = FakeCandidate.addressed(Arrays.stream(weights.split(",")).mapToInt(Integer::parseInt).toArray());
        double sum = candidates.stream().mapToInt(Candidate::weight).sum();
        int[] owners = owners(balancer(candidates), candidates);
        for (int i = 0; i < candidates.size(); i++) {
            int each = i;
            double share = candidates.get(i).weight() / sum;
            assertThat(Arrays.stream(owners).filter(owner -> owner == each).count() / (double) owners.length).as(candidates.get(i).name())
                .isCloseTo(share, within(share * unevenness()));
        }
    }

    @Test
    void theSameKeyHasTheSameOwnerInEveryOrderAndAfterARestart() {
        List<FakeCandidate> candidates = equal(20);
        List<FakeCandidate> turned = new ArrayList<>(candidates.subList(7, 20));
        turned.addAll(candidates.subList(0, 7));
        Balancer<FakeCandidate> one = balancer(candidates);
        Balancer<FakeCandidate> other = balancer(turned);
        for (long key : keys()) {
            FakeCandidate owner = one.pick(NOBODY, key);
            assertThat(one.pick(NOBODY, key)).isSameAs(owner);
            assertThat(other.pick(NOBODY, key)).isSameAs(owner);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 50})
    void whenOneGoesLittleMoreThanItsKeysMove(int n) {
        List<FakeCandidate> all = equal(n);
        int gone = n / 2;
        List<FakeCandidate> rest = new ArrayList<>(all);
        rest.remove(gone);
        assertMoves(owners(balancer(all), all), owners(balancer(rest), all), gone, n);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 50})
    void whenOneComesLittleMoreThanItsKeysMove(int n) {
        List<FakeCandidate> all = equal(n);
        List<FakeCandidate> before = all.subList(0, n - 1);
        assertMoves(owners(balancer(before), all), owners(balancer(all), all), n - 1, n);
    }

    private void assertMoves(int[] before, int[] after, int changed, int n) {
        int moved = 0;
        int others = 0;
        for (int i = 0; i < before.length; i++) {
            if (before[i] == after[i]) continue;
            moved++;
            if (before[i] != changed && after[i] != changed) others++;
        }
        assertThat(others / (double) before.length).as("keys that moved between others").isLessThanOrEqualTo(disturbance());
        assertThat(moved / (double) before.length).as("keys that moved").isBetween((1 - unevenness()) / n, (1 + unevenness()) / n + disturbance());
    }

    @Test
    void whileOneIsUnusableItsKeysAloneMoveAndNotAllToOne() {
        List<FakeCandidate> candidates = equal(10);
        Balancer<FakeCandidate> balancer = balancer(candidates);
        int[] before = owners(balancer, candidates);
        candidates.get(3).usable = false;
        int[] meanwhile = owners(balancer, candidates);
        assertThat(owners(balancer, candidates)).as("the same each time").isEqualTo(meanwhile);
        int[] taken = new int[candidates.size()];
        for (int i = 0; i < before.length; i++) {
            if (before[i] != 3) assertThat(meanwhile[i]).isEqualTo(before[i]);
            else taken[meanwhile[i]]++;
        }
        assertThat(taken[3]).isZero();
        double fair = Arrays.stream(taken).sum() / 9.0;
        for (int i = 0; i < taken.length; i++) {
            if (i != 3) assertThat((double) taken[i]).as("keys that %s takes over", candidates.get(i)).isCloseTo(fair, within(fair * 0.6));
        }
        candidates.get(3).usable = true;
        assertThat(owners(balancer, candidates)).isEqualTo(before);
    }

    @Test
    void findsTheOneUsableAmongManyForEveryKey() {
        List<FakeCandidate> candidates = equal(500);
        candidates.forEach(each -> each.usable = false);
        candidates.get(321).usable = true;
        Balancer<FakeCandidate> balancer = balancer(candidates);
        for (long key : Arrays.copyOf(keys(), 200)) assertThat(balancer.pick(NOBODY, key)).isSameAs(candidates.get(321));
        candidates.get(321).usable = false;
        assertThat(balancer.pick(NOBODY, 1)).isNull();
    }

    /** Most are unusable, so it is by rank: still the same for a key, and by weight. */
    @Test
    void spreadsKeysByWeightWhenHardlyAnybodyIsUsable() {
        int[] weights = new int[400];
        Arrays.fill(weights, 1);
        weights[10] = 3;
        List<FakeCandidate> candidates = FakeCandidate.addressed(weights);
        candidates.forEach(each -> each.usable = false);
        candidates.get(10).usable = true;
        candidates.get(300).usable = true;
        Balancer<FakeCandidate> balancer = balancer(candidates);
        int[] owners = owners(balancer, candidates);
        assertThat(owners(balancer, candidates)).isEqualTo(owners);
        assertThat(Arrays.stream(owners).filter(owner -> owner == 10).count() / (double) owners.length).isCloseTo(0.75, within(0.1));
    }

    @Test
    void aRetryGoesToAnotherAndAlwaysToTheSameOther() {
        List<FakeCandidate> candidates = equal(5);
        Balancer<FakeCandidate> balancer = balancer(candidates);
        for (long key : Arrays.copyOf(keys(), 500)) {
            List<FakeCandidate> tried = new ArrayList<>();
            Set<FakeCandidate> seen = new HashSet<>();
            for (int i = 0; i < 5; i++) {
                FakeCandidate next = balancer.pick(tried, key);
                assertThat(seen.add(next)).as("another one than %s", tried).isTrue();
                assertThat(balancer.pick(tried, key)).isSameAs(next);
                tried.add(next);
            }
            assertThat(balancer.pick(tried, key)).as("when all were tried, whose the key is").isSameAs(tried.get(0));
        }
    }

    /** Many requests of few keys, some long: at no moment anybody holds more than its share of what all hold, rounded up. */
    @ParameterizedTest
    @ValueSource(ints = {100, 125, 200})
    void holdsTheBoundForEveryWeight(int percent) {
        List<FakeCandidate> candidates = FakeCandidate.addressed(4, 2, 1, 1, 1, 1);
        Balancer<FakeCandidate> balancer = by(ConsistentHash.DEFAULT.withBalanceFactor(percent), candidates, null);
        Balancer<FakeCandidate> plain = balancer(candidates);
        SplittableRandom random = seeded();
        long[] keys = {11, 22, 33};
        Deque<FakeCandidate> open = new ArrayDeque<>();
        int moved = 0;
        for (int i = 0; i < 20_000; i++) {
            long key = keys[random.nextInt(keys.length)];
            FakeCandidate picked = balancer.pick(NOBODY, key);
            int held = picked.inFlight.incrementAndGet();
            open.add(picked);
            double bound = Math.ceil(percent / 100.0 * open.size() * picked.weight() / 10);
            assertThat(held).as("requests at %s of %d in all", picked, open.size()).isLessThanOrEqualTo((int) bound);
            if (picked != plain.pick(NOBODY, key)) moved++;
            if (open.size() > 100 || random.nextInt(3) == 0) open.remove().inFlight.decrementAndGet();
        }
        assertThat(moved).as("which only the bound can have moved").isPositive();
    }

    @Test
    void keepsKeysAtTheirOwnersWhileNobodyIsFull() {
        List<FakeCandidate> candidates = equal(10);
        candidates.forEach(each -> each.inFlight.set(10));
        Balancer<FakeCandidate> bounded = by(ConsistentHash.DEFAULT.withBalanceFactor(125), candidates, null);
        assertThat(owners(bounded, candidates)).isEqualTo(owners(balancer(candidates), candidates));
    }

    @Test
    void spreadsWhatAFullOneGivesAwayOverAllOthers() {
        List<FakeCandidate> candidates = equal(10);
        candidates.forEach(each -> each.inFlight.set(10));
        candidates.get(4).inFlight.set(100);
        Balancer<FakeCandidate> bounded = by(ConsistentHash.DEFAULT.withBalanceFactor(200), candidates, null);
        int[] plain = owners(balancer(candidates), candidates);
        int[] owners = owners(bounded, candidates);
        int[] taken = new int[candidates.size()];
        for (int i = 0; i < plain.length; i++) {
            if (plain[i] == 4) taken[owners[i]]++;
            else assertThat(owners[i]).isEqualTo(plain[i]);
        }
        double fair = Arrays.stream(taken).sum() / 9.0;
        assertThat(taken[4]).isZero();
        for (int i = 0; i < 10; i++) if (i != 4) assertThat((double) taken[i]).isCloseTo(fair, within(fair * 0.2));
    }

    @Test
    void aRetryKeepsToTheBoundAmongThoseThatAreLeft() {
        List<FakeCandidate> candidates = equal(3);
        Balancer<FakeCandidate> bounded = by(ConsistentHash.DEFAULT.withBalanceFactor(100), candidates, null);
        FakeCandidate first = bounded.pick(NOBODY, 7);
        FakeCandidate second = bounded.pick(List.of(first), 7);
        second.inFlight.set(5);
        assertThat(bounded.pick(List.of(first), 7)).isNotIn(first, second);
    }

    /** As after a push that changes what is said of an endpoint's health, say. */
    @Test
    void ownersAreTheSameAfterAChangeOfSomethingElse() {
        List<FakeCandidate> candidates = equal(10);
        Balancer<FakeCandidate> before = balancer(candidates);
        int[] owners = owners(before, candidates);
        assertThat(owners(by(ConsistentHash.DEFAULT, candidates, before), candidates)).isEqualTo(owners);
        List<FakeCandidate> more = equal(11);
        assertThat(owners(by(ConsistentHash.DEFAULT, more, before), more)).isEqualTo(owners(balancer(more), more));
    }

    @Test
    void fourThreadsThatPickAtOnceFindTheSameOwners() throws Exception {
        List<FakeCandidate> candidates = equal(10);
        int[] expected = owners(balancer(candidates), candidates);
        Balancer<FakeCandidate> fresh = balancer(candidates);
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try {
            List<Future<int[]>> found = new ArrayList<>();
            for (int i = 0; i < 4; i++) found.add(pool.submit(() -> owners(fresh, candidates)));
            for (Future<int[]> each : found) assertThat(each.get()).isEqualTo(expected);
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void doesNotAllocateOnAPickByKey() {
        List<FakeCandidate> candidates = FakeCandidate.addressed(4, 2, 1, 1);
        candidates.get(3).usable = false;
        List<FakeCandidate> tried = new ArrayList<>(candidates.subList(0, 1));
        Balancer<FakeCandidate> plain = balancer(candidates);
        Balancer<FakeCandidate> bounded = by(ConsistentHash.DEFAULT.withBalanceFactor(100), candidates, null);
        candidates.get(1).inFlight.set(1000);
        Runnable picks = () -> {
            for (long key = 1; key <= 1000; key++) {
                plain.pick(NOBODY, key << 50 | key);
                plain.pick(tried, key << 50 | key);
                bounded.pick(NOBODY, key << 50 | key);
                bounded.pick(tried, key << 50 | key);
            }
        };
        picks.run();
        // 4000 objects would be 64,000 bytes.
        assertThat(Allocations.least(5, picks)).isLessThan(1000);
    }
}
