package mesh.xds;

import io.envoyproxy.envoy.config.listener.v3.ApiListener;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import java.util.Set;
import mesh.model.MeshSnapshot;

/** What a gRPC client begins with: a listener without a socket, which leads to the routes of the same name. */
final class GrpcListenerWriter implements ResourceWriter<String, Listener> {

    private final GrpcRoutesWriter routes = new GrpcRoutesWriter();

    @Override
    public Set<String> names(MeshSnapshot snapshot) {
        return routes.names(snapshot);
    }

    @Override
    public String find(MeshSnapshot snapshot, String name) {
        return routes.has(snapshot, name) ? name : null;
    }

    @Override
    public Listener encode(String name, MeshSnapshot snapshot) {
        HttpConnectionManager manager = HttpConnectionManager.newBuilder()
            .setRds(Rds.newBuilder().setConfigSource(Wire.ADS).setRouteConfigName(name))
            .addHttpFilters(HttpFilter.newBuilder()
                .setName("envoy.filters.http.router").setTypedConfig(Wire.pack(Router.getDefaultInstance())))
            .build();
        return Listener.newBuilder().setName(name).setApiListener(ApiListener.newBuilder().setApiListener(Wire.pack(manager))).build();
    }
}
