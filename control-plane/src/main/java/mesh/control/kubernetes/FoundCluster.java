package mesh.control.kubernetes;

import java.util.List;
import java.util.Optional;
import mesh.model.Cluster;
import mesh.model.Endpoint;
import mesh.model.UpstreamProtocol;

/**
 * A cluster as it was found.
 *
 * @param name        {@code kubernetes/NAMESPACE/SERVICE:PORT} of a service, shorter where no service is behind it
 * @param protocol    that its endpoints are spoken to in
 * @param endpoints   by address, no address twice
 * @param originalDst it has no endpoints but goes where each connection was opened to
 * @param policies    what it is to be, where a resource says so; else those that somebody pushes are kept
 */
record FoundCluster(String name, UpstreamProtocol protocol, List<Endpoint> endpoints, boolean originalDst, Optional<Cluster> policies) {

    FoundCluster {
        endpoints = List.copyOf(endpoints);
    }

    FoundCluster(String name, UpstreamProtocol protocol, List<Endpoint> endpoints) {
        this(name, protocol, endpoints, false, Optional.empty());
    }

    /** The same pods under policies of a resource's. */
    FoundCluster with(Cluster policies) {
        return new FoundCluster(policies.name(), policies.connections().protocol(), endpoints, false, Optional.of(policies));
    }
}
