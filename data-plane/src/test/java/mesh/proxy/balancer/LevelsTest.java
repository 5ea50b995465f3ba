package mesh.proxy.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.BalancerKind;
import mesh.model.BalancingPolicy;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.SlowStart;
import mesh.proxy.Allocations;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LevelsTest {

    private static final int MANY = 20_000;
    private static final Duration WINDOW = Duration.ofSeconds(100);

    private final FakeClock clock = new FakeClock();
    private final AtomicInteger changes = new AtomicInteger();
    private final AtomicInteger panics = new AtomicInteger();
    private final List<Host> hosts = new ArrayList<>();

    /** What a test says of an endpoint. */
    private static final class Host {
        final int level;
        boolean draining;
        boolean healthy = true;
        boolean breakerOpen;
        double share = 1;
        int sharesAsked;
        int picks;

        Host(int level) {
            this.level = level;
        }
    }

    private record Member(Host host, int weight, boolean inPanic) implements Levels.Member<Member> {

        @Override
        public String name() {
            return Integer.toString(System.identityHashCode(host));
        }

        @Override
        public int level() {
            return host.level;
        }

        @Override
        public boolean isDraining() {
            return host.draining;
        }

        @Override
        public boolean isHealthy() {
            return host.healthy && !host.draining;
        }

        @Override
        public double share() {
            host.sharesAsked++;
            return host.share;
        }

        @Override
        public Member as(int weighing, boolean ignoringHealth) {
            return new Member(host, weighing, ignoringHealth);
        }

        @Override
        public Object identity() {
            return host;
        }

        @Override
        public int inFlight() {
            return 0;
        }

        @Override
        public double latency() {
            return 1e6;
        }

        @Override
        public boolean usable() {
            return (inPanic ? !host.draining : isHealthy()) && !host.breakerOpen;
        }
    }

    @ParameterizedTest
    @EnumSource
    void goesToTheFirstLevelWhileItCanCarryEverything(BalancerKind kind) {
        Levels<Member> levels = levels(kind, BalancingPolicy.DEFAULT, 0, 0, 0, 0, 4, 4);
        hosts.get(0).healthy = false;
        changed();
        pick(levels, MANY);
        assertThat(picks(4)).isZero();
        assertThat(hosts.get(0).picks).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void spillsOverInProportion(BalancerKind kind) {
        Levels<Member> levels = levels(kind, BalancingPolicy.DEFAULT, 0, 0, 0, 0, 4, 4);
        hosts.get(0).healthy = false;
        hosts.get(1).healthy = false;
        changed();
        pick(levels, MANY);
        assertThat(picks(0) * 100.0 / MANY).isCloseTo(70, within(2.0));
        assertThat(hosts.get(2).picks * 100.0 / MANY).isCloseTo(35, within(2.0));
        assertThat(panics.get()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void ignoresHealthBelowTheThresholdButNotBreakersNorWhoIsAboutToGo(BalancerKind kind) {
        Levels<Member> levels = levels(kind, BalancingPolicy.DEFAULT, 0, 0, 0, 0, 0, 0);
        hosts.get(5).draining = true;
        hosts.get(0).healthy = false;
        hosts.get(1).healthy = false;
        changed();
        pick(levels, MANY);
        assertThat(hosts.get(0).picks).as("3 of 5 are healthy").isZero();
        assertThat(panics.get()).isZero();

        hosts.get(2).healthy = false;
        hosts.get(1).breakerOpen = true;
        changed();
        pick(levels, MANY);
        assertThat(hosts.get(0).picks).as("2 of 5 are").isCloseTo(MANY / 4, within(MANY / 50));
        assertThat(hosts.get(1).picks).as("its breaker is open").isZero();
        assertThat(hosts.get(5).picks).as("it is draining").isZero();
        assertThat(panics.get()).isEqualTo(MANY);

        hosts.get(2).healthy = true;
        changed();
        int before = hosts.get(0).picks;
        pick(levels, MANY);
        assertThat(hosts.get(0).picks).isEqualTo(before);
        assertThat(panics.get()).isEqualTo(MANY);
    }

    @Test
    void picksNobodyWhenNoneIsHealthyAndThereIsNoPanic() {
        Levels<Member> levels = levels(BalancerKind.ROUND_ROBIN, BalancingPolicy.DEFAULT.withPanicThreshold(0), 0, 4);
        hosts.forEach(each -> each.healthy = false);
        changed();
        assertThat(levels.pick(List.of(), Balancer.NO_KEY)).isNull();
        assertThat(levels(BalancerKind.ROUND_ROBIN, BalancingPolicy.DEFAULT).pick(List.of(), Balancer.NO_KEY)).isNull();
    }

    @Test
    void goesOnToAnotherLevelWhenEveryBreakerIsOpenOrEverybodyWasTried() {
        Levels<Member> levels = levels(BalancerKind.LEAST_CONN, BalancingPolicy.DEFAULT, 0, 4);
        Member near = levels.pick(List.of(), Balancer.NO_KEY);
        assertThat(near.host.level).isZero();
        Member far = levels.pick(List.of(near), Balancer.NO_KEY);
        assertThat(far.host.level).isEqualTo(4);
        assertThat(levels.pick(List.of(near, far), Balancer.NO_KEY).host.level).as("all tried: the first again").isZero();
        hosts.get(0).breakerOpen = true;
        assertThat(levels.pick(List.of(), Balancer.NO_KEY).host.level).isEqualTo(4);
    }

    @ParameterizedTest
    @EnumSource(names = {"ROUND_ROBIN", "LEAST_CONN", "RANDOM", "PEAK_EWMA"})
    void aNewOneGetsWhatItsWeightHasGrownTo(BalancerKind kind) {
        BalancingPolicy slow = BalancingPolicy.DEFAULT.withSlowStart(SlowStart.over(WINDOW));
        Levels<Member> levels = levels(kind, slow, 0, 0, 0);
        Host fresh = hosts.get(2);
        fresh.share = 0.5;
        changed();
        pick(levels, MANY);
        // The better of two that hold nothing goes by what is drawn: weights count for the first draw, and again for the cost.
        if (kind != BalancerKind.PEAK_EWMA) assertThat(fresh.picks * 100.0 / MANY).isCloseTo(20, within(1.0));
        assertThat(fresh.picks * 100.0 / MANY).isBetween(10.0, 24.0);

        fresh.share = 1;
        clock.advance(WINDOW.dividedBy(100).minusNanos(1));
        fresh.sharesAsked = 0;
        levels.pick(List.of(), Balancer.NO_KEY);
        assertThat(fresh.sharesAsked).as("before the step is over").isZero();
        clock.advance(Duration.ofNanos(1));
        fresh.picks = 0;
        pick(levels, MANY);
        assertThat(fresh.sharesAsked).as("at its end, and not again").isEqualTo(1);
        assertThat(fresh.picks * 100.0 / MANY).isCloseTo(100.0 / 3, within(2.0));
    }

    @Test
    void aRetryKnowsWhomItHasTriedThoughWeightsHaveChangedMeanwhile() {
        Levels<Member> levels = levels(BalancerKind.ROUND_ROBIN, BalancingPolicy.DEFAULT.withSlowStart(SlowStart.over(WINDOW)), 0, 0);
        Member first = levels.pick(List.of(), Balancer.NO_KEY);
        hosts.get(0).share = 0.3;
        changed();
        for (int i = 0; i < 100; i++) assertThat(levels.pick(List.of(first), Balancer.NO_KEY).host).isNotSameAs(first.host);
    }

    @Test
    void picksWithoutAllocating() {
        Levels<Member> levels = levels(BalancerKind.LEAST_CONN, BalancingPolicy.DEFAULT, 0, 0, 4);
        hosts.get(0).healthy = false;
        changed();
        assertThat(Allocations.least(20, () -> {
            for (int i = 0; i < 10_000; i++) levels.pick(List.of(), Balancer.NO_KEY);
        })).isLessThan(1_000);
    }

    private Levels<Member> levels(BalancerKind kind, BalancingPolicy policy, int... ofHosts) {
        hosts.clear();
        for (int level : ofHosts) hosts.add(new Host(level));
        SplittableRandom seeded = new SplittableRandom(11);
        Cluster cluster = new Cluster("payments", kind, Optional.empty(), Optional.empty(), ConnectionPolicy.DEFAULT).withBalancing(policy);
        return new Levels<>(cluster, hosts.stream().map(host -> new Member(host, 1, false)).toList(), changes::get, clock, seeded,
            panics::incrementAndGet, null);
    }

    private void changed() {
        changes.incrementAndGet();
    }

    private static void pick(Levels<Member> levels, int times) {
        for (int i = 0; i < times; i++) levels.pick(List.of(), Balancer.NO_KEY).host.picks++;
    }

    private int picks(int level) {
        return hosts.stream().filter(each -> each.level == level).mapToInt(each -> each.picks).sum();
    }
}
