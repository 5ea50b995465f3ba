package mesh.control.kubernetes;

import java.util.List;
import mesh.model.Endpoint;
import mesh.model.UpstreamProtocol;

/**
 * A cluster as it was found.
 *
 * @param name        {@code kubernetes/NAMESPACE/SERVICE:PORT} of a service, shorter where no service is behind it
 * @param protocol    that its endpoints are spoken to in
 * @param endpoints   by address, no address twice
 * @param originalDst it has no endpoints but goes where each connection was opened to
 */
record FoundCluster(String name, UpstreamProtocol protocol, List<Endpoint> endpoints, boolean originalDst) {

    FoundCluster {
        endpoints = List.copyOf(endpoints);
    }

    FoundCluster(String name, UpstreamProtocol protocol, List<Endpoint> endpoints) {
        this(name, protocol, endpoints, false);
    }
}
