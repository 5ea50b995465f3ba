package mesh.proxy.upstream;

import java.util.Locale;
import org.jboss.logging.Logger;

/** Tells people, metrics and balancers how an endpoint's health checks come out. */
public final class HealthLog implements HealthChecker.Observer {

    private static final Logger LOG = Logger.getLogger(HealthChecker.class);

    private final Upstream upstream;

    public HealthLog(Upstream upstream) {
        this.upstream = upstream;
    }

    @Override
    public void onAnswer(HealthProbe.Answer answer) {
        upstream.checked(answer.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void onChange(HealthChecker.State from, HealthChecker.State to, String numbers) {
        if (to == HealthChecker.State.HEALTHY) upstream.recovered();
        upstream.healthChanged();
        if (to == HealthChecker.State.HEALTHY) LOG.infof("endpoint healthy: %s, %s", upstream, numbers);
        else LOG.warnf("endpoint unhealthy: %s, %s", upstream, numbers);
    }
}
