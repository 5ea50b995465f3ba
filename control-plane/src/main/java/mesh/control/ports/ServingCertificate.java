package mesh.control.ports;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mesh.pki.Svid;
import org.jboss.logging.Logger;

/** Keeps the TLS port's certificate young: a new one, with a new key, when half of its life is over. */
public final class ServingCertificate {

    private static final Logger LOG = Logger.getLogger(ServingCertificate.class);

    private final Supplier<Svid> issue;
    private final InstantSource clock;
    private final ServingKey key;
    private Instant renewAt;

    /** Issues the first one at once. */
    public ServingCertificate(Supplier<Svid> issue, InstantSource clock) {
        this.issue = issue;
        this.clock = clock;
        this.key = new ServingKey(issue.get());
        this.renewAt = half(key.current());
    }

    public ServingKey key() {
        return key;
    }

    /** Looks again and again. In steps, and not once at the right moment, because a machine may sleep and a clock be set. */
    public void keepYoung(ScheduledExecutorService executor, Duration step) {
        executor.scheduleWithFixedDelay(this::renewIfDue, step.toMillis(), step.toMillis(), TimeUnit.MILLISECONDS);
    }

    void renewIfDue() {
        if (!clock.instant().isBefore(renewAt)) {
            renew();
        }
    }

    /** A failure leaves the old one, which has half of its life left for further tries. */
    public synchronized void renew() {
        try {
            Svid next = issue.get();
            key.replace(next);
            renewAt = half(next);
            LOG.infof("serving certificate renewed, until %s", next.leaf().getNotAfter().toInstant());
        } catch (RuntimeException e) {
            LOG.errorf("serving certificate not renewed, the old one is good until %s: %s",
                key.current().leaf().getNotAfter().toInstant(), e.getMessage());
        }
    }

    private Instant half(Svid svid) {
        Instant now = clock.instant();
        return now.plus(Duration.between(now, svid.leaf().getNotAfter().toInstant()).dividedBy(2));
    }
}
