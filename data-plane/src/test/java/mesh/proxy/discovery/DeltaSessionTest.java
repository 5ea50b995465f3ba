package mesh.proxy.discovery;

import static mesh.proxy.discovery.Meshes.acks;
import static mesh.proxy.discovery.Meshes.begins;
import static mesh.proxy.discovery.Meshes.broken;
import static mesh.proxy.discovery.Meshes.foreign;
import static mesh.proxy.discovery.Meshes.response;
import static mesh.xds.ResourceType.CLUSTER;
import static mesh.xds.ResourceType.ENDPOINTS;
import static mesh.xds.ResourceType.LISTENER;
import static mesh.xds.ResourceType.ROUTES;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import com.google.rpc.Code;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.util.ArrayList;
import java.util.List;
import mesh.model.ApplyResult;
import mesh.model.MeshSnapshot;
import mesh.model.Problem;
import org.junit.jupiter.api.Test;

/** A scripted control plane against the sidecar's side of the protocol, with the sink recorded. */
class DeltaSessionTest {

    private static final MeshSnapshot ONE = Meshes.of(1, "pay=10.0.0.1:80");
    private static final MeshSnapshot TWO = Meshes.of(2, "pay=10.0.0.2:80", "cart=10.0.1.1:80");
    private static final long SECOND = 1_000_000_000;
    private static final Duration TEN_SECONDS = Duration.newBuilder().setSeconds(10).build();
    private static final long PATIENCE = SnapshotAssembler.PATIENCE.toNanos();

    private final SnapshotAssembler assembler = new SnapshotAssembler();
    private final List<MeshSnapshot> applied = new ArrayList<>();
    private List<Problem> refuse = List.of();
    private long now = 1_000;

    private DeltaSession session = open();

    @Test
    void saysWhoItIsAndAsksForAllClustersAndListeners() {
        List<DeltaDiscoveryRequest> requests = newSession().open();
        assertThat(Meshes.text(requests)).containsExactly("CDS", "LDS");
        assertThat(requests).allSatisfy(each -> assertThat(each.getNode().getId()).isEqualTo("pay-1"));
    }

    @Test
    void appliesOnceEverythingThatIsMentionedIsThereAndAcknowledgesOnlyThen() {
        assertThat(receive(response(CLUSTER, ONE, "pay"))).containsExactly("EDS +pay");
        assertThat(receive(response(LISTENER, ONE, "pay"))).containsExactly("RDS +pay");
        assertThat(receive(response(ENDPOINTS, ONE, "pay"))).isEmpty();
        assertThat(applied).isEmpty();
        assertThat(receive(response(ROUTES, ONE, "pay"))).isEqualTo(acks(ONE, CLUSTER, LISTENER, ENDPOINTS, ROUTES));
        assertThat(applied).containsExactly(ONE);
    }

    @Test
    void waitsForTheRestOfAnAnswerThatComesInSeveralResponses() {
        MeshSnapshot two = Meshes.of(2, "pay=10.0.0.1:80", "cart=10.0.1.1:80");
        receive(response(CLUSTER, two, "pay", "cart"));
        receive(response(LISTENER, two, "pay", "cart"));
        receive(response(ROUTES, two, "pay", "cart"));
        receive(begins(response(ENDPOINTS, two, "pay", "cart")));
        assertThat(applied).isEmpty();
        receive(response(ENDPOINTS, two));
        assertThat(applied).containsExactly(two);
    }

    @Test
    void whatHasATimeToLiveIsGoneAfterItUnlessAHeartbeatComes() {
        receive(response(CLUSTER, ONE, "pay"));
        receive(response(LISTENER, ONE, "pay"));
        receive(response(ROUTES, ONE, "pay"));
        DeltaDiscoveryResponse.Builder endpoints = response(ENDPOINTS, ONE, "pay").toBuilder();
        endpoints.getResourcesBuilder(0).setTtl(TEN_SECONDS);
        receive(endpoints.build());
        assertThat(last().endpointsOf("pay")).isNotEmpty();
        assertThat(session.deadline()).hasValue(now + SECOND * 10);

        now += SECOND * 9;
        DeltaDiscoveryResponse.Builder beat = endpoints.clone();
        beat.getResourcesBuilder(0).clearResource();
        receive(beat.build());
        now += SECOND * 9;
        session.onTime();
        assertThat(last().endpointsOf("pay")).as("the heartbeat has come").isNotEmpty();
        beat.getResourcesBuilder(0).setVersion("of another");
        receive(beat.build());
        now += SECOND;
        session.onTime();
        assertThat(last().endpointsOf("pay")).as("a heartbeat of another version is none").isEmpty();
        assertThat(last().clusters()).containsKey("pay");
        assertThat(session.deadline()).isEmpty();

        receive(response(ENDPOINTS, ONE, "pay"));
        assertThat(last().endpointsOf("pay")).isNotEmpty();
        assertThat(session.deadline()).as("without a time to live it stays").isEmpty();
    }

