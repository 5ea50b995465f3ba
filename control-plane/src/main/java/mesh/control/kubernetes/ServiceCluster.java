package mesh.control.kubernetes;

import java.util.List;
import mesh.model.Endpoint;
import mesh.model.UpstreamProtocol;

/**
 * One port of a service, as a cluster has it.
 *
 * @param name      {@code kubernetes/NAMESPACE/SERVICE:PORT}
 * @param protocol  by the port's {@code appProtocol}
 * @param endpoints by address, no address twice
 */
record ServiceCluster(String name, UpstreamProtocol protocol, List<Endpoint> endpoints) {

    ServiceCluster {
        endpoints = List.copyOf(endpoints);
    }
}
