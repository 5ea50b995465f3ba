package mesh.xds;

import com.google.protobuf.Message;
import java.util.Set;
import mesh.model.MeshSnapshot;

/**
 * Both directions of one resource type. Stateless; any thread.
 *
 * @param <T> what it is in the model
 * @param <M> what it is on the wire
 */
interface ResourceCodec<T, M extends Message> {

    Class<M> wireType();

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

    /** The resource's own name; may be empty in what strangers send. */
    String name(M message);

    /** The value, or null when problems were noted; never throws. */
    T decode(M message, Reading reading);
}
