package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.util.Durations;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import mesh.model.Address;
import mesh.v1.AdminServiceGrpc;
import mesh.v1.ApplyConfigRequest;
import mesh.v1.Blocker;
import mesh.v1.CaStatus;
import mesh.v1.Config;
import mesh.v1.GetCaStatusRequest;
import mesh.v1.GetConfigRequest;
import mesh.v1.RolloutConfigRequest;
import mesh.v1.RolloutProgress;
import mesh.v1.RotateCaRequest;
import mesh.v1.RotationStep;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Sidecars that are spread over three control planes, each at one and at no other: whichever is asked knows of all of them. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ReplicaSidecarsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static ThreeControlPlanes planes;

    @TempDir
    private Path dir;
    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeAll
    static void start(@TempDir Path shared) throws IOException {
        planes = new ThreeControlPlanes(shared);
    }

    @AfterAll
    static void stop() {
        if (planes != null) planes.close();
    }

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) opened.get(i).close();
    }

    /** First, since certificates of sidecars that are gone would be in use until they expire. */
    @Test
    @Order(1)
    void theRootIsRotatedAndWhoBlocksItAtAnotherReplicaIsNamed() throws Exception {
        HttpService application = opened(new HttpService("payments"));
        TestMesh mesh = new TestMesh(dir, planes.get(0));
        mesh.web().payments("payments-1", application.address(), planes.get(1));
        opened(mesh.sidecar("web-1"));
        opened(mesh.sidecar("payments-1"));
        SidecarProcess idle = opened(SidecarProcess.of(planes.get(2), "idle", "idle-1", dir));
        long version = planes.get(1).apply(mesh.config(Map.of("payments-1", 1)));
        for (ControlPlaneProcess replica : planes.all()) replica.awaitSync(version, "web-1", "payments-1", "idle-1");
        assertThat(planes.all()).extracting(ReplicaSidecarsIT::connected).as("each knows all of them, and where they are")
            .containsOnly(connected(planes.get(0)));

        try (Load load = Load.start(mesh.outbound(), "/", 2, 5)) {
            load.awaitMore(50);
            idle.process().signal("STOP");
            rotate(0, RotationStep.ROTATION_STEP_DISTRIBUTE);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(blockers(1)).extracting(Blocker::getNode).containsOnly("idle-1"));
            assertThatThrownBy(() -> rotate(1, RotationStep.ROTATION_STEP_ISSUE)).isInstanceOfSatisfying(StatusRuntimeException.class, refused -> {
                assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
                assertThat(refused.getStatus().getDescription()).contains("idle-1 (spiffe://mesh.local/idle)");
            });
            idle.process().signal("CONT");
            awaitUnblocked(1);
            rotate(1, RotationStep.ROTATION_STEP_ISSUE);
            awaitUnblocked(2);
            assertThat(rotate(2, RotationStep.ROTATION_STEP_RETIRE).getPhase()).isEqualTo("stable");
            load.awaitMore(50);
            load.stop();
            assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
        }
    }

    /** They go on with what they have, and so must be told before anything is taken away from them. */
    @Test
    void sidecarsOfAReplicaThatDiedBlockARotationUntilTheyAreBack() throws Exception {
        opened(SidecarProcess.of(planes.get(2), "idle", "idle-2", dir));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(planes.get(0).sidecars()).anyMatch(
            each -> each.getNode().equals("idle-2") && each.getConnected()));
        rotate(0, RotationStep.ROTATION_STEP_DISTRIBUTE);
        planes.get(2).kill();
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(blockers(0)).filteredOn(each -> each.getNode().equals("idle-2"))
            .extracting(Blocker::getReason).anyMatch(reason -> reason.startsWith("was connected to replica ") && reason.contains("which is gone")));
        planes.get(2).start();
        awaitUnblocked(0);
        rotate(1, RotationStep.ROTATION_STEP_ABORT);
    }

    @Test
    void aBadWeightStopsInTheFirstWaveAndIsTakenBackAtEveryReplica() throws Exception {
        HttpService good = opened(new HttpService("good"));
        HttpService bad = opened(new HttpService(0, exchange -> HttpService.text(exchange, 500, "bad")));
        Map<String, Address> listens = webs(false);
        long version = planes.get(0).apply(RolloutIT.config(listens, good.address(), bad.address(), 0));
        awaitEverywhere(version, listens.keySet());
        Map<String, Load> loads = new LinkedHashMap<>();
        listens.forEach((node, address) -> loads.put(node, opened(Load.start(address, "/", 2, 5))));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(loads.values()).allSatisfy(load -> assertThat(load.count("good")).isGreaterThan(20)));

        // Two of three, which are at different replicas: at most one of these leads.
        RolloutProgress end = last(rollout(planes.get(0), RolloutIT.config(listens, good.address(), bad.address(), 50), 120, "60%"));

        assertThat(end.getState()).as("%s", end).isEqualTo("aborted");
        assertThat(end.getReason()).startsWith("error-rate: ").contains("(expected: at most 2%)");
        assertThat(end.getWave()).isEqualTo(1);
        assertThat(end.getGivenList()).hasSize(2);
        awaitEverywhere(end.getRollbackVersion(), listens.keySet());
        loads.forEach((node, load) -> {
            if (end.getGivenList().contains(node)) assertThat(load.failures()).as("%s was given it", node).isNotEmpty();
            else assertThat(load.failures()).as("%s was not given it", node).isEmpty();
        });
        int before = bad.requests();
        for (Load load : loads.values()) load.awaitMore(100);
        assertThat(bad.requests() - before).as("requests to the bad one after it was taken back").isLessThanOrEqualTo(4);
    }

    @Test
    void anotherReplicaFinishesTheRolloutOfOneThatDies() throws Exception {
        HttpService good = opened(new HttpService("good"));
        HttpService other = opened(new HttpService("other"));
        Map<String, Address> listens = webs(true);
        long version = planes.get(0).apply(RolloutIT.config(listens, good.address(), other.address(), 0));
        awaitEverywhere(version, listens.keySet());
        int leader = leader();
        ControlPlaneProcess asked = planes.get((leader + 1) % ThreeControlPlanes.SIZE);
        Iterator<RolloutProgress> progress = rollout(asked, RolloutIT.config(listens, good.address(), other.address(), 50), 10, "60%");
        RolloutProgress now = progress.next();
        while (now.getApplied() < 2) now = progress.next();
        planes.get(leader).kill();
        assertThatThrownBy(() -> asked.apply(RolloutIT.config(listens, good.address(), other.address(), 0))).as("it is still on")
            .hasMessageContaining("is in wave 1 of 2");

        RolloutProgress end = last(progress);
        assertThat(end.getState()).as("%s", end).isEqualTo("done");
        assertThat(end.getWave()).isEqualTo(2);
        asked.awaitSync(end.getVersion(), listens.keySet().toArray(String[]::new));
        planes.get(leader).start();
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(planes.all()).extracting(ReplicaSidecarsIT::version)
            .containsOnly(version(asked)));
    }

    @Test
    void oneThatLeavesIsKnownToThoseWhoCallItFromAnotherReplica() throws Exception {
        HttpService one = opened(new HttpService("payments-1"));
        HttpService two = opened(new HttpService("payments-2"));
        TestMesh mesh = new TestMesh(dir, planes.get(1), "--drain-delay", "1s");
        mesh.web().payments("payments-1", one.address(), planes.get(0)).payments("payments-2", two.address(), planes.get(2));
        for (String node : List.of("web-1", "payments-1", "payments-2")) opened(mesh.sidecar(node));
        mesh.push(Map.of("payments-1", 1, "payments-2", 1));
        try (Load load = Load.start(mesh.outbound(), "/", 2, 5)) {
            load.awaitMore(50);
            assertThat(one.requests()).isPositive();
            MeshProcess leaving = mesh.sidecar("payments-1").process();
            leaving.terminate();
            assertThat(leaving.exitCode()).as(leaving.log()).isZero();
            assertThat(leaving.log()).contains("draining: 1 endpoints, known to everyone who is connected");
            int seen = one.requests();
            load.awaitMore(50);
            assertThat(one.requests()).isEqualTo(seen);
            opened(mesh.restart("payments-1"));
            await().atMost(PATIENCE).until(() -> one.requests() > seen + 20);
            load.stop();
            assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
        }
        assertThat(mesh.sidecar("web-1").sum("mesh_retries_total")).isLessThanOrEqualTo(0);
    }

    /** Three sidecars: each at a replica of its own, or at any of them. */
    private Map<String, Address> webs(boolean movable) throws IOException {
        Map<String, Address> listens = new LinkedHashMap<>();
        for (int i = 0; i < ThreeControlPlanes.SIZE; i++) {
            String node = "web-" + (i + 1);
            listens.put(node, Ports.free());
            String others = planes.get((i + 1) % ThreeControlPlanes.SIZE).tls() + "," + planes.get((i + 2) % ThreeControlPlanes.SIZE).tls();
            opened(SidecarProcess.of(planes.get(i), "web", node, dir,
                movable ? new String[] {"--control-plane", others} : new String[0]));
        }
        return listens;
    }

    private static void awaitEverywhere(long version, Collection<String> nodes) {
        for (ControlPlaneProcess replica : planes.all()) replica.awaitSync(version, nodes.toArray(String[]::new));
    }

    private static Iterator<RolloutProgress> rollout(ControlPlaneProcess replica, Config config, int bakeSeconds, String first) {
        return AdminServiceGrpc.newBlockingStub(replica.channel()).rolloutConfig(RolloutConfigRequest.newBuilder()
            .setApply(ApplyConfigRequest.newBuilder().setConfig(config)).addWaves(first).addWaves("100%").setBake(Durations.fromSeconds(bakeSeconds))
            .addAbortOn("rejections").addAbortOn("error-rate>2%").build());
    }

    private static RolloutProgress last(Iterator<RolloutProgress> progress) {
        RolloutProgress end = RolloutProgress.getDefaultInstance();
        while (progress.hasNext()) end = progress.next();
        return end;
    }

    private static long version(ControlPlaneProcess replica) {
        return replica.admin().getConfig(GetConfigRequest.getDefaultInstance()).getVersion();
    }

    private static int leader() throws Exception {
        for (int i = 0; i < ThreeControlPlanes.SIZE; i++) {
            URI metrics = URI.create("http://" + planes.get(i).metrics() + "/metrics");
            String text = HttpClient.newHttpClient().send(HttpRequest.newBuilder(metrics).build(), HttpResponse.BodyHandlers.ofString()).body();
            if (text.lines().anyMatch(line -> line.startsWith("mesh_store_leader") && line.endsWith(" 1.0"))) return i;
        }
        throw new AssertionError("nobody leads");
    }

    private static List<String> connected(ControlPlaneProcess replica) {
        return replica.sidecars().stream().filter(SidecarStatus::getConnected).map(each -> each.getNode() + " at " + each.getReplica()).toList();
    }

    private static CaStatus rotate(int replica, RotationStep step) {
        return planes.get(replica).ca().rotateCa(RotateCaRequest.newBuilder().setStep(step).build());
    }

    private static List<Blocker> blockers(int replica) {
        return planes.get(replica).ca().getCaStatus(GetCaStatusRequest.getDefaultInstance()).getBlockersList();
    }

    private static void awaitUnblocked(int replica) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(blockers(replica)).isEmpty());
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        opened.add(closeable);
        return closeable;
    }
}
