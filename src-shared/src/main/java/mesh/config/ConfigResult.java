package mesh.config;

import java.util.List;
import mesh.model.Problem;

/** What became of reading a configuration. */
public sealed interface ConfigResult {

    /** Nothing is wrong with it. */
    record Valid(SidecarConfig config) implements ConfigResult {}

    /**
     * It cannot be used.
     *
     * @param problems all of them, at least one, from the top of the file down
     */
    record Invalid(List<Problem> problems) implements ConfigResult {
        public Invalid {
            problems = List.copyOf(problems);
        }
    }
}
