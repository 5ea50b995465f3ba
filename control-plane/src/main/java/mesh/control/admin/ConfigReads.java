package mesh.control.admin;

import mesh.control.messages.ClusterMessages;
import mesh.control.messages.ConfigMessages;
import mesh.control.stream.ConfigSource;
import mesh.model.MeshSnapshot;
import mesh.v1.Config;
import mesh.v1.ListClustersResponse;
import mesh.v1.ListEndpointsResponse;
import mesh.v1.ListListenersResponse;
import mesh.v1.ListRoutesResponse;

/** The current configuration as it was written, one kind of it. */
final class ConfigReads {

    private record Written(long version, Config config) {}

    private final ConfigSource source;

    ConfigReads(ConfigSource source) {
        this.source = source;
    }

    private Written written() {
        MeshSnapshot current = source.current();
        return new Written(current.version(), ConfigMessages.encode(current));
    }

    ListListenersResponse listeners() {
        Written all = written();
        return ListListenersResponse.newBuilder().setVersion(all.version).addAllListeners(all.config.getListenersList()).build();
    }

    ListRoutesResponse routes() {
        Written all = written();
        return ListRoutesResponse.newBuilder().setVersion(all.version).addAllRoutes(all.config.getRoutesList()).build();
    }

    ListClustersResponse clusters() {
        Written all = written();
        return ListClustersResponse.newBuilder().setVersion(all.version).addAllClusters(all.config.getClustersList()).build();
    }

    ListEndpointsResponse endpoints(String cluster) {
        MeshSnapshot current = source.current();
        NotThereException.unless("cluster", cluster, current.clusters());
        ListEndpointsResponse.Builder m = ListEndpointsResponse.newBuilder().setVersion(current.version());
        current.endpointsOf(cluster).forEach(endpoint -> m.addEndpoints(ClusterMessages.encode(endpoint)));
        return m.build();
    }
}
