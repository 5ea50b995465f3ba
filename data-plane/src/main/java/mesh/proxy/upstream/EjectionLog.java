package mesh.proxy.upstream;

import java.time.Duration;
import mesh.model.Durations;
import org.jboss.logging.Logger;

/** Tells people, metrics and balancers that an endpoint was ejected, or is back. Any thread. */
public final class EjectionLog implements OutlierMonitor.Observer {

    private static final Logger LOG = Logger.getLogger(OutlierDetector.class);

    private final Upstream upstream;

    public EjectionLog(Upstream upstream) {
        this.upstream = upstream;
    }

    @Override
    public void onEjected(OutlierMonitor.Ejection ejection) {
        upstream.healthChanged();
        upstream.ejected(ejection.reason());
        LOG.warnf("endpoint ejected: %s, %s; %d of %d are out, this one for at least %s",
            upstream, ejection.numbers(), ejection.ejected(), ejection.hosts(), Durations.format(ejection.time()));
    }

    @Override
    public void onReturned(Duration after) {
        upstream.healthChanged();
        LOG.infof("endpoint returned: %s, was ejected for %s", upstream, Durations.format(after));
    }
}
