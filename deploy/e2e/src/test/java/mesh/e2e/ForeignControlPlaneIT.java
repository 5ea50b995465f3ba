package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.envoyproxy.controlplane.cache.v3.SimpleCache;
import io.envoyproxy.controlplane.cache.v3.Snapshot;
import io.envoyproxy.controlplane.server.DiscoveryServerCallbacks;
import io.envoyproxy.controlplane.server.V3DiscoveryServer;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.Rds;
import io.envoyproxy.envoy.extensions.filters.network.redis_proxy.v3.RedisProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.Address;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our sidecar at another vendor's control plane: what it does not have is refused by name, the rest works. */
class ForeignControlPlaneIT {

    private static final ConfigSource ADS = ConfigSource.newBuilder().setAds(AggregatedConfigSource.getDefaultInstance())
        .setResourceApiVersion(ApiVersion.V3).build();

    @TempDir
    private Path dir;

    private final SimpleCache<String> cache = new SimpleCache<>(PeerControlPlane.BY_WORKLOAD);
    private final Map<String, String> refusals = new ConcurrentHashMap<>();
    private Address outbound;
    private Address unserved;
    private int version;

    private final class Listening implements DiscoveryServerCallbacks {

        @Override
        public void onV3StreamRequest(long stream, DiscoveryRequest request) {}

        @Override
        public void onV3StreamDeltaRequest(long stream, DeltaDiscoveryRequest request) {
            if (request.hasErrorDetail()) refusals.put(request.getTypeUrl(), request.getErrorDetail().getMessage());
        }
    }

    @Test
    void servesWhatItHasAndRefusesTheRestByName() throws Exception {
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(new V3DiscoveryServer(new Listening(), cache).getAggregatedDiscoveryServiceImpl()).build().start();
        outbound = Ports.free();
        unserved = Ports.free();
        try (HttpService one = new HttpService("one"); HttpService two = new HttpService("two")) {
            publish(one.address());
            try (SidecarProcess sidecar = SidecarProcess.ofPlaintext(new Address("127.0.0.1", server.getPort()), "web", "web-1", dir.resolve("state"))) {
                await().untilAsserted(() -> assertThat(get("/")).as(sidecar.process().log()).isEqualTo("one"));
                await().untilAsserted(() -> assertThat(refusals).containsOnlyKeys(ResourceType.CLUSTER.typeUrl(), ResourceType.LISTENER.typeUrl()));
                assertThat(refusals.get(ResourceType.CLUSTER.typeUrl())).contains("clusters.legacy.type").doesNotContain("clusters.app");
                assertThat(refusals.get(ResourceType.LISTENER.typeUrl())).contains("listeners.cache", "RedisProxy").doesNotContain("listeners.outbound");

                publish(two.address());
                await().untilAsserted(() -> assertThat(get("/")).as(sidecar.process().log()).isEqualTo("two"));
            }
        } finally {
            server.shutdownNow();
        }
    }

    private void publish(Address instance) {
        cache.setSnapshot("web", Snapshot.create(
            List.of(
                Cluster.newBuilder().setName("app").setType(Cluster.DiscoveryType.EDS).setLbPolicy(Cluster.LbPolicy.LEAST_REQUEST)
                    .setEdsClusterConfig(Cluster.EdsClusterConfig.newBuilder().setEdsConfig(ADS)).build(),
                Cluster.newBuilder().setName("legacy").setType(Cluster.DiscoveryType.LOGICAL_DNS).setLoadAssignment(endpoints("legacy", instance)).build()),
            List.of(endpoints("app", instance)),
            List.of(
                listener("outbound", outbound, "envoy.filters.network.http_connection_manager", HttpConnectionManager.newBuilder().setStatPrefix("out")
                    .setRds(Rds.newBuilder().setConfigSource(ADS).setRouteConfigName("all"))
                    .addHttpFilters(HttpFilter.newBuilder().setName("envoy.filters.http.router").setTypedConfig(Any.pack(Router.getDefaultInstance())))
                    .build()),
                listener("cache", unserved, "envoy.filters.network.redis_proxy", RedisProxy.getDefaultInstance())),
            List.of(RouteConfiguration.newBuilder().setName("all").addVirtualHosts(VirtualHost.newBuilder().setName("any").addDomains("*")
                .addRoutes(Route.newBuilder().setName("all").setMatch(RouteMatch.newBuilder().setPrefix("/"))
                    .setRoute(RouteAction.newBuilder().setCluster("app")))).build()),
            List.<Secret>of(), Integer.toString(++version)));
    }

    private static Listener listener(String name, Address bind, String filter, Message config) {
        return Listener.newBuilder().setName(name).setAddress(socket(bind))
            .addFilterChains(FilterChain.newBuilder().addFilters(Filter.newBuilder().setName(filter).setTypedConfig(Any.pack(config)))).build();
    }

    private static ClusterLoadAssignment endpoints(String cluster, Address instance) {
        return ClusterLoadAssignment.newBuilder().setClusterName(cluster).addEndpoints(LocalityLbEndpoints.newBuilder()
            .addLbEndpoints(LbEndpoint.newBuilder().setEndpoint(Endpoint.newBuilder().setAddress(socket(instance))))).build();
    }

    private static io.envoyproxy.envoy.config.core.v3.Address socket(Address address) {
        return io.envoyproxy.envoy.config.core.v3.Address.newBuilder()
            .setSocketAddress(SocketAddress.newBuilder().setAddress(address.host()).setPortValue(address.port())).build();
    }

    private String get(String path) {
        try {
            return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create("http://" + outbound + path)).build(), BodyHandlers.ofString()).body();
        } catch (IOException e) {
            return e.toString();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
