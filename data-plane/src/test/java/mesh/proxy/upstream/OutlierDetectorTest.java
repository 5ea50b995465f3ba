package mesh.proxy.upstream;

import static mesh.proxy.upstream.OutlierMonitor.Reason.CONSECUTIVE_5XX;
import static mesh.proxy.upstream.OutlierMonitor.Reason.CONSECUTIVE_GATEWAY_FAILURE;
import static mesh.proxy.upstream.OutlierMonitor.Reason.CONSECUTIVE_LOCAL_ORIGIN_FAILURE;
import static mesh.proxy.upstream.OutlierMonitor.Reason.FAILURE_PERCENTAGE;
import static mesh.proxy.upstream.OutlierMonitor.Reason.SUCCESS_RATE;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import mesh.model.BreakerFailure;
import mesh.model.OutlierPolicy;
import mesh.model.OutlierPolicy.FailurePercentage;
import mesh.model.OutlierPolicy.SuccessRate;
import mesh.time.FakeClock;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;

class OutlierDetectorTest {

    private static final Duration INTERVAL = Duration.ofSeconds(10);
    private static final Duration BASE = Duration.ofSeconds(30);

    private final FakeClock clock = new FakeClock();
    private final Queue<OutlierMonitor.Ejection> ejections = new ConcurrentLinkedQueue<>();
    private final List<Duration> returns = new ArrayList<>();

    @Test
    void ejectsAtTheFifth5xxInARow() {
        List<OutlierMonitor> hosts = hosts(policy(), 10);
        OutlierMonitor bad = hosts.get(3);
        fail(bad, 4, 500);
        bad.succeeded();
        fail(bad, 4, 500);
        assertThat(bad.isEjected()).isFalse();
        fail(bad, 1, 500);

        assertThat(bad.isEjected()).isTrue();
        assertThat(ejections).containsExactly(new OutlierMonitor.Ejection(CONSECUTIVE_5XX, "5 5xx in a row", BASE, 1, 10));
        assertThat(hosts.stream().filter(OutlierMonitor::isEjected)).hasSize(1);
    }

    @Test
    void countsGrpcStatusesThatStandFor5xxAndRequestsWithoutAnAnswer() {
        for (BreakerFailure how : BreakerFailure.values()) {
            OutlierMonitor host = hosts(policy(), 10).get(0);
            for (int i = 0; i < 5; i++) host.failed(how, 0);
            assertThat(host.isEjected()).as("%s", how).isEqualTo(BreakerFailure.DEFAULT.contains(how));
        }
    }

    @Test
    void countsGatewayFailuresApartFrom500() {
        OutlierPolicy policy = policy(0, 3, false, 0, 10, Optional.empty(), Optional.empty());
        OutlierMonitor host = hosts(policy, 10).get(0);
        fail(host, 2, 503);
        fail(host, 1, 500);
        fail(host, 2, 502);
        assertThat(host.isEjected()).isFalse();
        host.failed(BreakerFailure.CONNECT_FAILURE, 0);
        assertThat(ejections).extracting(OutlierMonitor.Ejection::reason).containsExactly(CONSECUTIVE_GATEWAY_FAILURE);
    }

    @Test
    void countsWhatWasNotAnsweredApartWhereItIsSplit() {
        OutlierPolicy policy = policy(3, 3, true, 2, 20, Optional.empty(), Optional.empty());
        List<OutlierMonitor> hosts = hosts(policy, 10);
        OutlierMonitor mixed = hosts.get(0);
        for (int i = 0; i < 10; i++) {
            mixed.failed(BreakerFailure.TIMEOUT, 0);
            mixed.failed(BreakerFailure.FIVE_XX, 500);
            mixed.succeeded();
        }
        assertThat(mixed.isEjected()).isFalse();
        OutlierMonitor silent = hosts.get(1);
        silent.failed(BreakerFailure.TIMEOUT, 0);
        silent.failed(BreakerFailure.RESET, 0);
        assertThat(ejections).extracting(OutlierMonitor.Ejection::reason).containsExactly(CONSECUTIVE_LOCAL_ORIGIN_FAILURE);
    }

    @Test
    void ejectsTheShareThatIsAllowedAndNoMore() {
        List<OutlierMonitor> hosts = hosts(policy(1, 0, false, 0, 25, Optional.empty(), Optional.empty()), 11);
        for (OutlierMonitor host : hosts) fail(host, 1, 500);
        assertThat(hosts.stream().filter(OutlierMonitor::isEjected)).as("25 %% of 11").hasSize(2);
    }

