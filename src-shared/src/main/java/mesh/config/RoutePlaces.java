package mesh.config;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.error.Mark;

/** Where in its file each route stands, by the names of its table, its virtual host and its own. Immutable. */
public final class RoutePlaces {

    /** Of what came from no file. */
    public static final RoutePlaces NONE = new RoutePlaces("", Map.of());

    /**
     * A place.
     *
     * @param path   such as {@code routes[0].virtualHosts[1].routes[2]}
     * @param line   from 1, as the next
     * @param column of the route's first key
     */
    public record Place(String file, String path, int line, int column) {

        @Override
        public String toString() {
            return file + ":" + line + ":" + column;
        }
    }

    private final String file;
    private final Map<String, Gathered.Found> found;

    private RoutePlaces(String file, Map<String, Gathered.Found> found) {
        this.file = file;
        this.found = found;
    }

    /** As it was named; empty for {@link #NONE}. */
    public String file() {
        return file;
    }

    /** Empty for what stands in no file: the implicit route of a listener that names a cluster. */
    public Optional<Place> of(String table, String host, String route) {
        return Optional.ofNullable(found.get(key(table, host, route)))
            .map(at -> new Place(file, at.path(), at.mark().getLine() + 1, at.mark().getColumn() + 1));
    }

    /** No name has a line break in it. */
    private static String key(String table, String host, String route) {
        return table + "\n" + host + "\n" + route;
    }

    /** What is gathered while a file is read. */
    static final class Gathered {

        private record Found(String path, Mark mark) {}

        private final Map<String, Found> found = new HashMap<>();

        void add(String table, String host, Section route) {
            route.text("name").ifPresent(name -> found.putIfAbsent(key(table, host, name), new Found(route.path(), route.start())));
        }

        RoutePlaces in(String file) {
            return new RoutePlaces(file, Map.copyOf(found));
        }
    }
}
