package mesh.control.messages;

import java.time.Duration;
import java.util.Optional;
import mesh.model.HealthPolicy;
import mesh.model.OutlierPolicy;
import mesh.model.OutlierPolicy.FailurePercentage;
import mesh.model.OutlierPolicy.SuccessRate;
import mesh.v1.FailurePercentageDetector;
import mesh.v1.OutlierDetection;
import mesh.v1.SuccessRateDetector;

/** How a cluster finds out which of its endpoints are well, to the model and back. */
final class HealthMessages {

    private HealthMessages() {}

    static HealthPolicy decode(mesh.v1.Cluster m, String path, Problems problems) {
        return new HealthPolicy(m.hasOutlierDetection()
            ? Optional.ofNullable(outliers(m.getOutlierDetection(), path + ".outlier_detection", problems)) : Optional.empty(),
            m.hasHealthCheck()
            ? Optional.ofNullable(HealthCheckMessages.decode(m.getHealthCheck(), path + ".health_check", problems)) : Optional.empty());
    }

    private static OutlierPolicy outliers(OutlierDetection m, String path, Problems problems) {
        OutlierPolicy normal = OutlierPolicy.DEFAULT;
        int before = problems.count();
        Duration interval = positive(m.hasInterval(), path + ".interval", m.getInterval(), normal.interval(), problems);
        Duration base = positive(m.hasBaseEjectionTime(), path + ".base_ejection_time", m.getBaseEjectionTime(), normal.baseEjectionTime(), problems);
        Duration max = positive(m.hasMaxEjectionTime(), path + ".max_ejection_time", m.getMaxEjectionTime(), normal.maxEjectionTime(), problems);
        Duration jitter = Values.notNegative(path + ".max_ejection_time_jitter", m.hasMaxEjectionTimeJitter(), m.getMaxEjectionTimeJitter(),
            normal.maxEjectionTimeJitter(), problems);
        if (problems.count() > before) {
            return null;
        }
        return problems.read(path, () -> new OutlierPolicy(
            m.hasConsecutive5Xx() ? m.getConsecutive5Xx() : normal.consecutive5xx(),
            m.getConsecutiveGatewayFailure(),
            m.getSplitLocalOriginErrors(),
            m.hasConsecutiveLocalOriginFailure() ? m.getConsecutiveLocalOriginFailure() : normal.consecutiveLocalOriginFailure(),
            interval, base, max, jitter,
            m.hasMaxEjectionPercent() ? m.getMaxEjectionPercent() : normal.maxEjectionPercent(),
            m.hasAlwaysEjectOneHost() ? m.getAlwaysEjectOneHost() : normal.alwaysEjectOneHost(),
            m.hasSuccessRate() ? successRate(m.getSuccessRate()) : normal.successRate(),
            m.hasFailurePercentage() ? Optional.of(failurePercentage(m.getFailurePercentage())) : normal.failurePercentage()));
    }

    private static Optional<SuccessRate> successRate(SuccessRateDetector m) {
        SuccessRate normal = SuccessRate.DEFAULT;
        return m.getDisabled() ? Optional.empty() : Optional.of(new SuccessRate(
            orNormal(m.getMinimumHosts(), normal.minimumHosts()),
            orNormal(m.getRequestVolume(), normal.requestVolume()),
            m.hasStdevFactor() ? m.getStdevFactor() : normal.stdevFactor()));
    }

    private static FailurePercentage failurePercentage(FailurePercentageDetector m) {
        FailurePercentage normal = FailurePercentage.DEFAULT;
        return new FailurePercentage(
            m.hasThreshold() ? m.getThreshold() : normal.threshold(),
            orNormal(m.getMinimumHosts(), normal.minimumHosts()),
            orNormal(m.getRequestVolume(), normal.requestVolume()));
    }

    private static int orNormal(int value, int normal) {
        return value == 0 ? normal : value;
    }

    private static Duration positive(boolean present, String path, com.google.protobuf.Duration message, Duration normal, Problems problems) {
        return present ? Values.positive(path, message, problems) : normal;
    }

    static void encode(HealthPolicy health, mesh.v1.Cluster.Builder m) {
        health.outliers().ifPresent(outliers -> m.setOutlierDetection(encode(outliers)));
        health.check().ifPresent(check -> m.setHealthCheck(HealthCheckMessages.encode(check)));
    }

    private static OutlierDetection encode(OutlierPolicy policy) {
        OutlierDetection.Builder m = OutlierDetection.newBuilder()
            .setConsecutive5Xx(policy.consecutive5xx())
            .setConsecutiveGatewayFailure(policy.consecutiveGatewayFailure())
            .setSplitLocalOriginErrors(policy.splitLocalOriginErrors())
            .setConsecutiveLocalOriginFailure(policy.consecutiveLocalOriginFailure())
            .setInterval(Values.message(policy.interval()))
            .setBaseEjectionTime(Values.message(policy.baseEjectionTime()))
            .setMaxEjectionTime(Values.message(policy.maxEjectionTime()))
            .setMaxEjectionTimeJitter(Values.message(policy.maxEjectionTimeJitter()))
            .setMaxEjectionPercent(policy.maxEjectionPercent())
            .setAlwaysEjectOneHost(policy.alwaysEjectOneHost())
            .setSuccessRate(policy.successRate().map(rate -> SuccessRateDetector.newBuilder()
                .setMinimumHosts(rate.minimumHosts())
                .setRequestVolume(rate.requestVolume())
                .setStdevFactor(rate.stdevFactor()))
                .orElse(SuccessRateDetector.newBuilder().setDisabled(true)));
        policy.failurePercentage().ifPresent(share -> m.setFailurePercentage(FailurePercentageDetector.newBuilder()
            .setThreshold(share.threshold())
            .setMinimumHosts(share.minimumHosts())
            .setRequestVolume(share.requestVolume())));
        return m.build();
    }
}
