package mesh.control.admin;

import java.util.Collection;
import java.util.TreeSet;

/** Something was named that is not in the configuration; the message names what is. */
final class NotThereException extends RuntimeException {

    private static final long serialVersionUID = 1;

    NotThereException(String what, String name, Collection<String> known) {
        super(what + " \"" + name + "\" (expected: one of " + new TreeSet<>(known) + ")");
    }
}
