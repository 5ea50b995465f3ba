package mesh.control.stream;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How old a stream may become. Its client comes back by itself and finds a replica by chance, so that after a restart, or with a new replica,
 * all have their share again.
 *
 * @param longest a stream lives for nine tenths of it at least, so that those that began together do not end together
 */
public record StreamAge(Duration longest, RandomGenerator random) {

    Duration next() {
        long tenth = longest.toMillis() / 10;
        return Duration.ofMillis(9 * tenth + random.nextLong(tenth + 1));
    }
}
