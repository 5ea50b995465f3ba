package mesh.control.discovery;

import java.time.Duration;
import java.util.List;
import mesh.model.Endpoint;

/** What name servers say of the endpoints of a cluster. */
sealed interface DnsAnswer {

    /**
     * These.
     *
     * @param endpoints at least one, by priority and address, no address twice
     * @param omitted   how many more there are than one cluster may have
     * @param ttl       of the record that is good for the shortest time
     */
    record Found(List<Endpoint> endpoints, int omitted, Duration ttl) implements DnsAnswer {}

    /** There are none: the name does not exist (NXDOMAIN), or has no such records. */
    record None(String why) implements DnsAnswer {}

    /** They do not know, or do not answer. */
    record Failed(String why) implements DnsAnswer {}
}
