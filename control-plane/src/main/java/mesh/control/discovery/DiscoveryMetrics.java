package mesh.control.discovery;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** How looking goes. */
final class DiscoveryMetrics {

    private final Counter found;
    private final Counter none;
    private final Counter failed;
    private final Set<String> stale = ConcurrentHashMap.newKeySet();

    DiscoveryMetrics(MeterRegistry meters) {
        this.found = counter(meters, "found");
        this.none = counter(meters, "none");
        this.failed = counter(meters, "failed");
        Gauge.builder("mesh_discovery_stale_clusters", stale, Set::size)
            .description("clusters that keep the endpoints they had, as others cannot be found out").strongReference(true).register(meters);
    }

    private static Counter counter(MeterRegistry meters, String result) {
        return Counter.builder("mesh_dns_lookups").description("questions to name servers by how they ended").tag("result", result).register(meters);
    }

    void asked(DnsAnswer answer) {
        (answer instanceof DnsAnswer.Found ? found : answer instanceof DnsAnswer.None ? none : failed).increment();
    }

    void fresh(String cluster) {
        stale.remove(cluster);
    }

    void stale(String cluster) {
        stale.add(cluster);
    }
}
