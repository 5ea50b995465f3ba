package mesh.control.stream;

import static mesh.xds.ResourceType.CLUSTER;
import static mesh.xds.ResourceType.ENDPOINTS;
import static mesh.xds.ResourceType.LISTENER;
import static mesh.xds.ResourceType.ROUTES;
import static mesh.xds.ResourceType.TRUST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.Status;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import mesh.model.MeshSnapshot;
import mesh.xds.Dialect;
import mesh.xds.ResourceType;
import org.junit.jupiter.api.Test;

/** Responses are written as {@code CDS@3 +changed -removed}. */
class DeltaStreamTest {

    private static final MeshSnapshot SHOP = Meshes.of(3, "pay", "cart");

    private final ResourceCache cache = new ResourceCache(Dialect.PROXY);
    private final DeltaStream stream = open(SHOP);

    @Test
    void anEmptyFirstListMeansAllClustersAndListeners() {
        assertThat(ask(stream, CLUSTER)).containsExactly("CDS@3 +pay +cart");
        assertThat(ask(stream, LISTENER)).containsExactly("LDS@3 +pay +cart");
    }

    @Test
    void anEmptyFirstListOfAnyOtherTypeMeansNothing() {
        assertThat(ask(stream, ENDPOINTS)).containsExactly("EDS@3");
        assertThat(ask(stream, ROUTES)).containsExactly("RDS@3");
    }

    @Test
    void aNameIsAnsweredWithItsResource() {
        assertThat(ask(stream, ROUTES, "cart")).containsExactly("RDS@3 +cart");
        assertThat(ask(stream, ROUTES, "pay")).containsExactly("RDS@3 +pay");
    }

    @Test
    void nobodyWaitsForAnUnknownName() {
        assertThat(ask(stream, ENDPOINTS, "ghost")).containsExactly("EDS@3 +ghost");
        assertThat(ask(stream, ROUTES, "ghost")).containsExactly("RDS@3 -ghost");
        assertThat(ask(stream, TRUST, ResourceType.TRUST_NAME)).containsExactly("SDS@3 -ROOTCA");
    }

    @Test
    void anUnknownNameIsSentOnceItExists() {
        subscribeAll(stream, "pay", "cart", "ghost");
        MeshSnapshot next = Meshes.from(SHOP, 4, m -> m.service("ghost", "10.0.0.9:80"));
        assertThat(push(stream, next)).containsExactly("CDS@ +ghost", "EDS@ +ghost", "LDS@ +ghost", "RDS@4 +ghost");
    }

    @Test
    void onlyWhatChangedIsToldAndWithTheVersion() {
        subscribeAll(stream, "pay", "cart");
        MeshSnapshot next = Meshes.from(SHOP, 4, m -> m.endpoints("pay", "10.0.0.2:80"));
        assertThat(push(stream, next)).containsExactly("EDS@4 +pay");
    }

    @Test
    void aVersionThatChangesNothingIsNotSentButCounted() {
        subscribeAll(stream, "pay", "cart");
        assertThat(stream.acknowledgedVersion()).isEqualTo(3);
        assertThat(push(stream, SHOP.withVersion(9))).isEmpty();
        assertThat(stream.sentVersion()).isEqualTo(3);
        assertThat(stream.acknowledgedVersion()).isEqualTo(9);
        assertThat(ask(stream, ROUTES, "ghost")).as("what it is asked for later belongs to what it has").containsExactly("RDS@3 -ghost");
    }

    @Test
    void aVersionThatChangesNothingIsNotAcknowledgedWhileAnOlderOneIsOpen() {
        subscribeAll(stream, "pay", "cart");
        MeshSnapshot next = Meshes.from(SHOP, 4, m -> m.endpoints("pay", "10.0.0.2:80"));
        List<DeltaDiscoveryResponse> open = stream.onView(next);
        stream.onView(next.withVersion(5));
        assertThat(stream.acknowledgedVersion()).isEqualTo(3);
        open.forEach(response -> stream.onRequest(ack(response)));
        assertThat(stream.acknowledgedVersion()).isEqualTo(5);
    }

    @Test
    void whatIsReferredToIsMadeFirstAndRemovedLast() {
        subscribeAll(stream, "pay", "cart", "new");
        MeshSnapshot next = Meshes.from(SHOP, 4, m -> m.without("pay").service("new", "10.0.0.3:80"));
        assertThat(push(stream, next)).containsExactly(
            "CDS@ +new", "EDS@ +new", "LDS@ +new -pay", "RDS@4 +new -pay", "CDS@4 -pay", "EDS@4 -pay");
    }

