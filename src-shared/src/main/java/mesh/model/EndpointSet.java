package mesh.model;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The endpoints of a cluster.
 *
 * @param cluster   the cluster's name
 * @param endpoints in listed order, no address twice; may be empty, then requests fail with {@code UH}
 */
public record EndpointSet(String cluster, List<Endpoint> endpoints) {

    public EndpointSet {
        Checks.name("endpoint set", cluster);
        endpoints = List.copyOf(endpoints);
        Set<Address> seen = new HashSet<>();
        for (Endpoint e : endpoints) {
            if (!seen.add(e.address())) {
                throw new IllegalArgumentException("cluster \"" + cluster + "\": endpoint " + e.address() + " stands twice (expected: once)");
            }
        }
    }
}
