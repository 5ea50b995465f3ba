package mesh.control.stream;

import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.MeshSnapshot;
import mesh.xds.EncodedResource;
import mesh.xds.ResourceType;

/**
 * Encodes each resource once for all streams, however many sidecars share it. Holds the last version of each name; what is no longer in
 * the configuration is dropped by {@link #retain}. Any thread.
 */
final class ResourceCache {

    private record Entry(Object source, EncodedResource encoded) {}

    private final Map<ResourceType, Map<String, Entry>> entries = new EnumMap<>(ResourceType.class);

    ResourceCache() {
        for (ResourceType type : ResourceType.values()) {
            entries.put(type, new ConcurrentHashMap<>());
        }
    }

    /** The resource as it is in a view, empty if the view has none of that name. */
    Optional<EncodedResource> get(ResourceType type, MeshSnapshot view, String name) {
        Object source = type.source(view, name);
        if (source == null) {
            return Optional.empty();
        }
        Map<String, Entry> ofType = entries.get(type);
        Entry entry = ofType.get(name);
        if (entry == null || !entry.source.equals(source)) {
            entry = new Entry(source, type.encode(view, name).orElseThrow());
            ofType.put(name, entry);
        }
        return Optional.of(entry.encoded);
    }

    /** Forgets names that the whole configuration no longer has. */
    void retain(MeshSnapshot whole) {
        entries.forEach((type, ofType) -> ofType.keySet().retainAll(type.names(whole)));
    }
}
