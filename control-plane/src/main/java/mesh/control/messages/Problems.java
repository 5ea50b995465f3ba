package mesh.control.messages;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import mesh.model.Problem;

/** What is wrong with one request, gathered while it is read. Paths are those of the request: {@code config.clusters[0].name}. */
public final class Problems {

    private final List<Problem> found = new ArrayList<>();

    public void add(String path, String message) {
        found.add(new Problem(path, message));
    }

    /** What the reader returns, or null and a problem when it refuses with {@link IllegalArgumentException}. */
    public <T> T read(String path, Supplier<T> reader) {
        try {
            return reader.get();
        } catch (IllegalArgumentException e) {
            add(path, e.getMessage());
            return null;
        }
    }

    /** A name that must be there and begin with something else than "@", which marks the names that the mesh makes itself. */
    String name(String path, String value) {
        if (value.isBlank()) {
            add(path, "\"\" (expected: a name)");
        } else if (value.startsWith("@")) {
            add(path, "\"" + value + "\" (expected: a name that does not begin with \"@\")");
        }
        return value;
    }

    /** Reads every item, and finds those whose key stands twice. Null items, which had problems, are left out. */
    <M, T> List<T> readAll(String path, List<M> messages, String keyName, Function<M, String> key, Reader<M, T> reader) {
        List<T> items = new ArrayList<>();
        Map<String, Integer> places = new HashMap<>();
        for (int i = 0; i < messages.size(); i++) {
            M message = messages.get(i);
            String at = path + "[" + i + "]";
            String k = key.apply(message);
            Integer first = places.putIfAbsent(k, i);
            if (first != null && !k.isEmpty()) {
                add(at + "." + keyName, "\"" + k + "\" stands in " + path + "[" + first + "] already (expected: once)");
            }
            T item = reader.read(message, at);
            if (item != null) {
                items.add(item);
            }
        }
        return items;
    }

    /** Whether nothing is wrong so far. */
    public boolean none() {
        return found.isEmpty();
    }

    int count() {
        return found.size();
    }

    public List<Problem> list() {
        return List.copyOf(found);
    }

    /** Reads one message that stands at a path. */
    interface Reader<M, T> {
        /** Null when there were problems. */
        T read(M message, String path);
    }
}
