package mesh.model;

import java.util.List;

/** What became of a configuration. */
public sealed interface ApplyResult {

    /**
     * It is in force.
     *
     * @param version under which it is current
     */
    record Applied(long version) implements ApplyResult {}

    /**
     * Nothing of it is in force; the one before still is.
     *
     * @param problems all of them, at least one
     */
    record Rejected(List<Problem> problems) implements ApplyResult {
        public Rejected {
            problems = List.copyOf(problems);
        }
    }
}
