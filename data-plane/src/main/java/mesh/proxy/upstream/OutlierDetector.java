package mesh.proxy.upstream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import mesh.model.OutlierPolicy;
import mesh.model.OutlierPolicy.FailurePercentage;
import mesh.model.OutlierPolicy.SuccessRate;
import mesh.proxy.loop.ProxyLoop;
import mesh.proxy.loop.TimerWheel;
import mesh.time.Ticker;

/**
 * Leaves endpoints of one cluster out for a while that do worse than they should: Envoy's outlier detection. Failures in a row eject at once,
 * on the loop that saw the last; shares are compared, and ejected endpoints return, when an interval ends. Lives on through configurations
 * that keep the policy.
 *
 * <p>Shared by all event loops, without a lock. Intervals end on one of them.
 */
public final class OutlierDetector {

    private final OutlierPolicy policy;
    private final Ticker ticker;
    private final RandomGenerator random;
    private final AtomicInteger ejected = new AtomicInteger();
    private volatile List<OutlierMonitor> monitors = List.of();

    /** What runs it, and on which loop; the one it was begun on. */
    private volatile Intervals intervals;

    /** @param random any thread may call it */
    public OutlierDetector(OutlierPolicy policy, Ticker ticker, RandomGenerator random) {
        this.policy = policy;
        this.ticker = ticker;
        this.random = random;
    }

    /** The monitor of a new endpoint, which counts as one of the cluster's once {@link #follow} has named it. */
    public OutlierMonitor watch(OutlierMonitor.Observer observer) {
        return new OutlierMonitor(this, policy, observer);
    }

    /** These are the cluster's endpoints now. One thread at a time. */
    void follow(List<OutlierMonitor> named) {
        Set<OutlierMonitor> left = new HashSet<>(monitors);
        named.forEach(left::remove);
        monitors = List.copyOf(named);
        for (OutlierMonitor each : left) {
            if (each.leave()) ejected.decrementAndGet();
        }
    }

    /** Endpoints that are out now. */
    public int ejected() {
        return ejected.get();
    }

    /** Ends intervals on that loop from now on. Once. */
    void begin(ProxyLoop loop) {
        intervals = new Intervals(loop);
        loop.executor().execute(intervals::begin);
    }

    /** No interval ends any more, and nobody is watched. */
    public void end() {
        follow(List.of());
        Intervals running = intervals;
        if (running != null) running.loop.executor().execute(running::end);
    }

    boolean isBegun() {
        return intervals != null;
    }

    // What ejects.

    void eject(OutlierMonitor monitor, OutlierMonitor.Reason reason, String numbers) {
        if (monitor.isEjected()) return;
        int hosts = monitors.size();
        int out = tryTakeOut(mostOut(hosts));
        if (out == 0) return;
        long jitterNanos = policy.maxEjectionTimeJitter().toNanos();
        Duration jitter = jitterNanos == 0 ? Duration.ZERO : Duration.ofNanos(random.nextLong(jitterNanos + 1));
        Duration time = monitor.tryEject(ticker.nanos(), jitter);
        if (time == null) ejected.decrementAndGet();
        else monitor.onEjected(new OutlierMonitor.Ejection(reason, numbers, time, out, hosts));
    }

    private int mostOut(int hosts) {
        int share = (int) ((long) hosts * policy.maxEjectionPercent() / 100);
        return share == 0 && policy.alwaysEjectOneHost() && hosts > 1 ? 1 : share;
    }

    /** How many are out with this one, or 0 when that would be too many. */
    private int tryTakeOut(int most) {
        while (true) {
            int out = ejected.get();
            if (out >= most) return 0;
            if (ejected.compareAndSet(out, out + 1)) return out + 1;
        }
    }

    /** An interval is over. */
    void tick() {
        long now = ticker.nanos();
        List<Rated> rated = new ArrayList<>();
        for (OutlierMonitor each : monitors) {
            if (each.tick(now)) ejected.decrementAndGet();
            OutlierMonitor.Share share = each.takeShare();
            if (!each.isEjected() && share.requests() > 0) rated.add(new Rated(each, share));
        }
        policy.successRate().ifPresent(detector -> bySuccessRate(detector, rated));
        policy.failurePercentage().ifPresent(detector -> byFailurePercentage(detector, rated));
    }

    private record Rated(OutlierMonitor monitor, OutlierMonitor.Share share) {}

    private void bySuccessRate(SuccessRate detector, List<Rated> all) {
        List<Rated> busy = busy(all, detector.requestVolume());
        if (busy.size() < detector.minimumHosts()) return;
        double mean = busy.stream().mapToDouble(each -> each.share.successPercent()).average().orElseThrow();
        double variance = busy.stream().mapToDouble(each -> Math.pow(each.share.successPercent() - mean, 2)).average().orElseThrow();
        double threshold = mean - Math.sqrt(variance) * detector.stdevFactor() / 1000;
        for (Rated each : busy) {
            if (each.share.successPercent() < threshold) {
                eject(each.monitor, OutlierMonitor.Reason.SUCCESS_RATE, String.format(Locale.ROOT,
                    "%.1f %% of %d succeeded, threshold %.1f %% from a mean of %.1f %%",
                    each.share.successPercent(), each.share.requests(), threshold, mean));
            }
        }
    }

    private void byFailurePercentage(FailurePercentage detector, List<Rated> all) {
        List<Rated> busy = busy(all, detector.requestVolume());
        if (busy.size() < detector.minimumHosts()) return;
        for (Rated each : busy) {
            if (100 - each.share.successPercent() >= detector.threshold()) {
                eject(each.monitor, OutlierMonitor.Reason.FAILURE_PERCENTAGE, String.format(Locale.ROOT,
                    "%d of %d failed, threshold %d %%", each.share.failures(), each.share.requests(), detector.threshold()));
            }
        }
    }

    private static List<Rated> busy(List<Rated> all, int volume) {
        return all.stream().filter(each -> each.share.requests() >= volume).toList();
    }

    /** The timer; on its loop only. */
    private final class Intervals extends TimerWheel.Timeout {

        private final ProxyLoop loop;
        private boolean ended;

        Intervals(ProxyLoop loop) {
            this.loop = loop;
        }

        void begin() {
            if (!ended) loop.timers().set(this, policy.interval().toNanos());
        }

        void end() {
            ended = true;
            loop.timers().cancel(this);
        }

        @Override
        protected void expire() {
            begin();
            tick();
        }
    }
}