    @Test
    void aClusterThatIsGoneAfterItsTimeIsNoLongerAskedForItsEndpoints() {
        DeltaDiscoveryResponse.Builder clusters = response(CLUSTER, ONE, "pay").toBuilder();
        clusters.getResourcesBuilder(0).setTtl(TEN_SECONDS);
        receive(clusters.build());
        receive(response(LISTENER, ONE, "pay"));
        receive(response(ROUTES, ONE, "pay"));
        receive(response(ENDPOINTS, ONE, "pay"));
        now += SECOND * 10;
        assertThat(Meshes.text(session.onTime())).containsExactly("EDS -pay");
        assertThat(last().clusters()).isEmpty();
    }

    @Test
    void aNameOfWhichAnErrorIsToldIsNotWaitedFor() {
        receive(response(CLUSTER, ONE, "pay"));
        receive(response(LISTENER, ONE, "pay"));
        receive(response(ROUTES, ONE, "pay"));
        DeltaDiscoveryResponse.Builder none = response(ENDPOINTS, ONE).toBuilder();
        none.addResourceErrorsBuilder().setErrorDetail(com.google.rpc.Status.newBuilder().setCode(Code.NOT_FOUND_VALUE).setMessage("no such cluster"))
            .getResourceNameBuilder().setName("pay");
        receive(none.build());
        assertThat(last().clusters()).containsKey("pay");
        assertThat(last().endpointsOf("pay")).isEmpty();
    }

    @Test
    void anEmptyMeshIsAppliedToo() {
        assertThat(receive(response(CLUSTER, MeshSnapshot.EMPTY))).isEmpty();
        assertThat(receive(response(LISTENER, MeshSnapshot.EMPTY))).containsExactly("ack CDS@0", "ack LDS@0");
        assertThat(applied).containsExactly(MeshSnapshot.EMPTY);
    }

    @Test
    void aVersionIsAppliedWhenItIsCompleteHoweverLongThatTakes() {
        takeOne();
        receive(begins(response(CLUSTER, TWO, "cart")));
        receive(begins(response(ENDPOINTS, TWO, "pay")));
        now += 10 * PATIENCE;
        assertThat(session.deadline()).isEmpty();
        assertThat(session.onTime()).isEmpty();
        receive(response(LISTENER, TWO, "cart"));
        receive(response(ENDPOINTS, TWO, "cart"));
        now += 10 * PATIENCE;
        assertThat(session.deadline()).isEmpty();
        assertThat(session.onTime()).isEmpty();
        assertThat(applied).as("cart's routes are still to come").containsExactly(ONE);
        assertThat(receive(response(ROUTES, TWO, "cart")))
            .isEqualTo(acks(TWO, CLUSTER, ENDPOINTS, LISTENER, ENDPOINTS, ROUTES));
        assertThat(applied).containsExactly(ONE, TWO);
    }

    @Test
    void whatIsTakenAwayLastIsAppliedAndNoLongerAskedFor() {
        MeshSnapshot both = Meshes.of(2, "pay=10.0.0.1:80", "cart=10.0.1.1:80");
        take(both, "pay", "cart");
        MeshSnapshot three = Meshes.of(3, "pay=10.0.0.1:80");
        assertThat(receive(begins(response(LISTENER, three, "-cart")))).containsExactly("RDS -cart");
        assertThat(receive(response(ROUTES, three, "-cart"))).isEqualTo(acks(three, LISTENER, ROUTES));
        assertThat(last().clusters()).containsOnlyKeys("pay", "cart");
        assertThat(receive(response(CLUSTER, three, "-cart"))).containsExactly("EDS -cart", "ack CDS@3");
        assertThat(last()).isEqualTo(three);
        int before = applied.size();
        assertThat(receive(response(ENDPOINTS, three, "-cart"))).containsExactly("ack EDS@3");
        assertThat(applied).as("nothing is different").hasSize(before);
    }

    @Test
    void goodResourcesApplyWhileARejectedOneKeepsItsLastGoodVersion() {
        takeOne();
        MeshSnapshot two = Meshes.of(2, "pay=10.0.0.2:80", "cart=10.0.1.1:80");
        receive(begins(response(CLUSTER, two, "cart")));
        receive(begins(broken(response(ENDPOINTS, two, "pay", "cart"), 0)));
        receive(response(LISTENER, two, "cart"));
        List<String> answers = receive(response(ROUTES, two, "cart"));
        assertThat(answers).filteredOn(a -> a.startsWith("nack")).singleElement().asString()
            .startsWith("nack EDS@2: endpoints.pay: \"type.googleapis.com/nonsense\" (expected: ");
        assertThat(answers).contains("ack CDS@2", "ack LDS@2", "ack RDS@2");
        assertThat(last().endpointsOf("pay")).isEqualTo(ONE.endpointsOf("pay"));
        assertThat(last().endpointsOf("cart")).isEqualTo(two.endpointsOf("cart"));
    }

