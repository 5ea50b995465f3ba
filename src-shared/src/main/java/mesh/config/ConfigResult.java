package mesh.config;

import java.util.List;
import mesh.model.Problem;

/** What became of reading a configuration. */
public sealed interface ConfigResult {

    /**
     * Nothing is wrong with it.
     *
     * @param warnings what it says that can hardly be meant, from the top of the file down
     */
    record Valid(SidecarConfig config, List<Problem> warnings) implements ConfigResult {
        public Valid {
            warnings = List.copyOf(warnings);
        }
    }

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
