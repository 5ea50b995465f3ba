package mesh.control.inject;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.KeyCertOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import javax.net.ssl.X509KeyManager;
import mesh.model.Address;
import org.jboss.logging.Logger;

/**
 * The webhook's HTTPS port: {@code POST /inject}. Whoever reaches it may ask, since an answer says nothing but how the mesh's sidecars are started;
 * the certificate is whatever the key manager has at each handshake.
 */
public final class InjectorServer implements AutoCloseable {

    static final String PATH = "/inject";

    private static final Logger LOG = Logger.getLogger(InjectorServer.class);
    /** The API server sends objects of at most 3 MiB, and the one before along with it. */
    private static final int LONGEST_REVIEW = 7 << 20;
    private static final int CONNECTIONS_IDLE_SECONDS = 90;

    private final HttpServer server;
    private final Address bound;

    private InjectorServer(HttpServer server, Address bound) {
        this.server = server;
        this.bound = bound;
    }

    /** @throws IOException naming the address that cannot be bound */
    public static InjectorServer start(Vertx vertx, Address listen, X509KeyManager key, Admission admission) throws IOException {
        HttpServerOptions options = new HttpServerOptions().setHost(listen.host().isEmpty() ? "0.0.0.0" : listen.host()).setPort(listen.port())
            .setSsl(true).setUseAlpn(true).setKeyCertOptions(KeyCertOptions.wrap(key)).setEnabledSecureTransportProtocols(Set.of("TLSv1.3"))
            .setIdleTimeout(CONNECTIONS_IDLE_SECONDS);
        HttpServer server = vertx.createHttpServer(options).requestHandler(request -> answer(vertx, request, admission));
        try {
            server.listen().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            String why = e.getCause() == null ? "it takes too long" : e.getCause().getMessage();
            throw new IOException("--injector-listen: cannot listen on " + listen + ": " + why + " (expected: a free address of this machine)", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the injector's port was bound", e);
        }
        return new InjectorServer(server, new Address(listen.host(), server.actualPort()));
    }

    /** Tells the port that was chosen for port 0. */
    public Address bound() {
        return bound;
    }

    private static void answer(Vertx vertx, HttpServerRequest request, Admission admission) {
        if (!request.path().equals(PATH)) {
            end(request, 404, "no such page: \"" + request.path() + "\" (expected: " + PATH + ")\n");
        } else if (request.method() != HttpMethod.POST) {
            end(request, 405, "method: \"" + request.method() + "\" (expected: POST)\n");
        } else {
            Body body = new Body(request);
            request.handler(body::add);
            request.endHandler(end -> body.whole(text -> vertx.executeBlocking(() -> admission.review(text), false).onComplete(
                review -> request.response().putHeader("content-type", "application/json").end(review),
                failure -> fail(request, failure))));
        }
    }

    private static void fail(HttpServerRequest request, Throwable failure) {
        if (failure instanceof IllegalArgumentException) {
            end(request, 400, failure.getMessage() + "\n");
        } else {
            LOG.errorf(failure, "admission review");
            end(request, 500, "internal error\n");
        }
    }

    private static void end(HttpServerRequest request, int status, String text) {
        request.response().setStatusCode(status).putHeader("content-type", "text/plain; charset=utf-8").end(text);
    }

    @Override
    public void close() {
        server.close();
    }

    /** What was sent so far; more than a review has is not kept. */
    private static final class Body {

        private final HttpServerRequest request;
        private final Buffer received = Buffer.buffer();
        private boolean refused;

        Body(HttpServerRequest request) {
            this.request = request;
        }

        void add(Buffer part) {
            if (refused) return;
            received.appendBuffer(part);
            if (received.length() > LONGEST_REVIEW) {
                refused = true;
                end(request, 413, "more than " + LONGEST_REVIEW + " bytes (expected: an AdmissionReview)\n");
            }
        }

        void whole(Consumer<String> reader) {
            if (!refused) reader.accept(received.toString(StandardCharsets.UTF_8));
        }
    }
}