    @Test
    void aListenerTakesOverAnAddressInOneResponse() {
        subscribeAll(stream, "pay", "cart");
        MeshSnapshot next = Meshes.from(SHOP, 4, m -> m.withoutListener("pay").listener("renamed", 15000, "pay"));
        assertThat(push(stream, next)).anyMatch(response -> response.matches("LDS@4? \\+renamed -pay"));
    }

    @Test
    void endpointsAreSentAgainAfterTheirClusterChanged() {
        subscribeAll(stream, "pay", "cart");
        assertThat(push(stream, Meshes.from(SHOP, 4, m -> m.cluster("cart", 77))))
            .containsExactly("CDS@ +cart", "EDS@4 +cart");
    }

    @Test
    void onlyWhatChangedMeanwhileIsSentToAClientThatComesBack() {
        subscribeAll(stream, "pay", "cart");
        Map<String, String> had = versions(open(SHOP).onRequest(subscribe(CLUSTER)));
        DeltaStream again = open(Meshes.from(SHOP, 8, m -> m.without("cart").cluster("pay", 9).cluster("new", 1)));
        DeltaDiscoveryRequest back = subscribe(CLUSTER).toBuilder().putAllInitialResourceVersions(had).build();
        assertThat(text(again.onRequest(back))).containsExactly("CDS@8 +pay +new -cart");
    }

    @Test
    void aClientThatComesBackAndMissedNothingIsOnlyToldTheVersion() {
        Map<String, String> routes = versions(open(SHOP).onRequest(subscribe(ROUTES, "pay", "cart")));
        DeltaDiscoveryRequest back = subscribe(ROUTES, "pay", "cart").toBuilder().putAllInitialResourceVersions(routes).build();
        DeltaStream restarted = new DeltaStream(SHOP, new ResourceCache(Dialect.PROXY), StreamLimits.DEFAULT);
        assertThat(text(restarted.onRequest(back))).containsExactly("RDS@3");
    }

    @Test
    void aRejectedVersionIsNotSentAgainUnchanged() {
        subscribeAll(stream, "pay", "cart");
        MeshSnapshot bad = Meshes.from(SHOP, 4, m -> m.cluster("pay", 13));
        List<DeltaDiscoveryResponse> sent = stream.onView(bad);
        sent.forEach(response -> stream.onRequest(response.getTypeUrl().equals(CLUSTER.typeUrl()) ? nack(response, "no such thing") : ack(response)));

        assertThat(stream.refusal()).contains(new AdsStream.Refusal(CLUSTER, 4, "no such thing"));
        assertThat(stream.acknowledgedVersion()).isEqualTo(3);
        assertThat(stream.sentVersion()).isEqualTo(4);
        assertThat(push(stream, Meshes.from(bad, 5, m -> m.endpoints("cart", "10.0.0.4:80"))))
            .as("what was refused is asked about").containsExactly("CDS@", "EDS@5 +cart");
        assertThat(stream.refusal()).as("everything was acknowledged since").isEmpty();
        assertThat(stream.acknowledgedVersion()).isEqualTo(5);
        assertThat(push(stream, Meshes.from(bad, 6, m -> m.cluster("pay", 14)))).contains("CDS@ +pay");
    }

    @Test
    void anAnswerToAnUnknownNonceOrOfAnotherTypeIsIgnored() {
        DeltaDiscoveryResponse clusters = stream.onRequest(subscribe(CLUSTER)).get(0);
        stream.onRequest(nack(clusters.toBuilder().setNonce("CDS-99").build(), "stale"));
        stream.onRequest(nack(clusters.toBuilder().setTypeUrl(LISTENER.typeUrl()).build(), "of another type"));
        assertThat(stream.refusal()).isEmpty();
        assertThat(stream.acknowledgedVersion()).isZero();
        assertThat(stream.onRequest(ack(clusters))).isEmpty();
        stream.onRequest(nack(clusters, "twice"));
        assertThat(stream.refusal()).isEmpty();
    }

