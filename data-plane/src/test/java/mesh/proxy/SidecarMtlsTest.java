package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.ConnectionPolicy;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.MeshSnapshot;
import mesh.model.SpiffeId;
import mesh.model.TrustBundle;
import mesh.model.UpstreamProtocol;
import mesh.pki.Svid;
import mesh.pki.TestCertificate;
import mesh.pki.TestCertificate.Signed;
import mesh.pki.TestPki;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The sidecars of web and of payments in this process, mTLS between them, real sockets everywhere. */
class SidecarMtlsTest {

    /** One connection of the application, until it returns. */
    @FunctionalInterface
    private interface Application {
        void serve(Socket socket) throws Exception;
    }

    private static final ConnectionPolicy PATIENT = new ConnectionPolicy(Duration.ofSeconds(10), Optional.empty(), UpstreamProtocol.DOWNSTREAM, 1024, 1024, 1024);

    private final TestPki pki = TestPki.create(Env.system().clock());
    private final Sidecar web = new Sidecar(Env.system(), 1);
    private final Sidecar payments = new Sidecar(Env.system(), 1);
    private ServerSocket application;

    @BeforeEach
    void identify() throws IOException {
        application = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        web.rotate(pki.svid("web"), pki.bundle());
        payments.rotate(pki.svid("payments"), pki.bundle());
    }

    @AfterEach
    void close() throws IOException {
        web.close();
        payments.close();
        application.close();
    }

    @Test
    void tellsTheApplicationWhoItsCallerHasProvedToBe() throws Exception {
        try (TestUpstream app = new TestUpstream(exchange -> TestUpstream.text(exchange, 200,
            exchange.getRequestHeaders().getFirst("x-forwarded-client-cert") + " " + exchange.getRequestHeaders().getFirst("x-forwarded-proto")));
            RawClient client = join(Snapshots::http, app.address(), "payments", "web")) {
            client.send("GET / HTTP/1.1\r\nhost: payments\r\nx-forwarded-client-cert: URI=spiffe://mesh.local/admin\r\nconnection: close\r\n\r\n");
            assertThat(client.readAll()).contains("By=spiffe://mesh.local/payments;Hash=").contains(";URI=spiffe://mesh.local/web http")
                .doesNotContain("admin");
        }
    }