    @Test
    void aTypeIsRefusedUntilItsBadResourceIsMended() {
        takeOne();
        MeshSnapshot two = Meshes.of(2, "pay=10.0.0.2:80");
        receive(broken(response(ENDPOINTS, two, "pay"), 0));
        MeshSnapshot three = two.withVersion(3);
        assertThat(receive(response(ENDPOINTS, three))).anySatisfy(a -> assertThat(a).startsWith("nack EDS@3"));
        MeshSnapshot four = two.withVersion(4);
        assertThat(receive(response(ENDPOINTS, four, "pay"))).contains("ack EDS@4");
        assertThat(last()).isEqualTo(four);
    }

    @Test
    void aRefusedSetIsRefusedWithItsProblemsAndTheNextOneIsTriedWhole() {
        takeOne();
        refuse = List.of(new Problem("listeners.pay", "cannot bind"), new Problem("listeners.cart", "cannot bind either"));
        MeshSnapshot two = Meshes.of(2, "pay=10.0.0.2:80");
        assertThat(receive(response(ENDPOINTS, two, "pay"))).singleElement().asString()
            .startsWith("nack EDS@2").endsWith("listeners.pay: cannot bind; listeners.cart: cannot bind either");
        assertThat(assembler.published()).isEqualTo(ONE);
        refuse = List.of();
        MeshSnapshot three = two.withVersion(3);
        assertThat(receive(response(ENDPOINTS, three))).isEqualTo(acks(three, ENDPOINTS));
        assertThat(last()).isEqualTo(three);
    }

    @Test
    void aSinkThatThrowsRefusesTheSet() {
        DeltaSession fragile = new DeltaSession(Node.getDefaultInstance(), assembler, snapshot -> {
            throw new IllegalStateException("boom");
        }, () -> now);
        fragile.open();
        fragile.onResponse(response(CLUSTER, MeshSnapshot.EMPTY));
        assertThat(Meshes.text(fragile.onResponse(response(LISTENER, MeshSnapshot.EMPTY))))
            .allSatisfy(a -> assertThat(a).startsWith("nack").contains("boom"));
    }

    @Test
    void aNewStreamAsksOnlyForWhatHasChanged() {
        takeOne();
        session = newSession();
        assertThat(Meshes.text(session.open())).containsExactly("CDS [pay]", "LDS [pay]", "EDS +pay [pay]", "RDS +pay [pay]");
        receive(response(CLUSTER, ONE));
        receive(response(ENDPOINTS, ONE));
        receive(response(LISTENER, ONE));
        int before = applied.size();
        receive(response(ROUTES, ONE));
        assertThat(applied).as("nothing was missed").hasSize(before);
    }

    @Test
    void halfAPushIsNeverAppliedAndIsCompletedByTheNextStream() {
        takeOne();
        MeshSnapshot two = Meshes.of(2, "pay=10.0.0.2:80");
        receive(begins(response(ENDPOINTS, two, "pay")));
        session = newSession();
        assertThat(Meshes.text(session.open())).as("endpoints came, but were never applied")
            .containsExactly("CDS [pay]", "LDS [pay]", "EDS +pay [pay?]", "RDS +pay [pay]");
        receive(response(CLUSTER, two));
        receive(response(ENDPOINTS, two, "pay"));
        receive(response(LISTENER, two));
        assertThat(applied).containsExactly(ONE);
        receive(response(ROUTES, two));
        assertThat(applied).containsExactly(ONE, two);
    }

    /** Were it not named, nobody would say that it is gone. */
    @Test
    void aNewStreamAlsoNamesWhatWasNeverApplied() {
        takeOne();
        receive(begins(response(CLUSTER, TWO, "cart")));
        receive(response(LISTENER, TWO, "cart"));
        session = newSession();
        assertThat(Meshes.text(session.open())).contains("CDS [cart?, pay]", "LDS [cart?, pay]");
        MeshSnapshot three = ONE.withVersion(3);
        receive(response(CLUSTER, three, "-cart"));
        receive(response(LISTENER, three, "-cart"));
        receive(response(ENDPOINTS, three));
        receive(response(ROUTES, three));
        assertThat(last()).isEqualTo(three);
    }

