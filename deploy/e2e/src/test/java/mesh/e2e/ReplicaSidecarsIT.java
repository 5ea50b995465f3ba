package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mesh.v1.Blocker;
import mesh.v1.CaStatus;
import mesh.v1.GetCaStatusRequest;
import mesh.v1.RotateCaRequest;
import mesh.v1.RotationStep;
import mesh.v1.SidecarStatus;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sidecars that are spread over three control planes, each at one and at no other: whichever is asked knows of all of them. */
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

    @Test
    void theRootIsRotatedAndWhoBlocksItAtAnotherReplicaIsNamed() throws Exception {
        HttpService application = opened(new HttpService("payments"));
        TestMesh mesh = new TestMesh(dir, planes.get(0));
        mesh.web().payments("payments-1", application.address(), planes.get(1));
        opened(mesh.sidecar("web-1"));
        opened(mesh.sidecar("payments-1"));
        SidecarProcess idle = opened(SidecarProcess.of(planes.get(2), "idle", "idle-1", dir));
        long version = planes.get(1).apply(mesh.config(Map.of("payments-1", 1)));
        for (ControlPlaneProcess replica : planes.all()) replica.awaitSync(version, "web-1", "payments-1", "idle-1");
        assertThat(planes.all()).extracting(replica -> replica.sidecars().stream().filter(SidecarStatus::getConnected)
            .map(each -> each.getNode() + " at " + each.getReplica()).toList()).as("each knows all of them, and where they are").containsOnly(
                planes.get(0).sidecars().stream().filter(SidecarStatus::getConnected).map(each -> each.getNode() + " at " + each.getReplica()).toList());

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
