package mesh.proxy.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import mesh.model.BreakerFailure;
import mesh.model.OutlierPolicy;
import mesh.time.FakeClock;
import org.junit.jupiter.api.Test;

/** The detector beside a plain description of what it should do, through thousands of random outcomes, intervals, and comings and goings. */
class OutlierModelTest {

    /** What one endpoint should be, with everything looked up and nothing shared. */
    private static final class Expected {
        int fiveXx;
        int gateway;
        int requests;
        int failures;
        int times;
        boolean out;
        Duration until;
    }

    private final FakeClock clock = new FakeClock();
    private Duration now = Duration.ZERO;
    private final List<OutlierMonitor> hosts = new ArrayList<>();
    private final List<Expected> model = new ArrayList<>();
    private int ejections;
    private int expectedEjections;

    @Test
    void doesWhatItsDescriptionSays() {
        int all = 0;
        for (int seed = 0; seed < 300; seed++) {
            all += run(new SplittableRandom(seed), seed);
        }
        assertThat(all).as("ejections, without which this says nothing").isGreaterThan(3000);
    }

    private int run(SplittableRandom random, int seed) {
        OutlierPolicy policy = new OutlierPolicy(random.nextInt(4), random.nextInt(3), false, 5, Duration.ofSeconds(1 + random.nextInt(10)),
            Duration.ofSeconds(1 + random.nextInt(20)), Duration.ofSeconds(20 + random.nextInt(60)), Duration.ZERO, random.nextInt(101),
            random.nextBoolean(), Optional.empty(),
            random.nextBoolean() ? Optional.of(new OutlierPolicy.FailurePercentage(random.nextInt(101), 1 + random.nextInt(3), 1 + random.nextInt(9)))
                : Optional.empty());
        OutlierDetector detector = new OutlierDetector(policy, clock, random);
        hosts.clear();
        model.clear();
        ejections = 0;
        expectedEjections = 0;
        for (int i = random.nextInt(1, 12); i > 0; i--) add(detector);
        for (int step = 0; step < 500; step++) {
            String did = step(random, detector, policy);
            assertThat(hosts.stream().map(OutlierMonitor::isEjected).toList()).as("seed %d, step %d: %s; %s", seed, step, did, policy)
                .isEqualTo(model.stream().map(each -> each.out).toList());
            assertThat(detector.ejected()).isEqualTo((int) model.stream().filter(each -> each.out).count());
            assertThat(ejections).isEqualTo(expectedEjections);
        }
        return ejections;
    }

    private String step(SplittableRandom random, OutlierDetector detector, OutlierPolicy policy) {
        int which = random.nextInt(hosts.size());
        switch (random.nextInt(12)) {
            case 0 -> {
                clock.advance(policy.interval());
                now = now.plus(policy.interval());
                detector.tick();
                expectTick(policy);
                return "interval";
            }
            case 1 -> {
                if (random.nextInt(4) > 0) return "nothing";
                if (random.nextBoolean() || hosts.size() == 1) {
                    add(detector);
                } else {
                    hosts.remove(which);
                    model.remove(which);
                    detector.follow(hosts);
                }
                return "push";
            }
            case 2, 3, 4 -> {
                hosts.get(which).succeeded();
                Expected host = model.get(which);
                host.fiveXx = host.gateway = 0;
                host.requests++;
                return which + " succeeded";
            }
            case 5, 6, 7 -> {
                hosts.get(which).failed(BreakerFailure.FIVE_XX, 500);
                expectFailure(model.get(which), false, policy);
                return which + " 500";
            }
            default -> {
                hosts.get(which).failed(random.nextBoolean() ? BreakerFailure.RESET : BreakerFailure.UNAVAILABLE, 0);
                expectFailure(model.get(which), true, policy);
                return which + " gateway";
            }
        }
    }

    private void expectFailure(Expected host, boolean gateway, OutlierPolicy policy) {
        host.requests++;
        host.failures++;
        host.gateway = gateway ? host.gateway + 1 : 0;
        host.fiveXx++;
        if (policy.consecutiveGatewayFailure() > 0 && host.gateway == policy.consecutiveGatewayFailure()) {
            host.gateway = 0;
            expectEjection(host, policy);
        }
        if (policy.consecutive5xx() > 0 && host.fiveXx == policy.consecutive5xx()) {
            host.fiveXx = 0;
            expectEjection(host, policy);
        }
    }

    private void expectEjection(Expected host, OutlierPolicy policy) {
        long out = model.stream().filter(each -> each.out).count();
        boolean room = (out + 1) * 100 <= (long) policy.maxEjectionPercent() * model.size();
        if (policy.alwaysEjectOneHost() && out == 0 && model.size() > 1) room = true;
        if (host.out || !room) return;
        Duration max = policy.maxEjectionTime();
        Duration before = policy.baseEjectionTime().multipliedBy(host.times);
        if (before.compareTo(max) < 0) host.times++;
        Duration time = policy.baseEjectionTime().multipliedBy(host.times);
        host.out = true;
        host.until = now.plus(time.compareTo(max) > 0 ? max : time);
        expectedEjections++;
    }

    private void expectTick(OutlierPolicy policy) {
        for (Expected host : model) {
            if (!host.out) {
                host.times = Math.max(0, host.times - 1);
            } else if (host.until.compareTo(now) <= 0) {
                host.out = false;
                host.fiveXx = host.gateway = host.requests = host.failures = 0;
            }
        }
        policy.failurePercentage().ifPresent(detector -> {
            List<Expected> busy = model.stream().filter(each -> !each.out && each.requests >= detector.requestVolume()).toList();
            if (busy.size() < detector.minimumHosts()) return;
            busy.stream().filter(each -> each.failures * 100 >= detector.threshold() * each.requests).forEach(each -> expectEjection(each, policy));
        });
        model.forEach(host -> host.requests = host.failures = 0);
    }

    private void add(OutlierDetector detector) {
        hosts.add(detector.watch(new OutlierMonitor.Observer() {
            @Override
            public void onEjected(OutlierMonitor.Ejection ejection) {
                ejections++;
            }

            @Override
            public void onReturned(Duration after) {}
        }));
        model.add(new Expected());
        detector.follow(hosts);
    }
}
