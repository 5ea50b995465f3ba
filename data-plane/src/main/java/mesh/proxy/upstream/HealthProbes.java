package mesh.proxy.upstream;

import mesh.model.Address;
import mesh.model.Cluster;
import mesh.model.HealthCheckPolicy;
import mesh.model.UpstreamProtocol;
import mesh.proxy.loop.ProxyLoop;

/** The probe for each kind of check. */
public final class HealthProbes {

    private HealthProbes() {}

    /** @param loop where it will be asked */
    public static HealthProbe of(HealthCheckPolicy policy, Cluster cluster, Destination destination, Connector connector, ProxyLoop loop) {
        Address address = destination.upstream().address();
        ConnectSettings settings = destination.settings();
        boolean http2 = cluster.connections().protocol() == UpstreamProtocol.HTTP2;
        boolean reuse = policy.reuseConnection();
        if (policy.check() instanceof HealthCheckPolicy.Http http) {
            return new HttpProbe(connector, loop, address, settings, http2, reuse, http, cluster.name());
        }
        if (policy.check() instanceof HealthCheckPolicy.Grpc grpc) {
            return new GrpcProbe(connector, loop, address, settings, reuse, grpc, cluster.name());
        }
        return new TcpProbe(connector, loop, address, settings, (HealthCheckPolicy.Tcp) policy.check());
    }
}
