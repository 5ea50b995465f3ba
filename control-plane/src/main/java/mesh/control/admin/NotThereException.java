package mesh.control.admin;

import java.util.Collection;
import java.util.Map;
import java.util.TreeSet;

/** Something was named that is not in the configuration; the message names what is. */
final class NotThereException extends RuntimeException {

    private static final long serialVersionUID = 1;

    NotThereException(String what, String name, Collection<String> known) {
        super(what + " \"" + name + "\" (expected: one of " + new TreeSet<>(known) + ")");
    }

    static void unless(String what, String name, Map<String, ?> known) {
        if (!known.containsKey(name)) {
            throw new NotThereException(what, name, known.keySet());
        }
    }
}
