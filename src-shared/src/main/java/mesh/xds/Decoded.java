package mesh.xds;

import java.util.List;
import mesh.model.Problem;

/** What became of a resource that came over the wire. */
public sealed interface Decoded<T> {

    /** It could be read, and means to us what it means to an Envoy. */
    record Good<T>(T value) implements Decoded<T> {}

    /**
     * It could not, and nothing of it may be used.
     *
     * @param problems all of them, at least one
     */
    record Bad<T>(List<Problem> problems) implements Decoded<T> {
        public Bad {
            problems = List.copyOf(problems);
        }
    }
}
