package mesh.control.discovery;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import mesh.model.EndpointDiscovery;
import org.jboss.logging.Logger;

/**
 * Asks for the records of each cluster again when their time to live is over. While name servers fail or say nothing the endpoints stay what they
 * were; a name that is gone takes them away when that has been said {@value #CONFIRMED} times in a row, because a name server that loads its zone
 * says it too. On the timer's thread alone.
 */
final class DnsFollower {

    /** A time to live that is shorter, or longer, is taken for this. */
    static final Duration SHORTEST = Duration.ofSeconds(1);
    static final Duration LONGEST = Duration.ofHours(1);
    /** After a failure, doubled with each that follows. */
    static final Duration RETRY = Duration.ofSeconds(1);
    static final Duration LONGEST_RETRY = Duration.ofSeconds(30);
    /** Until it is sure that a name is gone, and while another replica leads. */
    static final Duration PERIOD = Duration.ofSeconds(5);
    static final int CONFIRMED = 3;

    private static final Logger LOG = Logger.getLogger(DnsFollower.class);

    private final DnsSource source;
    private final EndpointSink sink;
    private final BooleanSupplier leads;
    private final ScheduledExecutorService timer;
    private final DiscoveryMetrics metrics;
    private final Map<String, Followed> followed = new HashMap<>();

    DnsFollower(DnsSource source, EndpointSink sink, BooleanSupplier leads, ScheduledExecutorService timer, DiscoveryMetrics metrics) {
        this.source = source;
        this.sink = sink;
        this.leads = leads;
        this.timer = timer;
        this.metrics = metrics;
    }

    /** Follows these and no others; those that it follows already go on. */
    void follow(Map<String, EndpointDiscovery.Dns> clusters) {
        followed.entrySet().removeIf(each -> {
            boolean over = !each.getValue().what.equals(clusters.get(each.getKey()));
            if (over) each.getValue().stop();
            return over;
        });
        clusters.forEach((cluster, what) -> {
            if (!followed.containsKey(cluster)) {
                Followed one = new Followed(cluster, what);
                followed.put(cluster, one);
                one.ask();
            }
        });
    }

    private final class Followed {

        private final String cluster;
        private final EndpointDiscovery.Dns what;
        private Future<?> next;
        private boolean stopped;
        private int failures;
        private int gone;
        private String trouble = "";

        Followed(String cluster, EndpointDiscovery.Dns what) {
            this.cluster = cluster;
            this.what = what;
        }

        void stop() {
            stopped = true;
            if (next != null) next.cancel(false);
            metrics.fresh(cluster);
        }

        private void again(Duration in) {
            next = timer.schedule(this::ask, in.toMillis(), TimeUnit.MILLISECONDS);
        }

        private void ask() {
            if (stopped) return;
            if (!leads.getAsBoolean()) {
                again(PERIOD);
                return;
            }
            source.ask(what).thenAccept(answer -> {
                try {
                    timer.execute(() -> took(answer));
                } catch (RejectedExecutionException e) {
                    // Closed meanwhile.
                }
            });
        }

        private void took(DnsAnswer answer) {
            if (stopped) return;
            metrics.asked(answer);
            if (answer instanceof DnsAnswer.Found found) {
                failures = 0;
                gone = 0;
                sink.found(cluster, what, found.endpoints());
                metrics.fresh(cluster);
                tell(found.omitted() == 0 ? "" : "has " + (found.endpoints().size() + found.omitted()) + " endpoints (expected: at most "
                    + DnsEndpoints.MOST + "), the others are left out");
                again(between(SHORTEST, found.ttl(), LONGEST));
            } else if (answer instanceof DnsAnswer.None none) {
                failures = 0;
                gone++;
                if (gone >= CONFIRMED) {
                    sink.found(cluster, what, List.of());
                    metrics.fresh(cluster);
                    tell("has no endpoints: " + none.why());
                }
                again(gone < CONFIRMED ? PERIOD : LONGEST_RETRY);
            } else if (answer instanceof DnsAnswer.Failed failed) {
                gone = 0;
                Duration pause = RETRY.multipliedBy(1L << Math.min(failures++, 5));
                metrics.stale(cluster);
                tell("keeps the endpoints it has: " + failed.why());
                again(between(RETRY, pause, LONGEST_RETRY));
            }
        }

        /** Once, until it is another. */
        private void tell(String now) {
            if (now.equals(trouble)) return;
            if (now.isEmpty()) LOG.infof("cluster %s: %s is found again", cluster, what.hostname());
            else LOG.warnf("cluster %s, %s: %s", cluster, what.text(), now);
            trouble = now;
        }
    }

    private static Duration between(Duration least, Duration asked, Duration most) {
        return asked.compareTo(least) < 0 ? least : asked.compareTo(most) > 0 ? most : asked;
    }
}
