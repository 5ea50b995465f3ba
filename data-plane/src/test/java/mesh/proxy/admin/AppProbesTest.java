package mesh.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import mesh.model.Address;
import mesh.proxy.Sidecar;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A kubelet without a certificate, a sidecar's health listener, and an application behind it. */
class AppProbesTest {

    private static final Address ANY_PORT = new Address("127.0.0.1", 0);

    private final Vertx vertx = Vertx.vertx();
    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final Map<String, String> seen = new ConcurrentHashMap<>();
    private AdminServer server;

    @AfterEach
    void close() throws Exception {
        if (server != null) server.close();
        sidecar.close();
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    @Test
    void passesOnTheStatusAndTheKubeletsFieldsButNoBody() throws Exception {
        HttpServer app = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        app.createContext("/", exchange -> {
            exchange.getRequestHeaders().forEach((name, values) -> seen.put(name.toLowerCase(Locale.ROOT), values.get(0)));
            seen.put("uri", exchange.getRequestURI().toString());
            byte[] body = "internals".getBytes(StandardCharsets.US_ASCII);
            exchange.getResponseHeaders().add("location", "/elsewhere");
            exchange.sendResponseHeaders(exchange.getRequestURI().getPath().equals("/moved") ? 302 : 500, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        app.start();
        int health;
        try {
            String at = "http://127.0.0.1:" + app.getAddress().getPort();
            health = start("web/readyz=" + at + "/healthz?deep=1", "web/livez=" + at + "/moved");

            HttpResponse<String> failed = ask(health, "web/readyz", "user-agent", "kube-probe/1.34", "x-token", "abc");
            assertThat(failed.statusCode()).isEqualTo(500);
            assertThat(failed.body()).isEmpty();
            assertThat(seen).containsEntry("user-agent", "kube-probe/1.34").containsEntry("x-token", "abc").containsEntry("uri", "/healthz?deep=1")
                .containsEntry("host", "127.0.0.1:" + app.getAddress().getPort());
            assertThat(ask(health, "web/livez").statusCode()).as("redirects are the kubelet's to judge").isEqualTo(302);
        } finally {
            app.stop(0);
        }
        assertThat(ask(health, "web/livez").statusCode()).as("nobody there any more").isEqualTo(503);
    }

    @Test
    void opensAConnectionWhereThatIsTheQuestion() throws Exception {
        int health;
        try (ServerSocket app = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            health = start("db/readyz=tcp://127.0.0.1:" + app.getLocalPort());
            assertThat(ask(health, "db/readyz").statusCode()).isEqualTo(200);
        }
        HttpResponse<String> refused = ask(health, "db/readyz");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.body()).startsWith("db/readyz: ").containsIgnoringCase("refused");
    }

    @Test
    void asksGrpcServicesByTheirHealthProtocol() throws Exception {
        HealthStatusManager health = new HealthStatusManager();
        health.setStatus("shop.Cart", ServingStatus.SERVING);
        health.setStatus("shop.Pay", ServingStatus.NOT_SERVING);
        Server app = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create()).addService(health.getHealthService()).build().start();
        try {
            String at = "=grpc://127.0.0.1:" + app.getPort();
            int port = start("a/readyz" + at, "b/readyz" + at + "/shop.Cart", "c/readyz" + at + "/shop.Pay", "d/readyz" + at + "/shop.None");
            assertThat(ask(port, "a/readyz").statusCode()).isEqualTo(200);
            assertThat(ask(port, "b/readyz").statusCode()).isEqualTo(200);
            assertThat(ask(port, "c/readyz").body()).isEqualTo("c/readyz: NOT_SERVING (expected: SERVING)\n");
            assertThat(ask(port, "d/readyz").statusCode()).isEqualTo(503);
        } finally {
            app.shutdownNow();
        }
    }

    @Test
    void knowsWhatItWasToldAndNothingElse() throws Exception {
        int health = start("web/readyz=tcp://127.0.0.1:9");
        HttpResponse<String> unknown = ask(health, "web/livez");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body())
            .isEqualTo("no such probe: \"/app-health/web/livez\" (expected: /app-health/NAME with a name of --app-probe, [web/readyz])\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"web", "=http://127.0.0.1:80/", "web=http://10.0.0.1:80/", "web=http://127.0.0.1/", "web=ftp://127.0.0.1:21/",
        "web=http://localhost:0/", "a b=tcp://localhost:1", "web=http://me@localhost:80/", "web=:80", "web=exec:ls"})
    void refusesWhatLeadsElsewhereOrNowhere(String text) {
        assertThatThrownBy(() -> AppProbe.parse(text)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("\"" + text + "\" (expected: ");
    }

    @Test
    void readsEveryKind() {
        assertThat(AppProbe.parse("web/livez=https://localhost:8443")).isEqualTo(new AppProbe("web/livez", AppProbe.Kind.HTTPS, "localhost", 8443, "/"));
        assertThat(AppProbe.parse("c=tcp://[::1]:5432")).isEqualTo(new AppProbe("c", AppProbe.Kind.TCP, "::1", 5432, ""));
        assertThat(AppProbe.parse("c=grpc://127.0.0.1:90/s.S")).isEqualTo(new AppProbe("c", AppProbe.Kind.GRPC, "127.0.0.1", 90, "s.S"));
    }

    private int start(String... probes) {
        server = new AdminServer(vertx, sidecar, "web-1", Env.system().clock(), () -> "", () -> true, Stream.of(probes).map(AppProbe::parse).toList(), null);
        return server.start(ANY_PORT, ANY_PORT, ANY_PORT).get("health").port();
    }

    private static HttpResponse<String> ask(int port, String name, String... fields) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/app-health/" + name));
        if (fields.length > 0) request.headers(fields);
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build().send(request.build(), BodyHandlers.ofString());
    }
}
