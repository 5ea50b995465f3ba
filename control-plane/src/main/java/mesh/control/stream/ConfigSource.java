package mesh.control.stream;

import java.util.function.Consumer;
import mesh.model.MeshSnapshot;

/** Where subscriptions take the mesh's configuration from. Any thread. */
public interface ConfigSource {

    MeshSnapshot current();

    /** Tells the listener of every later change, in order, from one thread; it must not block. */
    Registration onChange(Consumer<MeshSnapshot> listener);

    /** Ends the telling. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
