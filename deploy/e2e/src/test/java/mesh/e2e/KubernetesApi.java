package mesh.e2e;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import mesh.model.SpiffeId;
import mesh.pki.CertificateAuthority;

/** An API server that lists and watches as Kubernetes does: fabric8's, over HTTPS with a certificate that the control plane can verify. */
final class KubernetesApi implements AutoCloseable {

    private final Path dir;
    private final KubernetesMockServer server =
        new KubernetesMockServer(new Context(), new MockWebServer(), new HashMap<>(), new KubernetesCrudDispatcher(), false);
    private final ServerSocket socket;
    private final KubernetesClient client;

    KubernetesApi(Path dir) throws Exception {
        this.dir = dir;
        KnownAuthority authority = KnownAuthority.create(dir);
        Files.writeString(dir.resolve("token"), "control-plane-token");
        server.init(InetAddress.getLoopbackAddress(), 0);
        client = server.createClient();
        ClientTls tls = ClientTls.of(authority.at(InstantSource.system())
            .issue(SpiffeId.parse("spiffe://mesh.local/api"), Duration.ofHours(1), List.of("127.0.0.1")));
        socket = tls.context().getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        daemon(this::accept);
    }

    /** Its admin. */
    KubernetesClient client() {
        return client;
    }

    /** For the control plane. */
    String[] options() {
        return new String[] {"--kubernetes-api", "https://127.0.0.1:" + socket.getLocalPort(),
            "--kubernetes-ca", dir.resolve(CertificateAuthority.CERTIFICATE).toString(), "--kubernetes-token-file", dir.resolve("token").toString()};
    }

    private void accept() throws IOException {
        while (true) {
            Socket outside = socket.accept();
            Socket inside = new Socket(InetAddress.getLoopbackAddress(), server.getPort());
            daemon(() -> copy(outside, inside));
            daemon(() -> copy(inside, outside));
        }
    }

    private static void copy(Socket from, Socket to) throws IOException {
        try (from; to) {
            byte[] some = new byte[8192];
            for (int read = from.getInputStream().read(some); read >= 0; read = from.getInputStream().read(some)) {
                to.getOutputStream().write(some, 0, read);
                to.getOutputStream().flush();
            }
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    /** Ends with its sockets. */
    private static void daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // The other side has gone.
            }
        }, "kubernetes-api");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        client.close();
        socket.close();
        server.destroy();
    }
}
