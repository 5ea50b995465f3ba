package mesh.control.stream;

import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.MeshSnapshot;
import mesh.xds.Dialect;
import mesh.xds.EncodedResource;
import mesh.xds.ResourceType;

/**
 * Encodes each resource once for all streams of one dialect, which share the message. Holds the last form of each name; what is no longer in the
 * configuration is dropped by {@link #retain}. Any thread.
 */
final class ResourceCache {

    /**
     * @param version of the last configuration that is known to hold this
     * @param source  what it was made from: a later version may have the same, and where endpoints drain or a change is rolled out the same
     *                version another
     */
    private record Entry(long version, Object source, Resource resource) {}

    /** From one view to the next, by identity: sidecars that see the same share the views. */
    private record Step(MeshSnapshot before, MeshSnapshot after) {

        @Override
        public boolean equals(Object other) {
            return other instanceof Step step && step.before == before && step.after == after;
        }

        @Override
        public int hashCode() {
            return 31 * System.identityHashCode(before) + System.identityHashCode(after);
        }
    }

    /** By identity, as above. */
    private record View(MeshSnapshot of, ResourceType type) {

        @Override
        public boolean equals(Object other) {
            return other instanceof View view && view.of == of && view.type == type;
        }

        @Override
        public int hashCode() {
            return 31 * System.identityHashCode(of) + type.hashCode();
        }
    }

    private final Dialect dialect;
    private final Map<ResourceType, Map<String, Entry>> entries = new EnumMap<>(ResourceType.class);
    private final Map<Step, ViewChange> changes = new ConcurrentHashMap<>();
    /** What was found in a view before: thousands of sidecars that come at once ask for the same names of the same view. */
    private final Map<View, Map<String, Resource>> found = new ConcurrentHashMap<>();

    ResourceCache(Dialect dialect) {
        this.dialect = dialect;
        for (ResourceType type : ResourceType.values()) {
            entries.put(type, new ConcurrentHashMap<>());
        }
    }

    /** Of all resources of a type in a view. */
    Set<String> names(ResourceType type, MeshSnapshot view) {
        return dialect.names(type, view);
    }

    /** The resource as it is in a view, empty if the view has none of that name. */
    Optional<Resource> get(ResourceType type, MeshSnapshot view, String name) {
        if (!dialect.has(type, view, name)) {
            return Optional.empty();
        }
        return Optional.of(found.computeIfAbsent(new View(view, type), first -> new ConcurrentHashMap<>()).computeIfAbsent(name, each -> find(type, view, name)));
    }

    private Resource find(ResourceType type, MeshSnapshot view, String name) {
        Map<String, Entry> ofType = entries.get(type);
        Entry entry = ofType.get(name);
        Object source = dialect.source(type, view, name);
        boolean same = entry != null && (entry.source == source || entry.source.equals(source));
        if (same && entry.version == view.version()) {
            return entry.resource;
        }
        Resource resource = same ? entry.resource : message(dialect.encode(type, view, name).orElseThrow());
        if (entry == null || entry.version <= view.version()) {
            ofType.put(name, new Entry(view.version(), source, resource));
        }
        return resource;
    }

    ViewChange change(MeshSnapshot before, MeshSnapshot after) {
        return changes.computeIfAbsent(new Step(before, after), step -> ViewChange.between(dialect, before, after));
    }

    static Resource message(EncodedResource encoded) {
        return Resource.newBuilder().setName(encoded.name()).setVersion(encoded.version()).setResource(encoded.body()).build();
    }

    /** Forgets names that the whole configuration no longer has, and how views came to be what they were. */
    void retain(MeshSnapshot whole) {
        changes.clear();
        found.clear();
        entries.forEach((type, ofType) -> ofType.keySet().retainAll(dialect.names(type, whole)));
    }
}