    @Test
    void aStaleNonceDoesNotUndoASubscriptionInTheSameRequest() {
        stream.onRequest(subscribe(ROUTES, "pay"));
        assertThat(text(stream.onRequest(subscribe(ROUTES, "cart").toBuilder().setResponseNonce("RDS-77").build())))
            .containsExactly("RDS@3 +cart");
    }

    @Test
    void whatIsUnsubscribedIsNotSentAnyMoreAndIsSentAgainWhenAskedFor() {
        subscribeAll(stream, "pay", "cart");
        assertThat(stream.onRequest(request(ENDPOINTS).addResourceNamesUnsubscribe("pay").build())).isEmpty();
        assertThat(push(stream, Meshes.from(SHOP, 4, m -> m.endpoints("pay", "10.0.0.2:80")))).isEmpty();
        assertThat(ask(stream, ENDPOINTS, "pay")).containsExactly("EDS@4 +pay");
        assertThat(ask(stream, ENDPOINTS, "pay")).as("asked for again").containsExactly("EDS@4 +pay");
    }

    @Test
    void theStarSubscribesToAllAndUnsubscribesFromAll() {
        assertThat(ask(stream, LISTENER, "pay")).containsExactly("LDS@3 +pay");
        assertThat(push(stream, Meshes.from(SHOP, 4, m -> m.listener("cart", 99, "cart")))).as("it did not ask for cart").isEmpty();
        assertThat(ask(stream, LISTENER, "*")).containsExactly("LDS@4 +cart");
        assertThat(push(stream, Meshes.from(SHOP, 5, m -> m.listener("cart", 98, "cart")))).containsExactly("LDS@5 +cart");
    }

    @Test
    void aTypeThatWeDoNotSpeakIsNotAnswered() {
        assertThat(stream.onRequest(DeltaDiscoveryRequest.newBuilder()
            .setTypeUrl("type.googleapis.com/envoy.service.runtime.v3.Runtime").build())).isEmpty();
    }

    @Test
    void aClientThatDoesNotAnswerSaturatesItsStream() {
        stream.onRequest(subscribe(CLUSTER));
        DeltaDiscoveryResponse last = null;
        for (int i = 1; i < AdsStream.SATURATED; i++) {
            assertThat(stream.saturated()).isFalse();
            int limit = i;
            last = stream.onView(Meshes.from(SHOP, 3 + i, m -> m.cluster("pay", limit + 1))).get(0);
        }
        assertThat(stream.saturated()).isTrue();
        stream.onRequest(ack(last));
        assertThat(stream.saturated()).isFalse();
    }

    @Test
    void aClientMayNotNameWhatItLikes() {
        DeltaStream small = new DeltaStream(SHOP, cache, new StreamLimits(1, 1, 3, 500, 5, 1));
        assertThat(ask(small, ROUTES, "a", "b", "c")).hasSize(1);
        assertThatThrownBy(() -> small.onRequest(subscribe(ROUTES, "d"))).hasMessage("RDS: 4 names (expected: at most 3)");
        assertThatThrownBy(() -> small.onRequest(subscribe(ROUTES, "n".repeat(256))))
            .hasMessage("resource name: 256 characters (expected: 1 to 255)");
        assertThatThrownBy(() -> small.onRequest(subscribe(ROUTES, IntStream.range(0, 99).mapToObj(i -> "name" + i).toArray(String[]::new))))
            .hasMessageContaining("bytes (expected: at most 500)");
    }

    @Test
    void aClientMayNotAskForEverMoreWithoutAnAnswer() {
        DeltaStream small = new DeltaStream(SHOP, cache, new StreamLimits(1, 1, 9, 500, 5, 1));
        for (int i = 0; i < 5; i++) {
            small.onRequest(subscribe(ROUTES, "pay"));
        }
        assertThatThrownBy(() -> small.onRequest(subscribe(ROUTES, "pay"))).hasMessage("6 responses without an answer (expected: at most 5)");
    }

    @Test
    void aLongAnswerComesInSeveralResponsesAndOnlyTheLastHasTheVersion() {
        MeshSnapshot big = Meshes.of(3, IntStream.range(0, 2000).mapToObj(i -> "service-" + i).toArray(String[]::new));
        List<DeltaDiscoveryResponse> responses = open(big).onRequest(subscribe(CLUSTER));
        assertThat(responses).hasSizeGreaterThan(2).allMatch(r -> r.getSerializedSize() < 2 * StreamLimits.DEFAULT.response());
        assertThat(responses.stream().flatMap(r -> r.getResourcesList().stream()).map(Resource::getName)).containsExactlyElementsOf(big.clusters().keySet());
        assertThat(responses.get(responses.size() - 1).getSystemVersionInfo()).isEqualTo("3");
        assertThat(responses.subList(0, responses.size() - 1)).allMatch(r -> r.getSystemVersionInfo().isEmpty());
    }