    @Test
    void refusesACallerThatIsNotAllowedAndAServerThatIsNotExpected() throws Exception {
        try (TestUpstream app = new TestUpstream("app")) {
            try (RawClient client = join(Snapshots::http, app.address(), "payments", "cart")) {
                assertThat(client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").readAll()).startsWith("HTTP/1.1 503");
            }
            try (RawClient client = join(Snapshots::http, app.address(), "cart", "web")) {
                assertThat(client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").readAll()).startsWith("HTTP/1.1 503");
            }
            assertThat(app.requests()).isZero();
            payments.rotate(TestPki.create(Env.system().clock()).svid("payments"), pki.bundle());
            try (RawClient client = join(Snapshots::http, app.address(), "payments", "web")) {
                assertThat(client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").readAll()).startsWith("HTTP/1.1 503");
            }
            assertThat(app.requests()).isZero();
        }
    }

    /** The caller is shop of another mesh, by whose authority and by whom it was signed. */
    @Test
    void letsInWhoIsOfAnotherTrustDomainByItsOwnBundleOnly() throws Exception {
        TestPki partner = TestPki.create("partner.example", Env.system().clock());
        SpiffeId shop = partner.id("shop");
        String get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        try (TestUpstream app = new TestUpstream("app")) {
            MeshSnapshot inbound = Snapshots.http().to(app.address(), 1).downstreamTls(new DownstreamTls(Set.of(shop))).build();
            assertThat(payments.apply(inbound)).isInstanceOf(ApplyResult.Applied.class);
            web.rotate(partner.svid("shop"), partner.bundle());
            assertThat(web.apply(Snapshots.http().connections(PATIENT).to(new Endpoint(payments.bound().get("web"), 1, Optional.of(id("payments")))).build()
                .withFederation(List.of(pki.bundle())))).isInstanceOf(ApplyResult.Applied.class);
            assertThatItIsOfAnUnknownAuthority(get, 1);
            payments.apply(inbound.withFederation(List.of(TestPki.create("partner.example", Env.system().clock()).bundle())));
            assertThatItIsOfAnUnknownAuthority(get, 2);
            payments.apply(inbound.withFederation(List.of(partner.bundle())));
            // Our own authority signs what it must not: an identity of the partner's.
            Signed rogue = TestCertificate.at(Env.system().clock().instant()).ca().uri("spiffe://mesh.local").subject("CN=rogue").selfSigned();
            payments.rotate(pki.svid("payments"),
                new TrustBundle(pki.bundle().trustDomain(), List.of(pki.bundle().authorities().get(0), rogue.certificate())));
            Signed claim = TestCertificate.at(Env.system().clock().instant()).uri(shop.toString()).signedBy(rogue);
            web.rotate(new Svid(shop, List.of(claim.certificate()), claim.key()), partner.bundle());
            assertThatItIsOfAnUnknownAuthority(get, 3);
            assertThat(app.requests()).isZero();

            web.rotate(partner.svid("shop"), partner.bundle());
            try (RawClient client = new RawClient(web.bound().get("web"))) {
                assertThat(client.send(get).readTo("app")).startsWith("HTTP/1.1 200");
                // Federated no more: what is open ends, and nobody comes in again.
                payments.apply(inbound);
                await().until(() -> connectionsToPayments() == 0);
            }
            assertThatItIsOfAnUnknownAuthority(get, 4);
        }
    }

    /** @param atLeast so many handshakes that payments has refused for that */
    private void assertThatItIsOfAnUnknownAuthority(String request, int atLeast) throws IOException {
        try (RawClient client = new RawClient(web.bound().get("web"))) {
            assertThat(client.send(request).readHead()).startsWith("HTTP/1.1 503");
        }
        await().untilAsserted(() -> assertThat(new MetricsCollector(payments.metrics()).collect())
            .filteredOn(family -> family.name.equals("mesh_tls_handshakes")).flatExtracting(family -> family.samples)
            .filteredOn(sample -> sample.labelValues.contains("unknown_ca")).extracting(sample -> sample.value).anyMatch(count -> count >= atLeast));
    }

    @Test
    void rotatesWhileAConnectionIsInUse() throws Exception {
        try (TestUpstream app = new TestUpstream("app"); RawClient client = join(Snapshots::http, app.address(), "payments", "web")) {
            for (int i = 0; i < 5; i++) {
                client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").readTo("app");
                web.rotate(pki.svid("web"), pki.bundle());
                payments.rotate(pki.svid("payments"), pki.bundle());
            }
            assertThat(app.requests()).isEqualTo(5);
        }
    }

    @Test
    void retiresConnectionsBeforeTheirCertificatesEnd() throws Exception {
        web.rotate(pki.svid("web", Duration.ofSeconds(3)), pki.bundle());
        try (TestUpstream app = new TestUpstream("app"); RawClient client = join(Snapshots::http, app.address(), "payments", "web")) {
            client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").readTo("app");
            assertThat(connectionsToPayments()).isEqualTo(1);
            await().atMost(Duration.ofSeconds(10)).until(() -> connectionsToPayments() == 0);
            web.rotate(pki.svid("web"), pki.bundle());
            client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").readTo("app");
        }
    }

    @Test
    void carriesAWebSocketBothWays() throws Exception {
        serve(socket -> {
            read(socket, "\r\n\r\n");
            write(socket, "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\nhello");
            while (true) {
                int b = socket.getInputStream().read();
                if (b < 0) return;
                socket.getOutputStream().write(b);
            }
        });
        try (RawClient client = join(Snapshots::http, address(), "payments", "web")) {
            client.send("GET /chat HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\nearly");
            assertThat(client.readHead()).startsWith("HTTP/1.1 101").containsIgnoringCase("upgrade: websocket").containsIgnoringCase("connection: upgrade");
            assertThat(client.read(10)).isEqualTo("helloearly");
            assertThat(client.send("more").read(4)).isEqualTo("more");
        }
    }

    @Test
    void theClientOfATcpConnectionMayEndItsHalfFirst() throws Exception {
        serve(socket -> {
            byte[] all = socket.getInputStream().readAllBytes();
            for (int i = 0; i < 1000; i++) socket.getOutputStream().write(Arrays.copyOf(all, 10_000));
            socket.shutdownOutput();
            Thread.sleep(100);
        });
        try (RawClient client = join(Snapshots::tcp, address(), "payments", "web")) {
            assertThat(client.send("everything").finish().readAll()).hasSize(10_000_000).startsWith("everything");
        }
    }

    @Test
    void theServerOfATcpConnectionMayEndItsHalfFirst() throws Exception {
        CompletableFuture<Integer> heard = new CompletableFuture<>();
        serve(socket -> {
            write(socket, "hello");
            socket.shutdownOutput();
            heard.complete(socket.getInputStream().readAllBytes().length);
        });
        try (RawClient client = join(Snapshots::tcp, address(), "payments", "web")) {
            assertThat(client.readAll()).isEqualTo("hello");
            client.send(new byte[3_000_000]).finish();
            assertThat(heard.get(10, TimeUnit.SECONDS)).isEqualTo(3_000_000);
        }
    }

    @Test
    void aBreakOfATcpConnectionIsNoEnd() throws Exception {
        serve(socket -> {
            write(socket, "half an ans");
            socket.getInputStream().read();
            socket.setSoLinger(true, 0);
        });
        try (RawClient client = join(Snapshots::tcp, address(), "payments", "web")) {
            assertThat(client.read(11)).isEqualTo("half an ans");
            client.send("x");
            assertThatThrownBy(client::readAll).isInstanceOf(IOException.class);
        }
    }

    private int connectionsToPayments() {
        return web.tables().clusters().get("payments").load().connections();
    }

    /** Configures both sidecars and connects to web's. */
    private RawClient join(Supplier<Snapshots> kind, Address app, String expected, String allowed) {
        Snapshots inbound = kind.get().to(app, 1).downstreamTls(new DownstreamTls(Set.of(id(allowed))));
        assertThat(payments.apply(inbound.build())).isInstanceOf(ApplyResult.Applied.class);
        Snapshots outbound = kind.get().connections(PATIENT).to(new Endpoint(payments.bound().get("web"), 1, Optional.of(id(expected))));
        assertThat(web.apply(outbound.build())).isInstanceOf(ApplyResult.Applied.class);
        return new RawClient(web.bound().get("web"));
    }

    private SpiffeId id(String workload) {
        return pki.id(workload);
    }

    private void serve(Application behaviour) {
        Thread thread = new Thread(() -> {
            try (Socket socket = application.accept()) {
                behaviour.serve(socket);
            } catch (Exception e) {
                // The client sees it.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private Address address() {
        return new Address("127.0.0.1", application.getLocalPort());
    }

    private static void read(Socket socket, String end) throws IOException {
        StringBuilder read = new StringBuilder();
        while (!read.toString().endsWith(end)) read.append((char) socket.getInputStream().read());
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }
}
