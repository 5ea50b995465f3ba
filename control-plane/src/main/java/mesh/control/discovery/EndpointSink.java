package mesh.control.discovery;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import mesh.control.store.Discovered;
import mesh.control.store.MeshStore;
import mesh.model.ApplyResult;
import mesh.model.Endpoint;
import mesh.model.EndpointDiscovery;
import mesh.model.MeshSnapshot;
import org.jboss.logging.Logger;

/**
 * Writes what was found into the configuration: a version for each burst, none where nothing differs. What cannot be written is tried again. On the
 * timer's thread alone.
 */
final class EndpointSink {

    static final Duration QUIET = Duration.ofMillis(100);
    static final Duration RETRY = Duration.ofSeconds(5);
    static final String AUTHOR = "discovery";

    private static final Logger LOG = Logger.getLogger(EndpointSink.class);

    /** @param by a cluster that has another way meanwhile is left alone */
    private record Finding(EndpointDiscovery by, List<Endpoint> endpoints) {}

    private final MeshStore store;
    private final ScheduledExecutorService timer;
    private final Map<String, Finding> unwritten = new HashMap<>();
    private boolean planned;

    EndpointSink(MeshStore store, ScheduledExecutorService timer) {
        this.store = store;
        this.timer = timer;
    }

    void found(String cluster, EndpointDiscovery by, List<Endpoint> endpoints) {
        unwritten.put(cluster, new Finding(by, endpoints));
        plan(QUIET);
    }

    private void plan(Duration in) {
        if (planned) return;
        planned = true;
        timer.schedule(this::write, in.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void write() {
        planned = false;
        Map<String, Finding> findings = Map.copyOf(unwritten);
        try {
            MeshSnapshot current = store.current();
            if (!applied(current, findings).holdsSameAs(current)) {
                ApplyResult result = store.edit(0, now -> applied(now, findings), AUTHOR, "endpoints of "
                    + findings.keySet().stream().sorted().limit(10).collect(Collectors.joining(", ")));
                if (result instanceof ApplyResult.Rejected rejected) {
                    // Whatever it is, it would be the same again.
                    LOG.warnf("endpoints that were found are refused: %s", rejected.problems());
                }
            }
            findings.forEach(unwritten::remove);
        } catch (RuntimeException e) {
            LOG.warnf("endpoints that were found could not be written, tried again: %s", e.getMessage());
            plan(RETRY);
        }
    }

    private static MeshSnapshot applied(MeshSnapshot current, Map<String, Finding> findings) {
        Map<String, List<Endpoint>> found = new HashMap<>();
        findings.forEach((cluster, finding) -> {
            boolean meant = current.clusters().containsKey(cluster)
                && current.clusters().get(cluster).discovery().filter(finding.by::equals).isPresent();
            if (meant) found.put(cluster, finding.endpoints);
        });
        return Discovered.withEndpoints(current, found);
    }
}