    @Test
    void aVersionThatIsRefusedInPartIsRefused() {
        DeltaStream big = open(Meshes.of(3, IntStream.range(0, 2000).mapToObj(i -> "service-" + i).toArray(String[]::new)));
        List<DeltaDiscoveryResponse> responses = big.onRequest(subscribe(CLUSTER));
        big.onRequest(nack(responses.get(0), "clusters.service-1: no"));
        responses.subList(1, responses.size()).forEach(response -> big.onRequest(ack(response)));
        assertThat(big.refusal()).hasValueSatisfying(refusal -> assertThat(refusal.message()).isEqualTo("clusters.service-1: no"));
        assertThat(big.acknowledgedVersion()).isZero();
    }

    @Test
    void aRefusalIsKeptAsOneReadableLine() {
        DeltaDiscoveryResponse clusters = stream.onRequest(subscribe(CLUSTER)).get(0);
        stream.onRequest(nack(clusters, "no\r\n2026 INFO all is well\u001b[2J" + "x".repeat(9999)));
        assertThat(stream.refusal()).hasValueSatisfying(refusal ->
            assertThat(refusal.message()).startsWith("no 2026 INFO all is well [2Jxxx").hasSizeLessThan(4100).endsWith("x…"));
    }

    private DeltaStream open(MeshSnapshot view) {
        return new DeltaStream(view, cache, StreamLimits.DEFAULT);
    }

    /** Subscribes to all types, the named ones by these names, and acknowledges. */
    private static void subscribeAll(DeltaStream stream, String... names) {
        ask(stream, TRUST, ResourceType.TRUST_NAME);
        ask(stream, CLUSTER);
        ask(stream, LISTENER);
        ask(stream, ENDPOINTS, names);
        ask(stream, ROUTES, names);
    }

    /** Subscribes, and acknowledges what comes. */
    private static List<String> ask(DeltaStream stream, ResourceType type, String... names) {
        List<DeltaDiscoveryResponse> responses = stream.onRequest(subscribe(type, names));
        responses.forEach(response -> assertThat(stream.onRequest(ack(response))).isEmpty());
        return text(responses);
    }

    /** Pushes, and acknowledges what comes. */
    private static List<String> push(DeltaStream stream, MeshSnapshot view) {
        List<DeltaDiscoveryResponse> responses = stream.onView(view);
        responses.forEach(response -> assertThat(stream.onRequest(ack(response))).isEmpty());
        return text(responses);
    }

    private static DeltaDiscoveryRequest.Builder request(ResourceType type) {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.typeUrl());
    }

    private static DeltaDiscoveryRequest subscribe(ResourceType type, String... names) {
        return request(type).addAllResourceNamesSubscribe(List.of(names)).build();
    }

    private static DeltaDiscoveryRequest ack(DeltaDiscoveryResponse response) {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(response.getTypeUrl()).setResponseNonce(response.getNonce()).build();
    }

    private static DeltaDiscoveryRequest nack(DeltaDiscoveryResponse response, String why) {
        return ack(response).toBuilder().setErrorDetail(Status.newBuilder().setCode(3).setMessage(why)).build();
    }

    private static Map<String, String> versions(List<DeltaDiscoveryResponse> responses) {
        return responses.get(0).getResourcesList().stream().collect(Collectors.toMap(Resource::getName, Resource::getVersion));
    }

    private static List<String> text(List<DeltaDiscoveryResponse> responses) {
        return responses.stream().map(DeltaStreamTest::text).toList();
    }

    private static String text(DeltaDiscoveryResponse response) {
        List<String> parts = new ArrayList<>();
        parts.add(ResourceType.ofUrl(response.getTypeUrl()).orElseThrow().shortName() + "@" + response.getSystemVersionInfo());
        response.getResourcesList().forEach(resource -> parts.add("+" + resource.getName()));
        response.getRemovedResourcesList().forEach(name -> parts.add("-" + name));
        return String.join(" ", parts);
    }
}
