package mesh.control.rollout;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import mesh.control.stream.SidecarRegistry.Sidecar;

/** How the leader sees one wave: until all that were given it have acknowledged it, and from then on for as long as it bakes. One thread. */
final class WaveWatch {

    /** Of fewer requests a share says nothing. */
    private static final int FEWEST = 20;

    private final Wave wave;
    private Instant bakesSince;

    WaveWatch(Wave wave) {
        this.wave = wave;
    }

    /**
     * What there is to see at a moment.
     *
     * @param applied how many of those that were given it have acknowledged it
     * @param reason  why it has to end; "" when it may go on
     */
    record Sight(int applied, boolean bakes, boolean baked, String reason) {}

    boolean isOf(Wave other) {
        return wave.isSame(other);
    }

    /**
     * Looks.
     *
     * @param all  sidecars of every replica
     * @param lost those whose replica is gone and that have not come to another one: they may have it, or be about to get it
     */
    Sight look(List<Sidecar> all, List<Sidecar> lost, TrafficSeen seen, Instant now) {
        List<Sidecar> theirs = all.stream().filter(each -> wave.concerns(each.node())).toList();
        List<Sidecar> connected = theirs.stream().filter(Sidecar::connected).toList();
        int applied = (int) connected.stream().filter(each -> each.acknowledgedVersion() >= wave.version()).count();
        boolean awaited = lost.stream().anyMatch(each -> wave.concerns(each.node()));
        if (bakesSince == null && applied == connected.size() && !awaited) {
            bakesSince = now;
        }
        boolean baked = bakesSince != null && !now.isBefore(bakesSince.plus(wave.plan().bake()));
        return new Sight(applied, bakesSince != null, baked, reason(theirs, seen));
    }

    private String reason(List<Sidecar> theirs, TrafficSeen seen) {
        RolloutPlan plan = wave.plan();
        if (plan.onRejection()) {
            for (Sidecar each : theirs) {
                if (each.rejection().filter(rejection -> rejection.version() >= wave.target()).isPresent()) {
                    return "rejections: " + each.node() + ": " + each.rejection().get().message();
                }
            }
        }
        if (seen.requests() < FEWEST) {
            return "";
        }
        if (seen.errorRate() > plan.mostErrors()) {
            return String.format(Locale.ROOT, "error-rate: %.1f%% of %d requests failed (expected: at most %s%%)", seen.errorRate(), seen.requests(),
                text(plan.mostErrors()));
        }
        if (!plan.mostP99().isZero() && seen.p99().compareTo(plan.mostP99()) > 0) {
            return "p99: " + seen.p99().toMillis() + "ms of " + seen.requests() + " requests (expected: at most " + plan.mostP99().toMillis() + "ms)";
        }
        return "";
    }

    private static String text(double percent) {
        return percent == Math.rint(percent) ? Long.toString((long) percent) : Double.toString(percent);
    }
}
