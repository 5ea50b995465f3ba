package mesh.xds;

import com.google.protobuf.BoolValue;
import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.cluster.v3.OutlierDetection;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import mesh.model.OutlierPolicy;
import mesh.model.OutlierPolicy.FailurePercentage;
import mesh.model.OutlierPolicy.SuccessRate;

/**
 * Outlier ejection as Envoy has it. A detector that is on is enforced to 100 %, one that is off to 0 %; Envoy's shares in between are
 * refused, and so are its detectors of local errors by share, which this proxy has not got.
 */
final class OutlierDetections {

    private static final Set<String> FIELDS = Set.of("consecutive_5xx", "enforcing_consecutive_5xx", "consecutive_gateway_failure",
        "enforcing_consecutive_gateway_failure", "split_external_local_origin_errors", "consecutive_local_origin_failure",
        "enforcing_consecutive_local_origin_failure", "enforcing_local_origin_success_rate", "enforcing_failure_percentage_local_origin",
        "interval", "base_ejection_time", "max_ejection_time", "max_ejection_time_jitter", "max_ejection_percent", "always_eject_one_host",
        "enforcing_success_rate", "success_rate_minimum_hosts", "success_rate_request_volume", "success_rate_stdev_factor",
        "enforcing_failure_percentage", "failure_percentage_threshold", "failure_percentage_minimum_hosts",
        "failure_percentage_request_volume", "successful_active_health_check_uneject_host");
    private static final UInt32Value ON = Wire.uint32(100);
    private static final UInt32Value OFF = Wire.uint32(0);

    private OutlierDetections() {}

    static OutlierDetection encode(OutlierPolicy policy) {
        OutlierDetection.Builder message = OutlierDetection.newBuilder()
            .setEnforcingConsecutive5Xx(enforcing(policy.consecutive5xx() > 0))
            .setEnforcingConsecutiveGatewayFailure(enforcing(policy.consecutiveGatewayFailure() > 0))
            .setEnforcingSuccessRate(enforcing(policy.successRate().isPresent()))
            .setEnforcingFailurePercentage(enforcing(policy.failurePercentage().isPresent()))
            .setInterval(Wire.duration(policy.interval()))
            .setBaseEjectionTime(Wire.duration(policy.baseEjectionTime()))
            .setMaxEjectionTime(Wire.duration(policy.maxEjectionTime()))
            .setMaxEjectionTimeJitter(Wire.duration(policy.maxEjectionTimeJitter()))
            .setMaxEjectionPercent(Wire.uint32(policy.maxEjectionPercent()))
            .setAlwaysEjectOneHost(BoolValue.of(policy.alwaysEjectOneHost()))
            .setSuccessfulActiveHealthCheckUnejectHost(BoolValue.of(false));
        if (policy.consecutive5xx() > 0) message.setConsecutive5Xx(Wire.uint32(policy.consecutive5xx()));
        if (policy.consecutiveGatewayFailure() > 0) message.setConsecutiveGatewayFailure(Wire.uint32(policy.consecutiveGatewayFailure()));
        if (policy.splitLocalOriginErrors()) {
            message.setSplitExternalLocalOriginErrors(true)
                .setEnforcingConsecutiveLocalOriginFailure(enforcing(policy.consecutiveLocalOriginFailure() > 0))
                .setEnforcingLocalOriginSuccessRate(OFF);
            if (policy.consecutiveLocalOriginFailure() > 0) {
                message.setConsecutiveLocalOriginFailure(Wire.uint32(policy.consecutiveLocalOriginFailure()));
            }
        }
        policy.successRate().ifPresent(rate -> message
            .setSuccessRateMinimumHosts(Wire.uint32(rate.minimumHosts()))
            .setSuccessRateRequestVolume(Wire.uint32(rate.requestVolume()))
            .setSuccessRateStdevFactor(Wire.uint32(rate.stdevFactor())));
        policy.failurePercentage().ifPresent(share -> message
            .setFailurePercentageThreshold(Wire.uint32(share.threshold()))
            .setFailurePercentageMinimumHosts(Wire.uint32(share.minimumHosts()))
            .setFailurePercentageRequestVolume(Wire.uint32(share.requestVolume())));
        return message.build();
    }

    private static UInt32Value enforcing(boolean on) {
        return on ? ON : OFF;
    }