    @Test
    void ejectsOneOfAFewButNeverTheOnlyOne() {
        List<OutlierMonitor> three = hosts(policy(), 3);
        for (OutlierMonitor host : three) fail(host, 5, 500);
        assertThat(three).extracting(OutlierMonitor::isEjected).containsExactly(true, false, false);
        OutlierMonitor only = hosts(policy(), 1).get(0);
        fail(only, 50, 500);
        assertThat(only.isEjected()).isFalse();
    }

    @Test
    void ejectsNoneOfAFewWhereOneIsNotAlwaysAllowed() {
        OutlierPolicy policy = new OutlierPolicy(1, 0, false, 0, INTERVAL, BASE, Duration.ofSeconds(300), Duration.ZERO, 10, false,
            Optional.empty(), Optional.empty());
        List<OutlierMonitor> nine = hosts(policy, 9);
        fail(nine.get(0), 9, 500);
        assertThat(ejections).isEmpty();
        fail(hosts(policy, 10).get(0), 1, 500);
        assertThat(ejections).hasSize(1);
    }

    @Test
    void returnsAtTheFirstIntervalAfterItsTimeAndNotBefore() {
        OutlierDetector detector = new OutlierDetector(policy(), clock, new ScriptedRandom());
        OutlierMonitor host = hosts(detector, 10).get(0);
        fail(host, 5, 500);
        clock.advance(BASE.minusNanos(1));
        detector.tick();
        assertThat(host.isEjected()).isTrue();
        clock.advance(Duration.ofNanos(1));
        assertThat(host.isEjected()).isTrue();
        detector.tick();
        assertThat(host.isEjected()).isFalse();
        assertThat(returns).containsExactly(BASE);
        fail(host, 4, 500);
        assertThat(host.isEjected()).as("what failed before is forgotten").isFalse();
    }

    @Test
    void staysOutLongerEachTimeUpToTheLongestAndIsForgivenByIntervals() {
        OutlierDetector detector = new OutlierDetector(policy(), clock, new ScriptedRandom());
        OutlierMonitor host = hosts(detector, 10).get(0);
        for (int i = 0; i < 14; i++) ejectAndReturn(detector, host);
        assertThat(returns).extracting(Duration::toSeconds)
            .containsExactly(30L, 60L, 90L, 120L, 150L, 180L, 210L, 240L, 270L, 300L, 300L, 300L, 300L, 300L);
        for (int i = 0; i < 8; i++) detector.tick();
        ejectAndReturn(detector, host);
        assertThat(returns.get(14)).as("the tenth again, less eight").isEqualTo(BASE.multipliedBy(3));
    }

    @Test
    void addsJitterByChance() {
        OutlierPolicy policy = new OutlierPolicy(1, 0, false, 0, INTERVAL, BASE, BASE, Duration.ofSeconds(5), 100, true,
            Optional.empty(), Optional.empty());
        OutlierDetector detector = new OutlierDetector(policy, clock, new java.util.SplittableRandom(1));
        for (OutlierMonitor host : hosts(detector, 100)) fail(host, 1, 500);
        assertThat(ejections).hasSize(100).allSatisfy(each -> assertThat(each.time()).isBetween(BASE, BASE.plusSeconds(5)));
        assertThat(ejections.stream().map(OutlierMonitor.Ejection::time).distinct().count()).isGreaterThan(90);
    }

    @Test
    void ejectsWhoseSuccessRateIsFarBelowTheOthers() {
        OutlierDetector detector = new OutlierDetector(policy(0, 0, false, 0, 100, Optional.of(SuccessRate.DEFAULT), Optional.empty()),
            clock, new ScriptedRandom());
        List<OutlierMonitor> hosts = hosts(detector, 6);
        for (int i = 0; i < 5; i++) share(hosts.get(i), 100, 0);
        share(hosts.get(5), 100, 20);
        detector.tick();
        // Mean 96.7, standard deviation 7.45: the threshold is 82.5.
        assertThat(ejections).containsExactly(new OutlierMonitor.Ejection(
            SUCCESS_RATE, "80.0 % of 100 succeeded, threshold 82.5 % from a mean of 96.7 %", BASE, 1, 6));
        assertThat(hosts.get(5).isEjected()).isTrue();
    }

    @Test
    void comparesOnlyWhereEnoughEndpointsHadEnoughRequestsInOneInterval() {
        OutlierDetector detector = new OutlierDetector(policy(0, 0, false, 0, 100, Optional.of(SuccessRate.DEFAULT), Optional.empty()),
            clock, new ScriptedRandom());
        List<OutlierMonitor> hosts = hosts(detector, 6);
        for (int i = 0; i < 4; i++) share(hosts.get(i), 100, 0);
        share(hosts.get(4), 99, 0);
        share(hosts.get(5), 99, 99);
        detector.tick();
        for (int i = 0; i < 4; i++) share(hosts.get(i), 100, 0);
        share(hosts.get(5), 99, 99);
        detector.tick();
        assertThat(ejections).isEmpty();
    }

