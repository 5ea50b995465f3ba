package mesh.control.stream;

import static mesh.xds.ResourceType.CLUSTER;
import static mesh.xds.ResourceType.ENDPOINTS;
import static mesh.xds.ResourceType.LISTENER;
import static mesh.xds.ResourceType.ROUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Status;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import mesh.model.MeshSnapshot;
import mesh.xds.Dialect;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.Test;

/** Responses are written as {@code CDS@3 name name}, and each request acknowledges the last response of its type. */
class SotwStreamTest {

    private static final MeshSnapshot SHOP = Meshes.of(3, "pay", "cart");

    private final SotwStream stream = open(SHOP, Dialect.PROXY);
    private final Map<ResourceType, String> nonces = new EnumMap<>(ResourceType.class);

    @Test
    void anEmptyFirstListMeansAllClustersAndListeners() {
        assertThat(ask(CLUSTER)).containsExactly("CDS@3 pay cart");
        assertThat(ask(LISTENER)).containsExactly("LDS@3 pay cart");
    }

    @Test
    void aNameThatDoesNotExistIsAnErrorOfItsOwn() {
        DiscoveryResponse response = stream.onRequest(DiscoveryRequest.newBuilder().setTypeUrl(LISTENER.typeUrl())
            .addResourceNames("pay").addResourceNames("ghost").build()).get(0);
        assertThat(response.getResourcesCount()).isEqualTo(1);
        assertThat(response.getResourceErrorsList()).singleElement().satisfies(error -> {
            assertThat(error.getResourceName().getName()).isEqualTo("ghost");
            assertThat(error.getErrorDetail().getCode()).isEqualTo(com.google.rpc.Code.NOT_FOUND_VALUE);
        });
    }

    @Test
    void anEmptyFirstListOfAnyOtherTypeMeansNothing() {
        assertThat(ask(ENDPOINTS)).isEmpty();
        assertThat(ask(ROUTES)).isEmpty();
    }

    @Test
    void onlyWhatANamedListAddsIsSentOfEndpointsAndRoutes() {
        assertThat(ask(ROUTES, "pay")).containsExactly("RDS@3 pay");
        assertThat(ask(ROUTES, "pay", "cart")).containsExactly("RDS@3 cart");
        assertThat(ask(ROUTES, "pay", "cart")).isEmpty();
    }

    @Test
    void listenersAndClustersComeWholeSoThatWhatIsMissingIsKnownToBeGone() {
        assertThat(ask(CLUSTER, "pay", "ghost")).containsExactly("CDS@3 pay");
        assertThat(ask(CLUSTER, "pay", "ghost", "cart")).containsExactly("CDS@3 pay cart");
        assertThat(push(Meshes.from(SHOP, 4, m -> m.without("pay")))).containsExactly("CDS@4 cart");
        assertThat(push(Meshes.from(SHOP, 5, m -> m.service("ghost", "10.0.0.9:80")))).containsExactly("CDS@5 pay ghost cart");
    }

    @Test
    void whoAsksForOnlyUnknownClustersIsToldAtOnceThatThereAreNone() {
        assertThat(ask(CLUSTER, "ghost")).containsExactly("CDS@3");
        assertThat(ask(LISTENER, "ghost")).containsExactly("LDS@3");
    }

    @Test
    void nobodyWaitsForTheEndpointsOfAnUnknownCluster() {
        assertThat(ask(ENDPOINTS, "ghost")).containsExactly("EDS@3 ghost");
        assertThat(push(Meshes.from(SHOP, 4, m -> m.service("ghost", "10.0.0.9:80")))).containsExactly("EDS@4 ghost");
    }

    @Test
    void aRouteTableIsSentOnceItExists() {
        assertThat(ask(ROUTES, "ghost")).isEmpty();
        assertThat(ask(ROUTES, "ghost", "pay")).as("nothing was sent that the request could name").containsExactly("RDS@3 pay");
        assertThat(push(Meshes.from(SHOP, 4, m -> m.service("ghost", "10.0.0.9:80")))).containsExactly("RDS@4 ghost");
    }