    /** Null after a problem. */
    static OutlierPolicy decode(OutlierDetection m, Reading reading) {
        reading.only(m, FIELDS);
        OutlierPolicy normal = OutlierPolicy.DEFAULT;
        boolean split = m.getSplitExternalLocalOriginErrors();
        int fiveXx = inARow(m.hasEnforcingConsecutive5Xx(), m.getEnforcingConsecutive5Xx(), true, "enforcing_consecutive_5xx",
            m.hasConsecutive5Xx(), m.getConsecutive5Xx(), reading);
        int gateway = inARow(m.hasEnforcingConsecutiveGatewayFailure(), m.getEnforcingConsecutiveGatewayFailure(), false,
            "enforcing_consecutive_gateway_failure", m.hasConsecutiveGatewayFailure(), m.getConsecutiveGatewayFailure(), reading);
        int local = inARow(m.hasEnforcingConsecutiveLocalOriginFailure(), m.getEnforcingConsecutiveLocalOriginFailure(), true,
            "enforcing_consecutive_local_origin_failure", m.hasConsecutiveLocalOriginFailure(), m.getConsecutiveLocalOriginFailure(), reading);
        if (split && (!m.hasEnforcingLocalOriginSuccessRate() || m.getEnforcingLocalOriginSuccessRate().getValue() != 0)) {
            reading.at("enforcing_local_origin_success_rate").problem("is not 0 (expected: 0; this proxy does not have it)");
        }
        if (m.getEnforcingFailurePercentageLocalOrigin().getValue() != 0) {
            reading.at("enforcing_failure_percentage_local_origin").problem("is not 0 (expected: 0; this proxy does not have it)");
        }
        boolean byRate = isOn(m.hasEnforcingSuccessRate(), m.getEnforcingSuccessRate(), true, reading.at("enforcing_success_rate"));
        boolean byShare = isOn(m.hasEnforcingFailurePercentage(), m.getEnforcingFailurePercentage(), false,
            reading.at("enforcing_failure_percentage"));
        Duration interval = m.hasInterval() ? reading.at("interval").duration(m.getInterval(), normal.interval()) : normal.interval();
        Duration base = m.hasBaseEjectionTime()
            ? reading.at("base_ejection_time").duration(m.getBaseEjectionTime(), normal.baseEjectionTime()) : normal.baseEjectionTime();
        // Envoy's rule: where only the base is given, and is longer than 300 s, it is also the longest.
        Duration longest = base.compareTo(normal.maxEjectionTime()) > 0 ? base : normal.maxEjectionTime();
        Duration max = m.hasMaxEjectionTime() ? reading.at("max_ejection_time").duration(m.getMaxEjectionTime(), longest) : longest;
        Duration jitter = m.hasMaxEjectionTimeJitter()
            ? reading.at("max_ejection_time_jitter").duration(m.getMaxEjectionTimeJitter(), Duration.ZERO) : Duration.ZERO;
        int percent = or(m.hasMaxEjectionPercent(), m.getMaxEjectionPercent(), normal.maxEjectionPercent());
        SuccessRate rate = SuccessRate.DEFAULT;
        FailurePercentage share = FailurePercentage.DEFAULT;
        return reading.check(() -> new OutlierPolicy(fiveXx, gateway, split, split ? local : normal.consecutiveLocalOriginFailure(), interval,
            base, max, jitter, percent, m.getAlwaysEjectOneHost().getValue(),
            !byRate ? Optional.empty() : Optional.of(new SuccessRate(
                or(m.hasSuccessRateMinimumHosts(), m.getSuccessRateMinimumHosts(), rate.minimumHosts()),
                or(m.hasSuccessRateRequestVolume(), m.getSuccessRateRequestVolume(), rate.requestVolume()),
                or(m.hasSuccessRateStdevFactor(), m.getSuccessRateStdevFactor(), rate.stdevFactor()))),
            !byShare ? Optional.empty() : Optional.of(new FailurePercentage(
                or(m.hasFailurePercentageThreshold(), m.getFailurePercentageThreshold(), share.threshold()),
                or(m.hasFailurePercentageMinimumHosts(), m.getFailurePercentageMinimumHosts(), share.minimumHosts()),
                or(m.hasFailurePercentageRequestVolume(), m.getFailurePercentageRequestVolume(), share.requestVolume())))));
    }

    /** Five where it is on and says no number. */
    private static int inARow(
        boolean says, UInt32Value enforcing, boolean normal, String field, boolean counts, UInt32Value count, Reading reading) {
        return isOn(says, enforcing, normal, reading.at(field)) ? or(counts, count, 5) : 0;
    }

    private static boolean isOn(boolean says, UInt32Value enforcing, boolean normal, Reading at) {
        if (!says) return normal;
        if (enforcing.getValue() != 0 && enforcing.getValue() != 100) {
            at.unexpected(Integer.toUnsignedString(enforcing.getValue()), "0 or 100");
        }
        return enforcing.getValue() != 0;
    }

    private static int or(boolean present, UInt32Value value, int normal) {
        return present ? value.getValue() : normal;
    }
}
