package mesh.control.up;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import mesh.model.Address;

/** A small service that knows nothing of the mesh: plain HTTP on loopback, as a workload beside its sidecar. */
final class ExampleService implements AutoCloseable {

    /** Set by the caller's and by our own sidecar; tells who is calling, as its certificate proved it. */
    static final String CLIENT_CERT = "x-forwarded-client-cert";

    /** What it answers. */
    @FunctionalInterface
    private interface Behaviour {
        String answer(HttpExchange request) throws IOException, InterruptedException;
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private ExampleService(Behaviour behaviour) {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", request -> serve(request, behaviour));
        server.start();
    }

    /** Answers with its name and with the identity of its caller. */
    static ExampleService payments(String instance) {
        return new ExampleService(request -> answer(instance, request.getRequestHeaders().getFirst(CLIENT_CERT)));
    }

    /** @param proof what the sidecar has set; null when nobody has */
    static String answer(String instance, String proof) {
        return "{\"instance\":\"" + instance + "\",\"caller\":\"" + caller(proof) + "\"}\n";
    }

    /** Asks payments, by its own sidecar, and answers what it has heard. */
    static ExampleService web(Address sidecar) {
        HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(2)).build();
        return new ExampleService(request -> {
            URI payments = URI.create("http://" + sidecar + request.getRequestURI());
            HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(payments).timeout(Duration.ofSeconds(5)).build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) throw new IOException("payments answered " + answer.statusCode());
            return answer.body();
        });
    }

    /** {@code By=…;Hash=…;URI=spiffe://…}: the last part. */
    private static String caller(String proof) {
        int uri = proof == null ? -1 : proof.indexOf("URI=");
        return uri < 0 ? "" : proof.substring(uri + "URI=".length()).replaceAll("[;,\"].*", "");
    }

    private static void serve(HttpExchange request, Behaviour behaviour) throws IOException {
        try (request) {
            request.getRequestBody().readAllBytes();
            int status = 200;
            String text;
            try {
                text = behaviour.answer(request);
            } catch (IOException e) {
                status = 502;
                text = e.getMessage() + "\n";
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            request.sendResponseHeaders(status, body.length);
            request.getResponseBody().write(body);
        }
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