    @Test
    void typesThatAVersionDoesNotConcernAreNotSent() {
        subscribeAll();
        assertThat(push(Meshes.from(SHOP, 4, m -> m.endpoints("pay", "10.0.0.2:80")))).containsExactly("EDS@4 pay");
        assertThat(push(SHOP.withVersion(4).withVersion(5))).as("back to what it was").containsExactly("EDS@5 pay");
    }

    @Test
    void aVersionOfWhichNothingIsSentCountsAsAcknowledged() {
        ask(ENDPOINTS, "pay");
        acknowledge();
        assertThat(stream.acknowledgedVersion()).isEqualTo(3);
        assertThat(push(Meshes.from(SHOP, 4, m -> m.cluster("cart", 9)))).isEmpty();
        assertThat(stream.acknowledgedVersion()).isEqualTo(4);
    }

    @Test
    void endpointsAreSentAgainAfterTheirClusterChanged() {
        subscribeAll();
        assertThat(push(Meshes.from(SHOP, 4, m -> m.cluster("cart", 77)))).containsExactly("CDS@4 pay cart", "EDS@4 cart");
    }

    @Test
    void aClusterThatGoesIsKeptUntilNothingRefersToIt() {
        subscribeAll("new");
        MeshSnapshot next = Meshes.from(SHOP, 4, m -> m.without("pay").service("new", "10.0.0.3:80"));
        assertThat(push(next)).containsExactly("CDS@4 cart new pay", "EDS@4 new", "LDS@4 cart new", "RDS@4 new", "CDS@4 cart new");
    }

    @Test
    void anEmptyListMeansNothingOnceANameWasGiven() {
        assertThat(ask(CLUSTER, "pay")).containsExactly("CDS@3 pay");
        assertThat(ask(CLUSTER)).isEmpty();
        assertThat(push(Meshes.from(SHOP, 4, m -> m.cluster("pay", 9)))).isEmpty();
        assertThat(ask(CLUSTER, "pay")).containsExactly("CDS@4 pay");
    }

    @Test
    void anEmptyListGoesOnMeaningEverythingIfNoNameWasEverGiven() {
        ask(CLUSTER);
        assertThat(ask(CLUSTER)).isEmpty();
        assertThat(push(Meshes.from(SHOP, 4, m -> m.cluster("pay", 9)))).containsExactly("CDS@4 pay cart");
    }

    @Test
    void theStarMeansEverything() {
        assertThat(ask(LISTENER, "pay")).containsExactly("LDS@3 pay");
        assertThat(ask(LISTENER, "pay", "*")).containsExactly("LDS@3 pay cart");
        assertThat(ask(LISTENER, "pay")).isEmpty();
        assertThat(push(Meshes.from(SHOP, 4, m -> m.listener("cart", 98, "cart")))).isEmpty();
    }

    @Test
    void whatIsUnsubscribedIsSentAgainWhenAskedFor() {
        ask(ENDPOINTS, "pay", "cart");
        ask(ENDPOINTS, "cart");
        assertThat(push(Meshes.from(SHOP, 4, m -> m.endpoints("pay", "10.0.0.2:80")))).isEmpty();
        assertThat(ask(ENDPOINTS, "pay", "cart")).containsExactly("EDS@4 pay");
    }

    /** It was sent before the client saw our last response, and says what the client wanted then. */
    @Test
    void anOldNonceAnswersNothingButItsNamesCount() {
        ask(ROUTES, "pay");
        String old = nonces.get(ROUTES);
        push(Meshes.from(SHOP, 4, m -> m.route("pay", "cart")));
        DiscoveryRequest late = request(ROUTES, "pay", "cart").setResponseNonce(old)
            .setErrorDetail(Status.newBuilder().setMessage("of what was acknowledged long ago")).build();
        assertThat(text(took(stream.onRequest(late)))).containsExactly("RDS@4 cart");
        assertThat(stream.refusal()).isEmpty();
        assertThat(ask(ROUTES, "pay", "cart")).as("the same names once more").isEmpty();
    }

