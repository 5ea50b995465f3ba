package mesh.control.discovery;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import mesh.control.journal.DirectoryFiles;
import mesh.control.store.MeshStore;
import mesh.model.Cluster;
import mesh.model.Endpoint;
import mesh.model.MeshSnapshot;
import mesh.time.FakeClock;

/** A store with one cluster, and what writes into it, by a clock that stands still. */
final class FoundEndpoints implements AutoCloseable {

    final FakeClock clock = new FakeClock();
    final ScheduledExecutorService timer = clock.scheduler();
    final MeshStore store;
    final EndpointSink sink;
    final DiscoveryMetrics metrics;
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final DirectoryFiles files;
    private final String cluster;

    FoundEndpoints(Path dir, Cluster cluster) throws Exception {
        this.cluster = cluster.name();
        files = DirectoryFiles.open(dir.resolve("data"));
        store = MeshStore.open(files, Optional::empty, clock);
        store.edit(0, current -> new MeshSnapshot(0, Map.of(), Map.of(), Map.of(cluster.name(), cluster), Map.of(), Optional.empty()), "test", "");
        sink = new EndpointSink(store, timer);
        metrics = new DiscoveryMetrics(meters);
    }

    List<Endpoint> endpoints() {
        return store.current().endpointsOf(cluster);
    }

    int stale() {
        return (int) meters.get("mesh_discovery_stale_clusters").gauge().value();
    }

    @Override
    public void close() throws Exception {
        store.close();
        files.close();
    }
}
