package mesh.proxy.intercept;

import java.util.List;
import java.util.Optional;

/**
 * What is intercepted and what is not.
 *
 * @param included only these; empty for all, a list of none for none
 * @param excluded not these, whatever is included
 */
public record Selection<T>(Optional<List<T>> included, List<T> excluded) {

    public Selection {
        included = included.map(List::copyOf);
        excluded = List.copyOf(excluded);
    }

    public static <T> Selection<T> all() {
        return new Selection<>(Optional.empty(), List.of());
    }
}
