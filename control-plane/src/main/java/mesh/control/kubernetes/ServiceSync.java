package mesh.control.kubernetes;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import mesh.control.store.Discovered;
import mesh.control.store.MeshStore;
import mesh.model.ApplyResult;
import mesh.model.BalancerKind;
import mesh.model.Cluster;
import mesh.model.ConnectionPolicy;
import mesh.model.EndpointSet;
import mesh.model.Listener;
import mesh.model.MeshSnapshot;
import mesh.model.RouteTable;
import org.jboss.logging.Logger;

/**
 * Keeps the configuration's {@code kubernetes/…} clusters, listeners and route tables to be what the services and pods are: a version for each burst of
 * changes, none where nothing differs. Policies of a cluster are left to whoever wrote them. Of replicas the one that leads writes.
 */
final class ServiceSync {

    static final Duration QUIET = Duration.ofMillis(100);
    /** After a failure, after somebody else's write, and after another one has begun to lead. */
    static final Duration PERIOD = Duration.ofSeconds(5);
    static final String AUTHOR = "kubernetes";

    private static final Logger LOG = Logger.getLogger(ServiceSync.class);

    private final ServiceSource source;
    private final MeshStore store;
    private final BooleanSupplier leads;
    private final ScheduledExecutorService timer;
    private final AtomicBoolean due = new AtomicBoolean();
    private String lastFailure = "";

    ServiceSync(ServiceSource source, MeshStore store, BooleanSupplier leads, ScheduledExecutorService timer) {
        this.source = source;
        this.store = store;
        this.leads = leads;
        this.timer = timer;
    }

    void start() {
        timer.scheduleWithFixedDelay(this::sync, PERIOD.toMillis(), PERIOD.toMillis(), TimeUnit.MILLISECONDS);
        source.start(this::changed);
    }

    /** Any thread, as often as anything changes. */
    private void changed() {
        if (due.compareAndSet(false, true)) {
            timer.schedule(() -> {
                due.set(false);
                sync();
            }, QUIET.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void sync() {
        try {
            if (!leads.getAsBoolean()) return;
            Optional<Found> found = source.found();
            if (found.isEmpty()) return;
            write(found.get());
            source.tell(found.get().statuses());
            lastFailure = "";
        } catch (RuntimeException e) {
            if (!lastFailure.equals(e.getMessage())) LOG.warnf("services of Kubernetes could not be written, tried again: %s", e.getMessage());
            lastFailure = String.valueOf(e.getMessage());
        }
    }

    private void write(Found found) {
        MeshSnapshot current = store.current();
        if (applied(current, found).holdsSameAs(current)) return;
        ApplyResult result = store.edit(0, now -> applied(now, found), AUTHOR, "services of Kubernetes");
        if (result instanceof ApplyResult.Rejected rejected) {
            throw new IllegalStateException(rejected.problems().get(0).message());
        }
    }

    /** What is not a service any more goes; where something still names it, it stays without endpoints. */
    static MeshSnapshot applied(MeshSnapshot before, Found found) {
        MeshSnapshot current = new MeshSnapshot(before.version(), with(before.listeners(), found.listeners(), Listener::name),
            with(before.routeTables(), found.tables(), RouteTable::name), before.clusters(), before.endpoints(), before.trust(), before.federation());
        Map<String, Cluster> clusters = new LinkedHashMap<>(current.clusters());
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>(current.endpoints());
        Set<String> gone = new LinkedHashSet<>(current.clusters().keySet());
        gone.removeIf(name -> !Discovered.isOne(name));
        for (FoundCluster each : found.clusters()) {
            gone.remove(each.name());
            if (each.policies().isPresent()) clusters.put(each.name(), each.policies().get());
            else clusters.computeIfAbsent(each.name(), name -> cluster(each));
            if (!each.originalDst()) endpoints.put(each.name(), new EndpointSet(each.name(), each.endpoints()));
        }
        for (String name : gone) {
            if (isNamed(current, name)) {
                endpoints.put(name, new EndpointSet(name, List.of()));
            } else {
                clusters.remove(name);
                endpoints.remove(name);
            }
        }
        return new MeshSnapshot(current.version(), current.listeners(), current.routeTables(), clusters, endpoints, current.trust(),
            current.federation());
    }

    /** Those in place of what was found before; what stays keeps its place. */
    private static <T> Map<String, T> with(Map<String, T> before, List<T> found, Function<T, String> name) {
        Map<String, T> next = new LinkedHashMap<>(before);
        Map<String, T> now = MeshSnapshot.byName(found, name);
        next.keySet().removeIf(each -> Discovered.isOne(each) && !now.containsKey(each));
        next.putAll(now);
        return next;
    }

    private static boolean isNamed(MeshSnapshot config, String cluster) {
        Map<String, Cluster> without = new LinkedHashMap<>(config.clusters());
        without.remove(cluster);
        Map<String, EndpointSet> endpoints = new LinkedHashMap<>(config.endpoints());
        endpoints.remove(cluster);
        MeshSnapshot rest = new MeshSnapshot(config.version(), config.listeners(), config.routeTables(), without, endpoints, config.trust(),
            config.federation());
        return rest.problems().size() > config.problems().size();
    }

    private static Cluster cluster(FoundCluster service) {
        ConnectionPolicy usual = ConnectionPolicy.DEFAULT;
        ConnectionPolicy connections = new ConnectionPolicy(usual.connectTimeout(), usual.idleTimeout(), service.protocol(), usual.maxConnections(),
            usual.maxPendingRequests(), usual.maxRequests());
        return new Cluster(service.name(), BalancerKind.ROUND_ROBIN, Optional.empty(), Optional.empty(), connections)
            .withOriginalDst(service.originalDst());
    }
}