    @Test
    void aSetThatWasRefusedIsTriedAgainOnANewStream() {
        takeOne();
        MeshSnapshot two = Meshes.of(2, "pay=10.0.0.2:80");
        refuse = List.of(new Problem("listeners.pay", "cannot bind"));
        receive(response(ENDPOINTS, two, "pay"));
        refuse = List.of();
        session = newSession();
        assertThat(Meshes.text(session.open())).contains("EDS +pay [pay?]");
        answered(two, response(ENDPOINTS, two, "pay"));
        assertThat(last()).isEqualTo(two);
    }

    @Test
    void whatWasRejectedAndIsPutBackMeanwhileIsNotRejectedOnANewStream() {
        takeOne();
        MeshSnapshot two = Meshes.of(2, "pay=10.0.0.2:80");
        receive(broken(response(ENDPOINTS, two, "pay"), 0));
        MeshSnapshot three = ONE.withVersion(3);
        session = newSession();
        session.open();
        assertThat(answered(three, response(ENDPOINTS, three))).isEqualTo(acks(three, CLUSTER, ENDPOINTS, LISTENER, ROUTES));
        assertThat(last()).isEqualTo(three);
    }

    @Test
    void fromAnotherControlPlaneTheClosedPartIsAppliedAfterASecond() {
        receive(foreign(response(CLUSTER, TWO, "pay", "cart")));
        receive(foreign(response(LISTENER, TWO, "pay", "cart")));
        receive(foreign(response(ENDPOINTS, TWO, "pay")));
        receive(foreign(response(ROUTES, TWO, "pay", "cart")));
        assertThat(session.deadline()).hasValue(1_000 + PATIENCE);
        now += PATIENCE - 1;
        assertThat(session.onTime()).isEmpty();
        now += 1;
        assertThat(Meshes.text(session.onTime())).hasSize(4).allMatch(a -> a.startsWith("ack"));
        assertThat(last().clusters()).containsOnlyKeys("pay");
        assertThat(last().listeners()).containsOnlyKeys("pay");
        assertThat(last().problems()).as("closed").isEmpty();
        assertThat(assembler.leftOut()).extracting(Problem::path).containsExactly("clusters.cart", "routes.cart", "listeners.cart");
        assertThat(session.deadline()).isEmpty();
    }

    @Test
    void whatDoesNotExistIsLeftOutWithWhatRefersToItAndTheLastFormIsKept() {
        takeOne();
        MeshSnapshot two = Meshes.of(2, "pay=10.0.0.1:80", "cart=10.0.1.1:80");
        receive(response(LISTENER, two, "cart"));
        List<String> answers = receive(response(ROUTES, two, "-cart"));
        assertThat(answers).allMatch(a -> a.startsWith("ack"));
        assertThat(last().listeners()).containsOnlyKeys("pay");
        assertThat(assembler.leftOut()).extracting(Problem::path).containsExactly("routes.cart", "listeners.cart");
    }

    @Test
    void aTypeThatNobodyAskedForIsIgnored() {
        assertThat(receive(response(ROUTES, ONE, "pay"))).isEmpty();
        assertThat(receive(DeltaDiscoveryResponse.newBuilder().setTypeUrl("type.googleapis.com/other").build())).isEmpty();
    }

    private DeltaSession newSession() {
        return new DeltaSession(Node.newBuilder().setId("pay-1").build(), assembler, snapshot -> {
            if (!refuse.isEmpty()) {
                return new ApplyResult.Rejected(refuse);
            }
            applied.add(snapshot);
            return new ApplyResult.Applied(snapshot.version());
        }, () -> now);
    }

    private DeltaSession open() {
        DeltaSession fresh = newSession();
        fresh.open();
        return fresh;
    }

    private List<String> receive(DeltaDiscoveryResponse response) {
        return Meshes.text(session.onResponse(response));
    }

    private void takeOne() {
        take(ONE, "pay");
    }

    private void take(MeshSnapshot mesh, String... names) {
        receive(response(CLUSTER, mesh, names));
        receive(response(ENDPOINTS, mesh, names));
        receive(response(LISTENER, mesh, names));
        receive(response(ROUTES, mesh, names));
        assertThat(last()).isEqualTo(mesh);
    }

    /** What a new stream asks for, when only endpoints have changed meanwhile. */
    private List<String> answered(MeshSnapshot mesh, DeltaDiscoveryResponse endpoints) {
        List<String> answers = new ArrayList<>();
        for (DeltaDiscoveryResponse each : List.of(response(CLUSTER, mesh), endpoints, response(LISTENER, mesh), response(ROUTES, mesh))) {
            answers.addAll(receive(each));
        }
        return answers;
    }

    private MeshSnapshot last() {
        return applied.get(applied.size() - 1);
    }
}
