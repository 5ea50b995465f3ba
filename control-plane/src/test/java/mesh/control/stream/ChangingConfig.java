package mesh.control.stream;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import mesh.model.MeshSnapshot;

/** A configuration that changes when a test says so. Any thread. */
final class ChangingConfig implements ConfigSource {

    private final List<Consumer<MeshSnapshot>> listeners = new CopyOnWriteArrayList<>();
    private volatile MeshSnapshot current;

    ChangingConfig(MeshSnapshot first) {
        current = first;
    }

    void set(MeshSnapshot next) {
        current = next;
        listeners.forEach(listener -> listener.accept(next));
    }

    /** How many are told. */
    int listeners() {
        return listeners.size();
    }

    @Override
    public MeshSnapshot current() {
        return current;
    }

    @Override
    public Registration onChange(Consumer<MeshSnapshot> listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }
}
