package mesh.control.stream;

import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import mesh.model.MeshSnapshot;
import mesh.xds.Dialect;
import mesh.xds.ResourceType;

/**
 * The names whose resources may differ between two views: new, changed or gone. Found once for all streams that go from the one to the
 * other, so that a change costs each of them what changed, and not what there is.
 */
final class ViewChange {

    private final Map<ResourceType, Set<String>> names = new EnumMap<>(ResourceType.class);

    private ViewChange() {}

    static ViewChange between(Dialect dialect, MeshSnapshot before, MeshSnapshot after) {
        ViewChange change = new ViewChange();
        for (ResourceType type : ResourceType.values()) {
            Set<String> changed = new LinkedHashSet<>();
            for (String name : dialect.names(type, after)) {
                if (!Objects.equals(dialect.source(type, before, name), dialect.source(type, after, name))) {
                    changed.add(name);
                }
            }
            for (String name : dialect.names(type, before)) {
                if (!dialect.has(type, after, name)) {
                    changed.add(name);
                }
            }
            if (!changed.isEmpty()) {
                change.names.put(type, changed);
            }
        }
        return change;
    }

    boolean isEmpty() {
        return names.isEmpty();
    }

    /** In the order of the later view, then those that are gone. */
    Set<String> names(ResourceType type) {
        return names.getOrDefault(type, Set.of());
    }
}
