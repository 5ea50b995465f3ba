package mesh.config;

import java.time.Duration;
import java.util.Optional;
import mesh.model.HealthPolicy;
import mesh.model.OutlierPolicy;
import mesh.model.OutlierPolicy.FailurePercentage;
import mesh.model.OutlierPolicy.SuccessRate;

/** How a cluster finds out which of its endpoints are well: keys of the cluster itself. */
final class HealthForm {

    private HealthForm() {}

    static HealthPolicy cluster(Section s) {
        return new HealthPolicy(s.section("outlierDetection").map(HealthForm::outliers), s.section("healthCheck").map(HealthCheckForm::read));
    }

    private static OutlierPolicy outliers(Section s) {
        OutlierPolicy normal = OutlierPolicy.DEFAULT;
        int fiveXx = s.integer("consecutive5xx", normal.consecutive5xx(), 0, OutlierPolicy.MOST);
        int gateway = s.integer("consecutiveGatewayFailure", normal.consecutiveGatewayFailure(), 0, OutlierPolicy.MOST);
        boolean split = Boolean.TRUE.equals(s.flag("splitLocalOriginErrors", normal.splitLocalOriginErrors()));
        int local = s.integer("consecutiveLocalOriginFailure", normal.consecutiveLocalOriginFailure(), 0, OutlierPolicy.MOST);
        if (!split) {
            s.refuse("consecutiveLocalOriginFailure", "without splitLocalOriginErrors", "splitLocalOriginErrors: true beside it");
        }
        Duration interval = s.duration("interval", normal.interval(), false);
        Duration base = s.duration("baseEjectionTime", normal.baseEjectionTime(), false);
        Duration max = s.duration("maxEjectionTime", normal.maxEjectionTime(), false);
        Duration jitter = s.duration("maxEjectionTimeJitter", normal.maxEjectionTimeJitter(), true);
        int percent = s.integer("maxEjectionPercent", normal.maxEjectionPercent(), 0, 100);
        boolean one = Boolean.TRUE.equals(s.flag("alwaysEjectOneHost", normal.alwaysEjectOneHost()));
        Optional<SuccessRate> rate = s.section("successRate").map(HealthForm::successRate).orElse(normal.successRate());
        Optional<FailurePercentage> share = s.section("failurePercentage").map(HealthForm::failurePercentage).orElse(normal.failurePercentage());
        s.end();
        return s.make(() -> new OutlierPolicy(fiveXx, gateway, split, local, interval, base, max, jitter, percent, one, rate, share));
    }

    private static Optional<SuccessRate> successRate(Section s) {
        SuccessRate normal = SuccessRate.DEFAULT;
        boolean enabled = enabled(s);
        int hosts = s.integer("minimumHosts", normal.minimumHosts(), 1, OutlierPolicy.MOST);
        int volume = s.integer("requestVolume", normal.requestVolume(), 1, OutlierPolicy.MOST);
        int factor = s.integer("stdevFactor", normal.stdevFactor(), 0, OutlierPolicy.MOST);
        s.end();
        return enabled ? Optional.ofNullable(s.make(() -> new SuccessRate(hosts, volume, factor))) : Optional.empty();
    }

    private static Optional<FailurePercentage> failurePercentage(Section s) {
        FailurePercentage normal = FailurePercentage.DEFAULT;
        boolean enabled = enabled(s);
        int threshold = s.integer("threshold", normal.threshold(), 0, 100);
        int hosts = s.integer("minimumHosts", normal.minimumHosts(), 1, OutlierPolicy.MOST);
        int volume = s.integer("requestVolume", normal.requestVolume(), 1, OutlierPolicy.MOST);
        s.end();
        return enabled ? Optional.ofNullable(s.make(() -> new FailurePercentage(threshold, hosts, volume))) : Optional.empty();
    }

    /** A detector that has a section of its own is on unless it says otherwise. */
    private static boolean enabled(Section s) {
        return !Boolean.FALSE.equals(s.flag("enabled", true));
    }
}
