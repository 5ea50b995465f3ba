package mesh.control.admin;

import mesh.control.messages.ClusterMessages;
import mesh.control.messages.ConfigMessages;
import mesh.control.stream.ConfigSource;
import mesh.model.MeshSnapshot;
import mesh.v1.GetConfigResponse;
import mesh.v1.ListClustersResponse;
import mesh.v1.ListEndpointsResponse;
import mesh.v1.ListListenersResponse;
import mesh.v1.ListRoutesResponse;

/** The current configuration as it was written: all of it, or one kind. */
final class ConfigReads {

    private final ConfigSource source;

    ConfigReads(ConfigSource source) {
        this.source = source;
    }

    GetConfigResponse config() {
        MeshSnapshot current = source.current();
        return GetConfigResponse.newBuilder().setVersion(current.version()).setConfig(ConfigMessages.encode(current)).build();
    }

    ListListenersResponse listeners() {
        GetConfigResponse all = config();
        return ListListenersResponse.newBuilder().setVersion(all.getVersion()).addAllListeners(all.getConfig().getListenersList()).build();
    }

    ListRoutesResponse routes() {
        GetConfigResponse all = config();
        return ListRoutesResponse.newBuilder().setVersion(all.getVersion()).addAllRoutes(all.getConfig().getRoutesList()).build();
    }

    ListClustersResponse clusters() {
        GetConfigResponse all = config();
        return ListClustersResponse.newBuilder().setVersion(all.getVersion()).addAllClusters(all.getConfig().getClustersList()).build();
    }

    ListEndpointsResponse endpoints(String cluster) {
        MeshSnapshot current = source.current();
        NotThereException.unless("cluster", cluster, current.clusters());
        ListEndpointsResponse.Builder m = ListEndpointsResponse.newBuilder().setVersion(current.version());
        current.endpointsOf(cluster).forEach(endpoint -> m.addEndpoints(ClusterMessages.encode(endpoint)));
        return m.build();
    }
}
