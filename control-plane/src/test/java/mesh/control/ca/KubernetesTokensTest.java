package mesh.control.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import mesh.model.SpiffeId;
import mesh.model.TrustDomain;
import mesh.pki.KeyPairs;
import mesh.pki.PemFiles;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against an HTTPS server that answers as the API server of Kubernetes 1.34 does. */
class KubernetesTokensTest {

    private static final String PATH = "/apis/authentication.k8s.io/v1/tokenreviews";

    @TempDir
    private Path dir;
    private HttpsServer server;
    /** Status by the token that is asked for. */
    private final Map<String, JsonObject> known = new ConcurrentHashMap<>();
    private final List<JsonObject> asked = new CopyOnWriteArrayList<>();
    private KubernetesTokens tokens;

    @BeforeEach
    void start() throws Exception {
        KeyPair pair = KeyPairs.create();
        X509Certificate certificate = certificate(pair);
        PemFiles.writeCertificates(dir.resolve("ca.crt"), List.of(certificate));
        Files.writeString(dir.resolve("token"), "own-token\n");
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("api", pair.getPrivate(), new char[0], new X509Certificate[] {certificate});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext(PATH, this::answer);
        server.start();
        tokens = tokens(dir.resolve("ca.crt"));
    }

    private KubernetesTokens tokens(Path ca) throws IOException {
        return new KubernetesTokens(new KubernetesTokens.Settings(
            URI.create("https://127.0.0.1:" + server.getAddress().getPort()), ca, dir.resolve("token"), "mesh"), new TrustDomain("mesh.local"));
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!"Bearer own-token".equals(exchange.getRequestHeaders().getFirst("authorization"))) {
                exchange.sendResponseHeaders(403, -1);
                return;
            }
            JsonObject review = new JsonObject(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            asked.add(review);
            JsonObject status = known.getOrDefault(review.getJsonObject("spec").getString("token"),
                new JsonObject().put("user", new JsonObject()).put("error", "[invalid bearer token]"));
            byte[] body = review.put("status", status).encode().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("content-type", "application/json");
            exchange.sendResponseHeaders(201, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void aServiceAccountIsAnIdentity() throws IOException {
        known.put("a.b.c", status("system:serviceaccount:shop:payments", "mesh"));

        assertThat(tokens.review("a.b.c")).contains(SpiffeId.parse("spiffe://mesh.local/ns/shop/sa/payments"));
        assertThat(asked).singleElement().satisfies(review -> {
            assertThat(review.getString("apiVersion")).isEqualTo("authentication.k8s.io/v1");
            assertThat(review.getString("kind")).isEqualTo("TokenReview");
            assertThat(review.getJsonObject("spec").getJsonArray("audiences")).isEqualTo(new JsonArray().add("mesh"));
        });
    }

    @Test
    void refusesWhatTheApiServerDoesNotVouchFor() throws IOException {
        known.put("other.audience.x", status("system:serviceaccount:shop:payments", "https://kubernetes.default.svc"));
        known.put("no.audience.x", status("system:serviceaccount:shop:payments", "mesh").putNull("audiences"));
        known.put("a.person.x", status("alice", "mesh"));

        assertThat(tokens.review("un.known.x")).isEmpty();
        assertThat(tokens.review("other.audience.x")).isEmpty();
        assertThat(tokens.review("a.person.x")).isEmpty();
        assertThat(tokens.review("no.audience.x")).isEmpty();
    }

    @Test
    void whatIsNoTokenCostsTheApiServerNothing() throws IOException {
        assertThat(tokens.review("guess")).isEmpty();
        assertThat(tokens.review("a.b.c\r\nx: y")).isEmpty();
        assertThat(tokens.review("a.b." + "c".repeat(20_000))).isEmpty();
        assertThat(asked).isEmpty();
    }

    @Test
    void saysThatItMayNotAsk() throws IOException {
        Files.writeString(dir.resolve("token"), "another");
        assertThatThrownBy(() -> tokens.review("a.b.c")).isInstanceOf(IOException.class).hasMessageContaining("was answered with 403 (expected: 201");
    }

    @Test
    void asksNobodyWhoIsNotTheApiServer() throws Exception {
        PemFiles.writeCertificates(dir.resolve("other.crt"), List.of(certificate(KeyPairs.create())));
        assertThatThrownBy(() -> tokens(dir.resolve("other.crt")).review("a.b.c")).isInstanceOf(IOException.class);
        assertThat(asked).isEmpty();
        assertThatThrownBy(() -> new KubernetesTokens.Settings(URI.create("http://127.0.0.1"), dir, dir, "mesh"))
            .hasMessageContaining("expected: an https URL");
    }

    private static JsonObject status(String user, String audience) {
        return new JsonObject().put("authenticated", true).put("user", new JsonObject().put("username", user).put("uid", "1"))
            .put("audiences", new JsonArray().add(audience));
    }

    private static X509Certificate certificate(KeyPair pair) throws Exception {
        X500Name name = new X500Name("CN=api");
        Instant now = Instant.now();
        var builder = new JcaX509v3CertificateBuilder(
            name, BigInteger.ONE, Date.from(now.minusSeconds(60)), Date.from(now.plusSeconds(3600)), name, pair.getPublic());
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName(GeneralName.iPAddress, "127.0.0.1")));
        return new JcaX509CertificateConverter()
            .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())));
    }
}
