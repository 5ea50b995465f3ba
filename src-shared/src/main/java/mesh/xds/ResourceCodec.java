package mesh.xds;

import com.google.protobuf.Message;

/**
 * Both directions of one resource type. Stateless; any thread.
 *
 * @param <T> what it is in the model
 * @param <M> what it is on the wire
 */
interface ResourceCodec<T, M extends Message> extends ResourceWriter<T, M> {

    Class<M> wireType();

    /** The resource's own name; may be empty in what strangers send. */
    String name(M message);

    /** The value, or null when problems were noted; never throws. */
    T decode(M message, Reading reading);
}