    /** As grpc-java does when a service goes and comes back. */
    @Test
    void aClientThatUnsubscribesMayBeginAgainWithoutANonce() {
        assertThat(ask(CLUSTER, "pay")).containsExactly("CDS@3 pay");
        ask(CLUSTER);
        assertThat(text(stream.onRequest(request(CLUSTER, "pay").build()))).containsExactly("CDS@3 pay");
    }

    @Test
    void aRefusalIsToldAndNotSentAgainUnchanged() {
        subscribeAll();
        MeshSnapshot bad = Meshes.from(SHOP, 4, m -> m.endpoints("pay", "10.0.0.2:80"));
        push(bad);
        stream.onRequest(request(ENDPOINTS, "pay", "cart").setResponseNonce(nonces.get(ENDPOINTS))
            .setErrorDetail(Status.newBuilder().setCode(3).setMessage("no such thing")).build());
        assertThat(stream.refusal()).contains(new AdsStream.Refusal(ENDPOINTS, 4, "no such thing"));
        assertThat(stream.acknowledgedVersion()).isEqualTo(3);
        assertThat(push(Meshes.from(bad, 5, m -> m.endpoints("cart", "10.0.0.3:80")))).containsExactly("EDS@5 cart");
        acknowledge();
        assertThat(stream.refusal()).isEmpty();
        assertThat(stream.acknowledgedVersion()).isEqualTo(5);
    }

    @Test
    void anAcknowledgementCountsOnce() {
        ask(CLUSTER);
        DiscoveryRequest ack = request(CLUSTER).setResponseNonce(nonces.get(CLUSTER)).build();
        assertThat(stream.answer(ack)).isPresent();
        stream.onRequest(ack);
        assertThat(stream.answer(ack)).isEmpty();
        assertThat(stream.answer(request(LISTENER).setResponseNonce(nonces.get(CLUSTER)).build())).isEmpty();
    }

    /** As gRPC's C core does while it is busy sending. */
    @Test
    void theAnswerToTheLastResponseOfATypeStandsForThoseBeforeIt() {
        ask(CLUSTER);
        acknowledge();
        stream.onView(Meshes.from(SHOP, 4, m -> m.cluster("pay", 8)));
        List<DiscoveryResponse> last = stream.onView(Meshes.from(SHOP, 5, m -> m.cluster("pay", 9)));
        stream.onRequest(request(CLUSTER).setResponseNonce(last.get(0).getNonce()).build());
        assertThat(stream.unanswered()).isFalse();
        assertThat(stream.acknowledgedVersion()).isEqualTo(5);
    }

    @Test
    void aGrpcClientFollowsOneNameThroughAllTypes() {
        SotwStream grpc = open(SHOP, Dialect.GRPC);
        for (ResourceType type : List.of(LISTENER, ROUTES, CLUSTER, ENDPOINTS)) {
            assertThat(text(grpc.onRequest(request(type, "pay").build()))).containsExactly(type.shortName() + "@3 pay");
        }
        assertThat(text(grpc.onRequest(request(ResourceType.TRUST, ResourceType.TRUST_NAME).build()))).isEmpty();
    }

