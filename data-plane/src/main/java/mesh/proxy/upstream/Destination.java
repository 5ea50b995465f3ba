package mesh.proxy.upstream;

import java.util.List;
import mesh.model.BreakerFailure;
import mesh.model.EndpointHealth;
import mesh.proxy.balancer.Levels;

/**
 * An {@link Upstream} as one configuration sees it; what balancers choose among. Shared by all event loops.
 *
 * @param upstream the live endpoint, the same through many configurations
 * @param weight   at least 1
 * @param settings how it is connected to
 * @param breaker  null for none; the same through configurations as long as its policy is
 * @param peak     null unless its cluster's balancer asks for latencies
 * @param outlier  null unless its cluster ejects outliers; the same through configurations as long as the policy is
 * @param known    what the configuration says of its health
 * @param checker  null unless it is asked whether it is well; the same through configurations as long as that is asked in the same way
 * @param place    which of the cluster's endpoints come before it
 * @param warmUp   null unless new endpoints are brought in slowly; the same through configurations as long as that policy is
 * @param inPanic  whether what is known of its health is ignored
 */
public record Destination(
    Upstream upstream, int weight, ConnectSettings settings, CircuitBreaker breaker, PeakLatency peak, OutlierMonitor outlier,
    EndpointHealth known, HealthChecker checker, Place place, WarmUp warmUp, boolean inPanic) implements Levels.Member<Destination> {

    /** One that nobody ejects, and nobody asks how it is. */
    public Destination(Upstream upstream, int weight, ConnectSettings settings, CircuitBreaker breaker, PeakLatency peak) {
        this(upstream, weight, settings, breaker, peak, null, EndpointHealth.HEALTHY, null, Place.ANYWHERE, null, false);
    }

    /** The same under the eyes of a monitor. */
    public Destination with(OutlierMonitor monitor) {
        return new Destination(upstream, weight, settings, breaker, peak, monitor, known, checker, place, warmUp, inPanic);
    }

    public Destination with(EndpointHealth health) {
        return new Destination(upstream, weight, settings, breaker, peak, outlier, health, checker, place, warmUp, inPanic);
    }

    public Destination with(HealthChecker asking) {
        return new Destination(upstream, weight, settings, breaker, peak, outlier, known, asking, place, warmUp, inPanic);
    }

    public Destination at(Place other, WarmUp newness) {
        return new Destination(upstream, weight, settings, breaker, peak, outlier, known, checker, other, newness, inPanic);
    }

    @Override
    public Destination as(int weighing, boolean ignoringHealth) {
        return weighing == weight && ignoringHealth == inPanic ? this
            : new Destination(upstream, weighing, settings, breaker, peak, outlier, known, checker, place, warmUp, ignoringHealth);
    }

    @Override
    public Object identity() {
        return upstream;
    }

    /** Whether one of them is the same endpoint. */
    public boolean isAmong(List<Destination> others) {
        for (int i = 0, n = others.size(); i < n; i++) {
            if (others.get(i).upstream == upstream) return true;
        }
        return false;
    }

    @Override
    public int level() {
        return place.level();
    }

    @Override
    public double share() {
        return warmUp == null ? 1 : warmUp.share();
    }

    /** What {@link #tryAcquire} gives when there is no breaker to ask. */
    private static final long NO_BREAKER = -1;

    @Override
    public String name() {
        return upstream.address().toString();
    }

    @Override
    public int inFlight() {
        return upstream.inFlight();
    }

    @Override
    public double latency() {
        return peak == null ? 0 : peak.nanos();
    }

    /** Whether anybody wants to know how long it takes. */
    public boolean isTimed() {
        return peak != null;
    }

    /** Whether anybody wants to know how well a gRPC call has ended, which only its trailers say. */
    public boolean isJudged() {
        return breaker != null || peak != null || outlier != null;
    }

    /** A try has been answered, or has failed, after so many nanoseconds. */
    public void answered(long nanos, boolean failed) {
        if (peak == null) return;
        if (failed) peak.failed(nanos);
        else peak.answered(nanos);
    }

    @Override
    public boolean usable() {
        return (inPanic ? !isDraining() : isHealthy()) && (breaker == null || breaker.usable());
    }

    @Override
    public boolean isDraining() {
        return known == EndpointHealth.DRAINING;
    }

    @Override
    public boolean isHealthy() {
        return known == EndpointHealth.HEALTHY && (outlier == null || !outlier.isEjected()) && (checker == null || checker.isHealthy());
    }

    /** The breaker's permit for one request, which one of the three below ends; 0 when refused. */
    public long tryAcquire() {
        return breaker == null ? NO_BREAKER : breaker.tryAcquire();
    }

    public void succeeded(long permit) {
        if (breaker != null) breaker.succeeded(permit);
        if (outlier != null) outlier.succeeded();
    }

    /** @param status of the answer, where there was one */
    public void failed(long permit, BreakerFailure how, int status) {
        if (breaker != null) breaker.failed(permit, how);
        if (outlier != null) outlier.failed(how, status);
    }

    public void ignored(long permit) {
        if (breaker != null) breaker.ignored(permit);
    }
}
