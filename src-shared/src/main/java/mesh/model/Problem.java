package mesh.model;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One thing wrong with a configuration, told so that it can be mended: what stands there, what was expected, where.
 *
 * @param path    the place in the configuration, such as {@code proxy.retry.perTryTimeout}; "" for all of it
 * @param message offending value, then the expected one
 * @param file    the file it stands in; "" when it came over the wire
 * @param line    from 1; 0 when unknown
 * @param column  from 1; 0 when unknown
 */
public record Problem(String path, String message, String file, int line, int column) {

    /** One that came over the wire. */
    public Problem(String path, String message) {
        this(path, message, "", 0, 0);
    }

    /** {@code file:line:column path: message}, without the parts that are unknown. */
    @Override
    public String toString() {
        String where = line == 0 ? file : file + ":" + line + ":" + column;
        return Stream.of(where, path.isEmpty() ? "" : path + ":", message).filter(part -> !part.isEmpty()).collect(Collectors.joining(" "));
    }
}
