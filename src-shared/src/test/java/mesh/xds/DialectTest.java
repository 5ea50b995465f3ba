package mesh.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteAction.HashPolicy.PolicySpecifierCase;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import mesh.model.Address;
import mesh.model.Endpoint;
import mesh.model.EndpointSet;
import mesh.model.MeshSnapshot;
import org.junit.jupiter.api.Test;

class DialectTest {

    private static final MeshSnapshot RICH = Samples.rich();

    @Test
    void theUserAgentTellsAGrpcClientFromAProxy() {
        assertThat(dialect("gRPC Java")).isEqualTo(Dialect.GRPC);
        assertThat(dialect("gRPC C-core linux")).isEqualTo(Dialect.GRPC);
        assertThat(dialect("envoy")).isEqualTo(Dialect.PROXY);
        assertThat(dialect("mesh")).isEqualTo(Dialect.PROXY);
        assertThat(dialect("")).isEqualTo(Dialect.PROXY);
    }

    @Test
    void aProxyIsToldWhatTheTypesSay() {
        for (ResourceType type : ResourceType.values()) {
            assertThat(Dialect.PROXY.names(type, RICH)).isEqualTo(type.names(RICH));
            type.names(RICH).forEach(name -> assertThat(Dialect.PROXY.encode(type, RICH, name)).isEqualTo(type.encode(RICH, name)));
        }
    }

    @Test
    void aGrpcClientMayCallEveryClusterAndEveryRouteTableThatPeopleNamed() {
        MeshSnapshot mesh = new MeshSnapshot(1, Map.of(), Map.of("shop", RICH.routeTables().get("shop"), "@web", RICH.routeTables().get("shop")),
            RICH.clusters(), RICH.endpoints(), RICH.trust());
        assertThat(Dialect.GRPC.names(ResourceType.LISTENER, mesh)).containsExactlyInAnyOrder("shop", "plain", "secure", "told-in-words", "told", "soonest",
            "watched", "asked", "knocked", "called", "chance", "ring", "ring-as-it-comes", "table");
        assertThat(Dialect.GRPC.has(ResourceType.LISTENER, mesh, "@web")).isFalse();
        assertThat(Dialect.GRPC.names(ResourceType.TRUST, mesh)).isEmpty();
    }

    @Test
    void aListenerWithoutASocketLeadsToTheRoutesOfItsName() throws Exception {
        Listener listener = grpc(ResourceType.LISTENER, "plain", Listener.class);
        assertThat(listener.hasAddress()).isFalse();
        HttpConnectionManager manager = listener.getApiListener().getApiListener().unpack(HttpConnectionManager.class);
        assertThat(manager.getRds().getRouteConfigName()).isEqualTo("plain");
        assertThat(manager.getRds().getConfigSource().hasAds()).isTrue();
        assertThat(manager.getHttpFiltersList()).singleElement().matches(filter -> filter.getName().equals("envoy.filters.http.router"));
    }

    @Test
    void aNameWithoutARouteTableIsRoutedToItsCluster() {
        RouteConfiguration routes = grpc(ResourceType.ROUTES, "plain", RouteConfiguration.class);
        assertThat(routes.getVirtualHostsList()).singleElement().satisfies(host -> {
            assertThat(host.getDomainsList()).containsExactly("*");
            assertThat(host.getRoutesList()).singleElement().matches(route -> route.getRoute().getCluster().equals("plain"));
        });
    }

    @Test
    void aRouteThatAProxyAnswersItselfFailsInsteadOfGoingToTheNextOne() {
        RouteConfiguration routes = grpc(ResourceType.ROUTES, "shop", RouteConfiguration.class);
        Map<String, Route> byName = routes.getVirtualHostsList().stream().flatMap(host -> host.getRoutesList().stream())
            .collect(Collectors.toMap(Route::getName, route -> route));
        assertThat(byName.get("teapot").hasNonForwardingAction()).isTrue();
        assertThat(byName.get("moved").hasNonForwardingAction()).isTrue();
        assertThat(byName.values()).as("a filter that a client has not got").allMatch(route -> route.getTypedPerFilterConfigCount() == 0);
        assertThat(byName.get("exact").getRoute().getCluster()).isEqualTo("secure");
        assertThat(byName.get("exact").getRoute().hasRetryPolicy()).isFalse();
        assertThat(byName.get("split").getRoute().getWeightedClusters().getClustersCount()).isEqualTo(2);
    }

    @Test
    void aClusterHasOneTlsForAllEndpointsWithTheIdentitiesOfEach() throws Exception {
        Cluster cluster = grpc(ResourceType.CLUSTER, "secure", Cluster.class);
        assertThat(cluster.getTransportSocketMatchesList()).isEmpty();
        var tls = cluster.getTransportSocket().getTypedConfig().unpack(UpstreamTlsContext.class).getCommonTlsContext();
        assertThat(tls.getTlsCertificateProviderInstance().getInstanceName()).isEqualTo("default");
        assertThat(tls.getValidationContext().getCaCertificateProviderInstance().getInstanceName()).isEqualTo("default");
        assertThat(sans(tls.getValidationContext().getMatchSubjectAltNamesList()))
            .containsExactly(Samples.PAYMENTS.toString(), Samples.WEB.toString());
    }

