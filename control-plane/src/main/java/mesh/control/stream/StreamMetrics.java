package mesh.control.stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;
import mesh.xds.ResourceType;

/** The subscription's series: responses sent, acknowledged and refused by type, and how many sidecars are connected. Any thread. */
final class StreamMetrics {

    private final Map<ResourceType, Counter> pushes = new EnumMap<>(ResourceType.class);
    private final Map<ResourceType, Counter> acks = new EnumMap<>(ResourceType.class);
    private final Map<ResourceType, Counter> rejects = new EnumMap<>(ResourceType.class);

    StreamMetrics(MeterRegistry registry, SidecarRegistry sidecars) {
        for (ResourceType type : ResourceType.values()) {
            pushes.put(type, counter(registry, "mesh_xds_pushes", "responses sent to sidecars", type));
            acks.put(type, counter(registry, "mesh_xds_acks", "responses that sidecars acknowledged", type));
            rejects.put(type, counter(registry, "mesh_xds_rejects", "responses that sidecars refused", type));
        }
        Gauge.builder("mesh_connected_sidecars", sidecars, SidecarRegistry::connectedCount)
            .description("sidecars with an open subscription")
            .register(registry);
    }

    private static Counter counter(MeterRegistry registry, String name, String help, ResourceType type) {
        return Counter.builder(name).description(help).tag("type", type.shortName()).register(registry);
    }

    void pushed(ResourceType type) {
        pushes.get(type).increment();
    }

    void answered(ResourceType type, boolean refused) {
        (refused ? rejects : acks).get(type).increment();
    }
}
