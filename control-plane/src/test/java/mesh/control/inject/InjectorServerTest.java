package mesh.control.inject;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import mesh.control.ports.ServingKey;
import mesh.model.Address;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.CertificateAuthority;
import mesh.pki.Svid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The port as an API server meets it: by its name, and by whom the caBundle names. */
class InjectorServerTest {

    private static final SpiffeId ID = SpiffeId.parse("spiffe://mesh.local/control-plane");
    private static final String REVIEW = "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"1\","
        + "\"kind\":{\"kind\":\"Pod\",\"version\":\"v1\",\"group\":\"\"},\"object\":{\"spec\":{\"containers\":[{\"name\":\"web\"}]}}}}";

    private final Vertx vertx = Vertx.vertx();
    private Duration behind = Duration.ZERO;
    private final CertificateAuthority authority = CertificateAuthority.create(new TrustDomain("mesh.local"), () -> Instant.now().minus(behind));
    private final ServingKey key = new ServingKey(serving(authority));
    private final Admission admission = new Admission(new SidecarInjector(
        new SidecarSettings("mesh/data-plane:0.1.0", List.of(Address.parse("cp:15012")), () -> "sha256:ab", true)), result -> {});
    private final InjectorServer server = start();

    @AfterEach
    void stop() throws Exception {
        server.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void answersOverHttps() throws Exception {
        HttpResponse<String> answer = post("/inject", REVIEW, authority.root());
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).contains("application/json");
        assertThat(answer.body()).contains("\"uid\":\"1\"", "\"patchType\":\"JSONPatch\"");
    }

    @Test
    void saysWhatIsWrongWithARequest() throws Exception {
        assertThat(post("/inject", "{}", authority.root()).statusCode()).isEqualTo(400);
        assertThat(post("/", REVIEW, authority.root()).body()).isEqualTo("no such page: \"/\" (expected: /inject)\n");
        assertThat(post("/inject", " ".repeat((7 << 20) + 1), authority.root()).statusCode()).isEqualTo(413);
        assertThat(client(authority.root()).send(HttpRequest.newBuilder(at("/inject")).build(), BodyHandlers.ofString()).statusCode()).isEqualTo(405);
    }

    @Test
    void isNotBelievedWithAnExpiredCertificateAndIsAgainOnceItIsRenewed() throws Exception {
        behind = Duration.ofDays(1);
        key.replace(serving(authority));
        assertThatThrownBy(() -> post("/inject", REVIEW, authority.root())).isInstanceOf(SSLException.class);

        behind = Duration.ZERO;
        key.replace(serving(authority));
        assertThat(post("/inject", REVIEW, authority.root()).statusCode()).isEqualTo(200);
    }

    @Test
    void isBelievedThroughARotationOfTheRootByWhomTheBundleNames() throws Exception {
        CertificateAuthority next = CertificateAuthority.create(new TrustDomain("mesh.local"), InstantSource.system());
        assertThat(post("/inject", REVIEW, authority.root(), next.root()).statusCode()).as("both are known, the old one serves").isEqualTo(200);
        key.replace(serving(next));
        assertThat(post("/inject", REVIEW, authority.root(), next.root()).statusCode()).as("the new one serves").isEqualTo(200);
        assertThat(post("/inject", REVIEW, next.root()).statusCode()).isEqualTo(200);
        assertThatThrownBy(() -> post("/inject", REVIEW, authority.root())).as("a bundle that nobody has looked after")
            .isInstanceOf(SSLException.class);
    }

    @Test
    void saysWhichAddressIsTaken() {
        assertThatThrownBy(() -> InjectorServer.start(vertx, server.bound(), key, admission)).isInstanceOf(IOException.class)
            .hasMessageStartingWith("--injector-listen: cannot listen on " + server.bound());
    }

    private static Svid serving(CertificateAuthority authority) {
        return authority.issue(ID, Duration.ofHours(1), List.of("localhost", "mesh-control-plane.mesh-system.svc"));
    }

    private InjectorServer start() {
        try {
            return InjectorServer.start(vertx, Address.parse("127.0.0.1:0"), key, admission);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private URI at(String path) {
        return URI.create("https://localhost:" + server.bound().port() + path);
    }

    private HttpResponse<String> post(String path, String body, X509Certificate... roots) throws Exception {
        return client(roots).send(HttpRequest.newBuilder(at(path)).POST(HttpRequest.BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
    }

    /** A new one each time: a connection that is kept would be asked for its certificate once. */
    private static HttpClient client(X509Certificate... roots) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (int i = 0; i < roots.length; i++) store.setCertificateEntry("root" + i, roots[i]);
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(context).build();
    }
}
