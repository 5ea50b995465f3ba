package mesh.control.stream;

import java.util.function.Consumer;
import mesh.model.MeshSnapshot;

/** Where the configuration of the whole mesh comes from: the store, as the subscription sees it. Any thread. */
public interface ConfigSource {

    /** The one in force, complete and durable. */
    MeshSnapshot current();

    /**
     * Tells of every later configuration, each once and in the order of their versions; of one version more than once where what is shown of it
     * changes. The listener returns at once and never throws; it
     * may be called on the store's own thread.
     */
    Registration onChange(Consumer<MeshSnapshot> listener);

    /** Ends what {@link #onChange} began. */
    @FunctionalInterface
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
