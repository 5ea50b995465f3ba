package mesh.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;

/** A plain HTTP service, as a workload beside its sidecar. Answers with its name unless told otherwise. */
final class HttpService implements AutoCloseable {

    /** Answers one request. */
    @FunctionalInterface
    interface Behaviour {
        void answer(HttpExchange exchange) throws IOException;
    }

    static {
        // Keeps connections as real servers do; the JDK's default keeps 200 and lets go of the others at random moments.
        System.setProperty("sun.net.httpserver.maxIdleConnections", "10000");
        System.setProperty("sun.net.httpserver.idleInterval", "300");
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger requests = new AtomicInteger();

    HttpService(String name) throws IOException {
        this(0, exchange -> text(exchange, name));
    }

    HttpService(int port, Behaviour behaviour) throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 1024);
        server.setExecutor(threads);
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            try (exchange) {
                behaviour.answer(exchange);
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        });
        server.start();
    }

    static void text(HttpExchange exchange, String text) throws IOException {
        text(exchange, 200, text);
    }

    static void text(HttpExchange exchange, int status, String text) throws IOException {
        exchange.getRequestBody().readAllBytes();
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    int requests() {
        return requests.get();
    }

    Address address() {
        return new Address("127.0.0.1", server.getAddress().getPort());
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
