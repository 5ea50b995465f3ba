package mesh.model;

/**
 * A share of a route's requests is sent to another cluster as well, whose answers nobody waits for.
 *
 * @param percent more than 0, of the requests
 */
public record Mirror(String cluster, Percent percent) {

    public Mirror {
        Checks.name("mirror cluster", cluster);
        if (percent.millionths() == 0) {
            throw new IllegalArgumentException("mirror percent of \"" + cluster + "\": 0 (expected: above 0; without a mirror nothing is mirrored)");
        }
    }
}