    @Test
    void ejectsWhomTooLargeAShareFails() {
        OutlierDetector detector = new OutlierDetector(
            policy(0, 0, false, 0, 100, Optional.empty(), Optional.of(FailurePercentage.DEFAULT)), clock, new ScriptedRandom());
        List<OutlierMonitor> hosts = hosts(detector, 5);
        for (int i = 0; i < 3; i++) share(hosts.get(i), 1000, 849);
        share(hosts.get(3), 49, 49);
        share(hosts.get(4), 60, 51);
        detector.tick();
        assertThat(ejections).as("four hosts with 50 requests").isEmpty();
        for (int i = 0; i < 3; i++) share(hosts.get(i), 1000, 849);
        share(hosts.get(3), 50, 0);
        share(hosts.get(4), 60, 51);
        detector.tick();
        assertThat(ejections).containsExactly(
            new OutlierMonitor.Ejection(FAILURE_PERCENTAGE, "51 of 60 failed, threshold 85 %", BASE, 1, 5));
    }

    @Test
    void oneThatLeavesMakesRoomAndIsNotEjectedForWhoStillUsesIt() {
        OutlierDetector detector = new OutlierDetector(policy(), clock, new ScriptedRandom());
        List<OutlierMonitor> hosts = hosts(detector, 10);
        fail(hosts.get(0), 5, 500);
        fail(hosts.get(1), 5, 500);
        assertThat(hosts.get(1).isEjected()).isFalse();
        detector.follow(hosts.subList(1, 10));
        assertThat(detector.ejected()).isZero();
        assertThat(hosts.get(0).isEjected()).isFalse();
        fail(hosts.get(0), 5, 500);
        assertThat(hosts.get(0).isEjected()).as("it is nobody's concern any more").isFalse();
        fail(hosts.get(1), 5, 500);
        assertThat(hosts.get(1).isEjected()).isTrue();
        assertThat(detector.ejected()).isOne();
    }

    @Test
    void isExactAcrossThreads() throws Exception {
        for (int round = 0; round < 200; round++) {
            OutlierDetector detector = new OutlierDetector(policy(50, 0, false, 0, 20, Optional.empty(), Optional.empty()),
                clock, new ScriptedRandom());
            List<OutlierMonitor> hosts = hosts(detector, 10);
            ejections.clear();
            Race.of(4, thread -> {
                for (OutlierMonitor host : hosts) fail(host, 12, 500);
            });
            assertThat(ejections).as("48 of 50").isEmpty();
            Race.of(4, thread -> {
                for (OutlierMonitor host : hosts) fail(host, 1, 500);
            });
            assertThat(ejections).as("two of ten, whoever comes first").hasSize(2);
            assertThat(hosts.stream().filter(OutlierMonitor::isEjected)).hasSize(2);
            assertThat(detector.ejected()).isEqualTo(2);
        }
    }

    private void ejectAndReturn(OutlierDetector detector, OutlierMonitor host) {
        fail(host, 5, 500);
        while (host.isEjected()) {
            clock.advance(INTERVAL);
            detector.tick();
        }
    }

    private static void share(OutlierMonitor host, int requests, int failures) {
        for (int i = 0; i < requests; i++) {
            if (i < failures) host.failed(BreakerFailure.FIVE_XX, 500);
            else host.succeeded();
        }
    }

    private static void fail(OutlierMonitor host, int times, int status) {
        for (int i = 0; i < times; i++) host.failed(BreakerFailure.FIVE_XX, status);
    }

    private static OutlierPolicy policy() {
        return policy(5, 0, false, 0, 10, Optional.empty(), Optional.empty());
    }

    private static OutlierPolicy policy(
        int fiveXx, int gateway, boolean split, int local, int percent, Optional<SuccessRate> rate, Optional<FailurePercentage> share) {
        return new OutlierPolicy(fiveXx, gateway, split, local, INTERVAL, BASE, Duration.ofSeconds(300), Duration.ZERO, percent, true, rate, share);
    }

    private List<OutlierMonitor> hosts(OutlierPolicy policy, int count) {
        return hosts(new OutlierDetector(policy, clock, new ScriptedRandom()), count);
    }

    private List<OutlierMonitor> hosts(OutlierDetector detector, int count) {
        List<OutlierMonitor> hosts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            hosts.add(detector.watch(new OutlierMonitor.Observer() {
                @Override
                public void onEjected(OutlierMonitor.Ejection ejection) {
                    ejections.add(ejection);
                }

                @Override
                public void onReturned(Duration after) {
                    returns.add(after);
                }
            }));
        }
        detector.follow(hosts);
        return hosts;
    }
}
