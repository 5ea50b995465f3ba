package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import mesh.model.Address;
import mesh.model.SpiffeId;
import mesh.v1.BanRequest;
import mesh.v1.CaStatus;
import mesh.v1.GetCaStatusRequest;
import mesh.v1.RotateCaRequest;
import mesh.v1.RotationStep;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A root is rotated under load, and nobody notices; out of order it is refused, and what the old root signed is refused after. */
class RootRotationIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path dir;

    @Test
    void theRootIsRotatedAndNoRequestFails() throws Exception {
        KnownAuthority old = KnownAuthority.create(dir.resolve("ca"));
        try (HttpService application = new HttpService("payments"); TestMesh mesh = new TestMesh(dir, old.options())) {
            mesh.web().payments("payments-1", application.address()).push(Map.of("payments-1", 1));
            ControlPlaneProcess controlPlane = mesh.controlPlane();
            ClientTls before = ClientTls.of(old.at(InstantSource.system()).issue(SpiffeId.parse("spiffe://mesh.local/web"), Duration.ofHours(1)));
            // Nobody renews it: only its end, or a ban, frees the old root of it.
            EnrolledFiles.of(controlPlane, "batch", dir.resolve("batch"));
            try (Load load = Load.start(mesh.outbound(), "/", 4, 5)) {
                load.awaitMore(50);
                assertThat(isAnswered(before, mesh.inbound("payments-1"))).isTrue();
                assertRefused(controlPlane, RotationStep.ROTATION_STEP_ISSUE, "expected: distribute");
                assertRefused(controlPlane, RotationStep.ROTATION_STEP_RETIRE, "expected: distribute");

                rotate(controlPlane, RotationStep.ROTATION_STEP_DISTRIBUTE);
                assertRefused(controlPlane, RotationStep.ROTATION_STEP_RETIRE, "expected: issue, or abort");
                awaitUnblocked(controlPlane);
                rotate(controlPlane, RotationStep.ROTATION_STEP_ISSUE);
                assertRefused(controlPlane, RotationStep.ROTATION_STEP_RETIRE, "spiffe://mesh.local/batch certificate ");
                controlPlane.ca().ban(BanRequest.newBuilder().setSpiffeId("spiffe://mesh.local/batch").setReason("nobody renews it").build());
                awaitUnblocked(controlPlane);
                CaStatus after = rotate(controlPlane, RotationStep.ROTATION_STEP_RETIRE);

                assertThat(after.getPhase()).isEqualTo("stable");
                assertThat(after.getAuthoritiesList()).singleElement().satisfies(each -> assertThat(each.getNumber()).isEqualTo(2));
                await().atMost(PATIENCE).until(() -> !isAnswered(before, mesh.inbound("payments-1")));
                load.awaitMore(50);
                load.stop();
                assertThat(load.failures()).as("of %d requests", load.answered()).isEmpty();
            }
        }
    }

    /** The control plane's side: its streams end at once. What sidecars do with bans has tests of its own. */
    @Test
    void whoIsBannedLosesItsStreamsAndItsPeers() throws Exception {
        try (HttpService application = new HttpService("payments"); TestMesh mesh = new TestMesh(dir)) {
            mesh.web().payments("payments-1", application.address()).push(Map.of("payments-1", 1));
            try (Load load = Load.start(mesh.outbound(), "/", 1, 5)) {
                load.awaitMore(10);
                mesh.controlPlane().ca().ban(BanRequest.newBuilder().setSpiffeId("spiffe://mesh.local/web").setReason("stolen").build());

                await().atMost(PATIENCE).until(() -> mesh.controlPlane().sidecars().stream()
                    .noneMatch(each -> each.getNode().equals("web-1") && each.getConnected()));
                await().atMost(PATIENCE).until(() -> !load.failures().isEmpty());
            }
            // It moves to a new connection with the new bundle.
            await().atMost(PATIENCE).until(() -> mesh.controlPlane().sidecars().stream()
                .anyMatch(each -> each.getNode().equals("payments-1") && each.getConnected()));
        }
    }

    private static CaStatus rotate(ControlPlaneProcess controlPlane, RotationStep step) {
        return controlPlane.ca().rotateCa(RotateCaRequest.newBuilder().setStep(step).build());
    }

    private static void assertRefused(ControlPlaneProcess controlPlane, RotationStep step, String why) {
        assertThatThrownBy(() -> rotate(controlPlane, step)).isInstanceOfSatisfying(StatusRuntimeException.class, refused -> {
            assertThat(refused.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
            assertThat(refused.getStatus().getDescription()).contains(why);
        });
    }

    private static void awaitUnblocked(ControlPlaneProcess controlPlane) {
        await().atMost(PATIENCE).untilAsserted(() ->
            assertThat(controlPlane.ca().getCaStatus(GetCaStatusRequest.getDefaultInstance()).getBlockersList()).isEmpty());
    }

    /** One request over a connection of its own. */
    private static boolean isAnswered(ClientTls tls, Address target) {
        try (Socket socket = tls.connect(target)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: payments\r\nconnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).startsWith("HTTP/1.1 200");
        } catch (IOException e) {
            return false;
        }
    }
}