    @Test
    void anEndpointsIdentityAloneMakesItsClusterMutualTls() throws Exception {
        MeshSnapshot mesh = Changes.endpoints(RICH, new EndpointSet("plain", List.of(
            new Endpoint(new Address("10.0.0.1", 80), 1, Optional.of(Samples.WEB)), new Endpoint(new Address("10.0.0.2", 80), 1, Optional.empty()))));
        Cluster cluster = message(mesh, ResourceType.CLUSTER, "plain", Cluster.class);
        assertThat(sans(cluster.getTransportSocket().getTypedConfig().unpack(UpstreamTlsContext.class).getCommonTlsContext()
            .getValidationContext().getMatchSubjectAltNamesList())).containsExactly(Samples.WEB.toString());
        assertThat(grpc(ResourceType.CLUSTER, "plain", Cluster.class).hasTransportSocket()).isFalse();
    }

    @Test
    void randomBecomesRoundRobinWhichEveryGrpcClientHas() {
        assertThat(grpc(ResourceType.CLUSTER, "chance", Cluster.class).getLbPolicy()).isEqualTo(LbPolicy.ROUND_ROBIN);
        assertThat(grpc(ResourceType.CLUSTER, "secure", Cluster.class).getLbPolicy()).isEqualTo(LbPolicy.LEAST_REQUEST);
    }

    @Test
    void whatGoesByKeysIsARingToAGrpcClient() {
        Cluster ring = grpc(ResourceType.CLUSTER, "ring", Cluster.class);
        assertThat(ring.getLbPolicy()).isEqualTo(LbPolicy.RING_HASH);
        assertThat(ring.getRingHashLbConfig().getMinimumRingSize().getValue()).isEqualTo(512);
        assertThat(grpc(ResourceType.CLUSTER, "table", Cluster.class).getLbPolicy()).isEqualTo(LbPolicy.RING_HASH);
    }

    /** gRFC A42: header, and the channel for what is the same of all that a client calls; it has no cookies. */
    @Test
    void aGrpcClientIsToldThePartsOfAKeyThatItKnows() {
        RouteConfiguration routes = grpc(ResourceType.ROUTES, "shop", RouteConfiguration.class);
        RouteAction keyed = routes.getVirtualHostsList().stream().flatMap(host -> host.getRoutesList().stream())
            .filter(route -> route.getName().equals("every")).findFirst().orElseThrow().getRoute();
        assertThat(keyed.getHashPolicyList()).extracting(RouteAction.HashPolicy::getPolicySpecifierCase).containsExactly(
            PolicySpecifierCase.HEADER, PolicySpecifierCase.HEADER, PolicySpecifierCase.FILTER_STATE, PolicySpecifierCase.FILTER_STATE);
        assertThat(keyed.getHashPolicy(3)).isEqualTo(RouteAction.HashPolicy.newBuilder().setTerminal(true)
            .setFilterState(RouteAction.HashPolicy.FilterState.newBuilder().setKey("io.grpc.channel_id")).build());
    }

    @Test
    void endpointsOfOneWeightAreALocalityThatWeighsAsMuchAsThey() {
        assertThat(localities("10.0.0.1:80*2", "10.0.0.2:80*1", "10.0.0.3:80*2")).containsExactly("1: 10.0.0.2", "4: 10.0.0.1 10.0.0.3");
        assertThat(localities()).isEmpty();
    }

    @Test
    void theWeightsOfAllLocalitiesFitTheirField() {
        String[] heavy = new String[5000];
        for (int i = 0; i < heavy.length; i++) {
            heavy[i] = "10.0." + i / 250 + "." + i % 250 + ":80*1000000";
        }
        heavy[0] = "10.1.1.1:80*1";
        assertThat(localities(heavy)).first().asString().startsWith("1: 10.1.1.1");
        assertThat(localities(heavy)).last().asString().startsWith("1666333333: ");
    }

    @Test
    void prioritiesHaveNoGapsAndLocalitiesAreTheirOwnBeforeWeights() {
        assertThat(grpc(ResourceType.ENDPOINTS, "soonest", ClusterLoadAssignment.class).getEndpointsList().stream().map(each ->
            each.getPriority() + " " + each.getLocality().getRegion() + "/" + each.getLocality().getZone() + "/" + each.getLocality().getSubZone()))
            .containsExactly("0 eu/eu-1/a/weight-1", "0 eu/eu-2/weight-1", "0 eu/eu-1/a/weight-3", "1 eu/eu-1/a/weight-1", "2 //weight-1");
    }

    private static List<String> localities(String... endpoints) {
        EndpointSet set = new EndpointSet("plain", Arrays.stream(endpoints).map(text -> new Endpoint(
            Address.parse(text.split("\\*")[0]), Integer.parseInt(text.split("\\*")[1]), Optional.empty())).toList());
        return message(Changes.endpoints(RICH, set), ResourceType.ENDPOINTS, "plain", ClusterLoadAssignment.class).getEndpointsList().stream()
            .map(locality -> locality.getLoadBalancingWeight().getValue() + ": " + locality.getLbEndpointsList().stream()
                .map(endpoint -> endpoint.getEndpoint().getAddress().getSocketAddress().getAddress()).collect(Collectors.joining(" ")))
            .toList();
    }

    private static List<String> sans(List<StringMatcher> matchers) {
        return matchers.stream().map(StringMatcher::getExact).toList();
    }

    private static Dialect dialect(String userAgent) {
        return Dialect.of(Node.newBuilder().setUserAgentName(userAgent).build());
    }

    private static <M extends Message> M grpc(ResourceType type, String name, Class<M> message) {
        return message(RICH, type, name, message);
    }

    private static <M extends Message> M message(MeshSnapshot mesh, ResourceType type, String name, Class<M> message) {
        try {
            return Dialect.GRPC.encode(type, mesh, name).orElseThrow().body().unpack(message);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
