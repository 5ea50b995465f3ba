package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import javax.net.ssl.SSLSocket;
import mesh.model.Address;
import mesh.pki.TestPki;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who cannot prove to be allowed gets no byte through. */
class PeerRefusedIT {

    @TempDir
    private Path dir;

    @Test
    void onlyTheAllowedIdentityOfOurAuthorityGetsThrough() throws Exception {
        Judge openssl = Judge.find("openssl", "apt-get install openssl");
        Path certs = dir.resolve("certs");
        keygen("--out", certs.toString(), "--id", "payments", "--id", "web", "--id", "cart");
        TestPki other = TestPki.create(InstantSource.system());
        try (HttpService application = new HttpService("payments")) {
            Address listen = Ports.free();
            Path config = Files.writeString(dir.resolve("mesh.yaml"), """
                listeners:
                  - {name: in, listen: "%s", cluster: app, tls: {allow: ["spiffe://mesh.local/web"]}}
                clusters:
                  - {name: app, endpoints: [{address: "%s"}]}
                identity: {ca: %s/ca.crt, cert: %s/payments.crt, key: %s/payments.key}
                """.formatted(listen, application.address(), certs, certs, certs));
            try (SidecarProcess sidecar = SidecarProcess.of(config)) {
                assertThat(get(ClientTls.of(certs, "web"), listen)).startsWith("HTTP/1.1 200").endsWith("payments");
                int served = application.requests();

                assertThat(get(ClientTls.of(certs, "cart"), listen)).isEmpty();
                assertThat(get(ClientTls.of(other.svid("web")), listen)).isEmpty();
                Judge.Verdict anonymous = openssl.ask("GET / HTTP/1.1\r\nhost: a\r\n\r\n", "s_client", "-connect", listen.toString(),
                    "-alpn", "http/1.1", "-ign_eof", "-CAfile", certs.resolve("ca.crt").toString());
                assertThat(anonymous.text()).contains("alert certificate required").doesNotContain("200 OK");
                assertThat(application.requests()).isEqualTo(served);
                await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(sidecar.metrics().lines()
                    .filter(line -> line.startsWith("mesh_tls_handshakes_total{side=\"server\",result=\"failed\""))
                    .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ')))).sum()).isGreaterThanOrEqualTo(3));
                // The judge sees what a peer is to see: one URI name, TLS 1.3, a chain that verifies.
                Judge.Verdict allowed = openssl.ask("", "s_client", "-connect", listen.toString(), "-alpn", "http/1.1", "-CAfile", certs.resolve("ca.crt").toString(),
                    "-cert", certs.resolve("web.crt").toString(), "-key", certs.resolve("web.key").toString());
                assertThat(allowed.text()).contains("TLSv1.3").contains("Verify return code: 0 (ok)");
            }
        }
    }

    @Test
    void aServerThatIsNotWhoWasExpectedGetsNoRequest() throws Exception {
        Path certs = dir.resolve("certs");
        keygen("--out", certs.toString(), "--id", "payments", "--id", "web");
        try (HttpService application = new HttpService("payments")) {
            Address inbound = Ports.free();
            Address outbound = Ports.free();
            Path payments = Files.writeString(dir.resolve("payments.yaml"), """
                listeners:
                  - {name: in, listen: "%s", cluster: app, tls: {}}
                clusters:
                  - {name: app, endpoints: [{address: "%s"}]}
                identity: {ca: %s/ca.crt, cert: %s/payments.crt, key: %s/payments.key}
                """.formatted(inbound, application.address(), certs, certs, certs));
            Path web = Files.writeString(dir.resolve("web.yaml"), """
                listeners:
                  - {name: out, listen: "%s", cluster: cart}
                clusters:
                  - {name: cart, connectTimeout: 10s, endpoints: [{address: "%s", spiffeId: "spiffe://mesh.local/cart"}]}
                identity: {ca: %s/ca.crt, cert: %s/web.crt, key: %s/web.key}
                """.formatted(outbound, inbound, certs, certs, certs));
            try (SidecarProcess server = SidecarProcess.of(payments); SidecarProcess client = SidecarProcess.of(web);
                var socket = Sockets.connect(outbound)) {
                socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: cart\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                assertThat(Sockets.readHead(socket.getInputStream())).startsWith("HTTP/1.1 503");
                assertThat(application.requests()).isZero();
            }
        }
    }

    /** @return what was answered; nothing when the connection was refused at whatever moment */
    private static String get(ClientTls tls, Address address) {
        try (SSLSocket socket = tls.connect(address)) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            return "";
        }
    }

    private static void keygen(String... words) {
        String[] command = new String[words.length + 1];
        command[0] = "keygen";
        System.arraycopy(words, 0, command, 1, words.length);
        try (MeshProcess keygen = MeshProcess.dataPlane(command)) {
            assertThat(keygen.exitCode()).as(keygen.log()).isZero();
        }
    }
}
