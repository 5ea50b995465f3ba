package mesh.control.stream;

import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.MeshSnapshot;
import mesh.xds.EncodedResource;
import mesh.xds.ResourceType;

/**
 * Encodes each resource once for all streams, which share the message. Holds the last form of each name; what is no longer in the
 * configuration is dropped by {@link #retain}. Any thread.
 */
final class ResourceCache {

    /**
     * @param version of the last configuration that is known to hold this: another view of the same version has the same resource
     * @param source  what it was made from: a later version may have the same
     */
    private record Entry(long version, Object source, Resource resource) {}

    private final Map<ResourceType, Map<String, Entry>> entries = new EnumMap<>(ResourceType.class);

    ResourceCache() {
        for (ResourceType type : ResourceType.values()) {
            entries.put(type, new ConcurrentHashMap<>());
        }
    }

    /** The resource as it is in a view, empty if the view has none of that name. */
    Optional<Resource> get(ResourceType type, MeshSnapshot view, String name) {
        if (!type.has(view, name)) {
            return Optional.empty();
        }
        Map<String, Entry> ofType = entries.get(type);
        Entry entry = ofType.get(name);
        if (entry != null && entry.version == view.version()) {
            return Optional.of(entry.resource);
        }
        Object source = type.source(view, name);
        Resource resource = entry != null && entry.source.equals(source) ? entry.resource : message(type.encode(view, name).orElseThrow());
        if (entry == null || entry.version < view.version()) {
            ofType.put(name, new Entry(view.version(), source, resource));
        }
        return Optional.of(resource);
    }

    static Resource message(EncodedResource encoded) {
        return Resource.newBuilder().setName(encoded.name()).setVersion(encoded.version()).setResource(encoded.body()).build();
    }

    /** Forgets names that the whole configuration no longer has. */
    void retain(MeshSnapshot whole) {
        entries.forEach((type, ofType) -> ofType.keySet().retainAll(type.names(whole)));
    }
}
