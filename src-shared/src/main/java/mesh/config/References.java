package mesh.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.yaml.snakeyaml.error.Mark;

/**
 * Which names of one kind are defined and which are used. A name counts as defined as soon as it is written, so that a mistake elsewhere
 * in a cluster does not make every route to it look wrong.
 */
final class References {

    private record Use(String name, String path, Mark mark) {}

    private final String kind;
    private final Set<String> defined = new TreeSet<>();
    private final List<Use> uses = new ArrayList<>();

    /** @param kind in the plural, as in "clusters" */
    References(String kind) {
        this.kind = kind;
    }

    void define(String name) {
        if (name != null) {
            defined.add(name);
        }
    }

    /** Remembers where a name is used; null is none. */
    void use(String name, Section section, String key) {
        if (name != null) {
            uses.add(new Use(name, section.in(key), section.at(key)));
        }
    }

    /** Says which uses lead nowhere. */
    void check(Findings findings) {
        for (Use use : uses) {
            if (!defined.contains(use.name)) {
                String hint = Suggestion.of(use.name, defined).map(meant -> "; did you mean " + meant + "?").orElse("");
                findings.add(use.path, use.mark, "\"" + use.name + "\" (expected: one of " + kind + " " + defined + hint + ")");
            }
        }
    }
}
