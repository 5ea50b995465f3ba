package mesh.xds;

import com.google.protobuf.Message;
import java.util.Optional;
import java.util.Set;
import mesh.model.MeshSnapshot;

/**
 * How one resource type is sent. Stateless; any thread.
 *
 * @param <T> what it is in the model
 * @param <M> what it is on the wire
 */
interface ResourceWriter<T, M extends Message> {

    /** Of all resources of this type in a snapshot. */
    Set<String> names(MeshSnapshot snapshot);

    /** The one of that name, null if there is none. */
    T find(MeshSnapshot snapshot, String name);

    /** The parts of a snapshot that the message is made from: equal sources give equal messages. */
    default Object source(T value, MeshSnapshot snapshot) {
        return value;
    }

    /**
     * Always the same bytes for the same source.
     *
     * @param snapshot the configuration that {@code value} is part of
     */
    M encode(T value, MeshSnapshot snapshot);

    /** What the message of a name is made from, null if the snapshot has none. */
    default Object sourceOf(MeshSnapshot snapshot, String name) {
        T value = find(snapshot, name);
        return value == null ? null : source(value, snapshot);
    }

    default Optional<EncodedResource> write(MeshSnapshot snapshot, String name) {
        T value = find(snapshot, name);
        return value == null ? Optional.empty() : Optional.of(EncodedResource.of(name, Wire.pack(encode(value, snapshot))));
    }
}