    @Test
    void aLongAnswerOfEndpointsComesInSeveralResponsesAndOneOfClustersWhole() {
        String[] services = IntStream.range(0, 2000).mapToObj(i -> "service-" + i).toArray(String[]::new);
        SotwStream big = open(Meshes.of(3, services), Dialect.PROXY);
        List<DiscoveryResponse> endpoints = big.onRequest(request(ENDPOINTS, services).build());
        assertThat(endpoints).hasSizeGreaterThan(2).allMatch(r -> r.getSerializedSize() < 2 * StreamLimits.DEFAULT.response());
        assertThat(endpoints.stream().mapToInt(DiscoveryResponse::getResourcesCount).sum()).isEqualTo(2000);
        assertThat(big.onRequest(request(CLUSTER).build())).singleElement().matches(r -> r.getResourcesCount() == 2000);
    }

    @Test
    void aClientMayNotNameWhatItLikes() {
        SotwStream small = new SotwStream(SHOP, new ResourceCache(Dialect.PROXY), new StreamLimits(1, 1, 3, 500, 5, 1));
        assertThatThrownBy(() -> small.onRequest(request(ROUTES, "a", "b", "c", "d").build())).hasMessage("RDS: 4 names (expected: at most 3)");
        assertThatThrownBy(() -> small.onRequest(request(ROUTES, "n".repeat(256)).build()))
            .hasMessage("resource name: 256 characters (expected: 1 to 255)");
    }

    private static SotwStream open(MeshSnapshot view, Dialect dialect) {
        return new SotwStream(view, new ResourceCache(dialect), StreamLimits.DEFAULT);
    }

    private void subscribeAll(String... further) {
        List<String> names = new ArrayList<>(List.of("pay", "cart"));
        names.addAll(List.of(further));
        ask(CLUSTER);
        ask(ENDPOINTS, names.toArray(String[]::new));
        ask(LISTENER);
        ask(ROUTES, names.toArray(String[]::new));
        acknowledge();
    }

    /** Says all that it wants of a type, as the answer to the last response. */
    private List<String> ask(ResourceType type, String... names) {
        return text(took(stream.onRequest(request(type, names).setResponseNonce(nonces.getOrDefault(type, "")).build())));
    }

    private List<String> push(MeshSnapshot view) {
        return text(took(stream.onView(view)));
    }

    private List<DiscoveryResponse> took(List<DiscoveryResponse> responses) {
        responses.forEach(response -> {
            ResourceType type = ResourceType.ofUrl(response.getTypeUrl()).orElseThrow();
            String missed = nonces.put(type, response.getNonce());
            if (missed != null) {
                acknowledge(type, missed);
            }
        });
        return responses;
    }

    /** Answers the last response of each type, as a client whose wishes have not changed. */
    private void acknowledge() {
        nonces.forEach(this::acknowledge);
    }

    private void acknowledge(ResourceType type, String nonce) {
        String[] names = stream.subscription(type).orElseThrow().names().toArray(String[]::new);
        assertThat(stream.onRequest(request(type, names).setResponseNonce(nonce).build())).isEmpty();
    }

    private static DiscoveryRequest.Builder request(ResourceType type, String... names) {
        return DiscoveryRequest.newBuilder().setTypeUrl(type.typeUrl()).addAllResourceNames(List.of(names));
    }

    private static List<String> text(List<DiscoveryResponse> responses) {
        return responses.stream().map(SotwStreamTest::text).toList();
    }

    private static String text(DiscoveryResponse response) {
        ResourceType type = ResourceType.ofUrl(response.getTypeUrl()).orElseThrow();
        List<String> parts = new ArrayList<>(List.of(type.shortName() + "@" + response.getVersionInfo()));
        response.getResourcesList().forEach(resource -> parts.add(name(type, resource)));
        return String.join(" ", parts);
    }

    private static String name(ResourceType type, Any resource) {
        try {
            return switch (type) {
                case CLUSTER -> resource.unpack(Cluster.class).getName();
                case ENDPOINTS -> resource.unpack(ClusterLoadAssignment.class).getClusterName();
                case LISTENER -> resource.unpack(Listener.class).getName();
                case ROUTES -> resource.unpack(RouteConfiguration.class).getName();
                case TRUST -> ResourceType.TRUST_NAME;
            };
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
