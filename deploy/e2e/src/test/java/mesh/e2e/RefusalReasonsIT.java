package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSocket;
import mesh.model.Address;
import mesh.model.SpiffeId;
import mesh.pki.Svid;
import mesh.pki.TestCertificate;
import mesh.pki.TestCertificate.Signed;
import mesh.v1.BanRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever is not let in is refused for its own reason, which the sidecar tells its operator and nobody else. */
class RefusalReasonsIT {

    private static final String WEB = "spiffe://mesh.local/web";
    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    private Path dir;

    @Test
    void eachStrangerIsRefusedForItsOwnReason() throws Exception {
        KnownAuthority ours = KnownAuthority.create(dir.resolve("ca"));
        Signed root = ours.root();
        Signed stolen = certificate().uri(WEB).signedBy(root);
        try (HttpService application = new HttpService("payments"); TestMesh mesh = new TestMesh(dir, ours.options())) {
            mesh.payments("payments-1", application.address()).push(Map.of("payments-1", 1));
            Address target = mesh.inbound("payments-1");
            SidecarProcess sidecar = mesh.sidecar("payments-1");

            assertRefused(sidecar, target, "expired", certificate().uri(WEB).good(HOUR.multipliedBy(-2), HOUR.negated()).signedBy(root));
            assertRefused(sidecar, target, "not_yet_valid", certificate().uri(WEB).good(HOUR, HOUR.multipliedBy(2)).signedBy(root));
            assertRefused(sidecar, target, "unknown_ca", certificate().uri("spiffe://partner.org/web").signedBy(root));
            assertRefused(sidecar, target, "san_mismatch", certificate().uri(WEB, "spiffe://mesh.local/payments").signedBy(root));
            assertRefused(sidecar, target, "bad_chain", certificate().uri(WEB).caThatAuthenticates().signedBy(root));
            assertThat(application.requests()).isZero();

            try (SSLSocket open = ClientTls.of(svid(stolen)).connect(target)) {
                assertThat(answer(stolen, target)).startsWith("HTTP/1.1 200");
                mesh.controlPlane().ca().ban(BanRequest.newBuilder()
                    .setSerial(stolen.certificate().getSerialNumber().toString(16)).setReason("the laptop is gone").build());
                open.setSoTimeout(20_000);
                assertThat(isCut(open)).as("the connection that it had").isTrue();
            }
            assertRefused(sidecar, target, "banned", stolen);
            assertThat(answer(certificate().uri(WEB).signedBy(root), target)).as("another of the same identity").startsWith("HTTP/1.1 200");
        }
    }

    private static void assertRefused(SidecarProcess sidecar, Address target, String reason, Signed stranger) throws Exception {
        assertThat(answer(stranger, target)).as(reason).isEmpty();
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(
            sidecar.metric("mesh_tls_handshakes_total{side=\"server\",result=\"failed\",reason=\"" + reason + "\",}")).as(reason).isEqualTo(1));
        sidecar.process().awaitLine(Pattern.compile("client refused: reason=" + reason + " peer=\\S+ expected=\"" + WEB + "\" actual=\"spiffe://"));
    }

    private static TestCertificate certificate() {
        return TestCertificate.at(Instant.now());
    }

    private static Svid svid(Signed signed) {
        return new Svid(SpiffeId.parse(WEB), List.of(signed.certificate()), signed.key());
    }

    /** Nothing when it was refused, at whatever moment. */
    private static String answer(Signed client, Address target) throws Exception {
        try (SSLSocket socket = ClientTls.of(svid(client)).connect(target)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: payments\r\nconnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return "";
        }
    }

    private static boolean isCut(SSLSocket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (IOException e) {
            return true;
        }
    }
}
