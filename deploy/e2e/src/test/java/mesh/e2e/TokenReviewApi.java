package mesh.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import mesh.model.SpiffeId;
import mesh.pki.CertificateAuthority;

/** What a Kubernetes API server does for those who ask it whose a token is, over HTTPS. */
final class TokenReviewApi implements AutoCloseable {

    private static final String PATH = "/apis/authentication.k8s.io/v1/tokenreviews";

    private final Path dir;
    private final HttpsServer server;
    private final Map<String, String> accounts = new ConcurrentHashMap<>();

    TokenReviewApi(Path dir) throws Exception {
        this.dir = dir;
        KnownAuthority authority = KnownAuthority.create(dir);
        Files.writeString(dir.resolve("token"), "control-plane-token");
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(ClientTls.of(authority.at(InstantSource.system())
            .issue(SpiffeId.parse("spiffe://mesh.local/api"), Duration.ofHours(1), List.of("127.0.0.1"))).context()));
        server.createContext(PATH, this::review);
        server.start();
    }

    /** For the control plane. */
    String[] options() {
        return new String[] {"--kubernetes-api", "https://127.0.0.1:" + server.getAddress().getPort(),
            "--kubernetes-ca", dir.resolve(CertificateAuthority.CERTIFICATE).toString(), "--kubernetes-token-file", dir.resolve("token").toString()};
    }

    /** @param account such as {@code shop:payments} */
    void mint(String token, String account) {
        accounts.put(token, account);
    }

    private void review(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!"Bearer control-plane-token".equals(exchange.getRequestHeaders().getFirst("authorization"))) {
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            JsonObject review = new JsonObject(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            String account = accounts.get(review.getJsonObject("spec").getString("token"));
            JsonObject status = account == null ? new JsonObject().put("authenticated", false) : new JsonObject().put("authenticated", true)
                .put("user", new JsonObject().put("username", "system:serviceaccount:" + account)).put("audiences", new JsonArray().add("mesh"));
            byte[] body = review.put("status", status).encode().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(201, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
