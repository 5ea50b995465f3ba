package mesh.control.discovery;

import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import mesh.control.store.MeshStore;
import mesh.control.stream.ConfigSource;
import mesh.model.Address;
import mesh.model.EndpointDiscovery;
import mesh.model.MeshSnapshot;

/**
 * Keeps the endpoints of clusters that say where these are found out ({@link mesh.model.Cluster#discovery}) to be what is found there, for as long as it
 * is open. They are part of the configuration, so that whatever fails, and after a restart, the last that were found are there. Of replicas
 * the one that leads looks and writes.
 */
public final class DiscoveredEndpoints implements AutoCloseable {

    /**
     * What the control plane was started with.
     *
     * @param nameServers asked in this order; none for those of the system
     * @param directory   of files with endpoints; empty for none
     */
    public record Settings(List<Address> nameServers, Optional<Path> directory) {

        public static final Settings NONE = new Settings(List.of(), Optional.empty());

        public Settings {
            nameServers = List.copyOf(nameServers);
        }
    }

    private final ScheduledExecutorService timer;
    private final DnsClient client;
    private final DnsFollower dns;
    private final FileFollower files;
    private final ConfigSource.Registration registration;

    public DiscoveredEndpoints(Settings settings, MeshStore store, BooleanSupplier leads, MeterRegistry meters) {
        timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "mesh-discovery");
            thread.setDaemon(true);
            return thread;
        });
        client = new DnsClient(settings.nameServers);
        DiscoveryMetrics metrics = new DiscoveryMetrics(meters);
        EndpointSink sink = new EndpointSink(store, timer);
        dns = new DnsFollower(client, sink, leads, timer, metrics);
        files = new FileFollower(settings.directory, sink, leads, timer, metrics);
        registration = store.onChange(this::follow);
        follow(store.current());
        files.start();
    }

    private void follow(MeshSnapshot config) {
        Map<String, EndpointDiscovery.Dns> byDns = new LinkedHashMap<>();
        Map<String, EndpointDiscovery.File> byFile = new LinkedHashMap<>();
        config.clusters().forEach((name, cluster) -> {
            EndpointDiscovery found = cluster.discovery().orElse(null);
            if (found instanceof EndpointDiscovery.Dns each) byDns.put(name, each);
            if (found instanceof EndpointDiscovery.File each) byFile.put(name, each);
        });
        try {
            timer.execute(() -> {
                dns.follow(byDns);
                files.follow(byFile);
            });
        } catch (RejectedExecutionException e) {
            // Closed meanwhile.
        }
    }

    @Override
    public void close() {
        registration.close();
        timer.shutdownNow();
        client.close();
    }
}
