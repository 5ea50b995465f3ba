package mesh.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import mesh.proxy.RawClient;
import mesh.proxy.TestUpstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many clients that pipeline requests with bodies of every size and framing, to two upstreams that send them back in theirs. */
class Http1EchoTest {

    private static final int CLIENTS = 8;
    private static final int REQUESTS = 60;
    private static final int PATIENCE_SECONDS = 60;

    private final TestUpstream one = new TestUpstream(Http1EchoTest::echo);
    private final TestUpstream two = new TestUpstream(Http1EchoTest::echo);
    private final ExecutorService threads = Executors.newFixedThreadPool(CLIENTS * 2);

    @AfterEach
    void close() {
        threads.shutdownNow();
        one.close();
        two.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void everyRequestGetsItsOwnBodyBackAndInOrder(int sidecars) throws Exception {
        try (Hops hops = new Hops(sidecars, 2)) {
            hops.lead(any -> any, one.address(), two.address());
            exchange(hops, sidecars);
        }
        assertThat(one.requests() + two.requests()).isEqualTo(CLIENTS * REQUESTS);
    }

    private void exchange(Hops hops, long seed) throws Exception {
        List<Future<?>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            long own = seed * 100 + i;
            RawClient client = hops.connect();
            clients.add(threads.submit(() -> sendAll(client, own)));
            clients.add(threads.submit(() -> receiveAll(client, own)));
        }
        for (Future<?> client : clients) client.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static Void sendAll(RawClient client, long seed) throws IOException {
        Random sizes = new Random(seed);
        Random framing = new Random(-seed);
        OutputStream out = new BufferedOutputStream(client.socket().getOutputStream(), 1 + framing.nextInt(20_000));
        for (int i = 0; i < REQUESTS; i++) {
            byte[] body = body(sizes);
            if (framing.nextBoolean()) sendChunked(out, body, framing);
            else sendWhole(out, body);
        }
        out.flush();
        return null;
    }

    private static void sendWhole(OutputStream out, byte[] body) throws IOException {
        out.write(Wire.text("POST /echo HTTP/1.1¶Host: h¶Content-Length: " + body.length + "¶¶").getBytes(StandardCharsets.US_ASCII));
        out.write(body);
    }

    private static void sendChunked(OutputStream out, byte[] body, Random random) throws IOException {
        out.write(Wire.text("POST /echo HTTP/1.1¶Host: h¶Transfer-Encoding: chunked¶¶").getBytes(StandardCharsets.US_ASCII));
        int longest = 1 << random.nextInt(16);
        for (int from = 0, to; from < body.length; from = to) {
            to = Math.min(body.length, from + 1 + random.nextInt(Math.max(longest, body.length / 1000)));
            out.write((Integer.toHexString(to - from) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            out.write(body, from, to - from);
            out.write(Wire.text("¶").getBytes(StandardCharsets.US_ASCII));
        }
        out.write(Wire.text("0¶¶").getBytes(StandardCharsets.US_ASCII));
    }

    private static Void receiveAll(RawClient client, long seed) throws IOException {
        Random sizes = new Random(seed);
        for (int i = 0; i < REQUESTS; i++) {
            byte[] expected = body(sizes);
            String head = client.readHead();
            assertThat(head).as("answer %d of client %d", i, seed).startsWith("HTTP/1.1 200 ");
            String answer = head.contains("transfer-encoding: chunked") ? readChunked(client) : client.read(expected.length);
            // Not assertThat(answer).isEqualTo: a message of megabytes helps nobody.
            assertThat(answer.equals(new String(expected, StandardCharsets.ISO_8859_1)))
                .as("answer %d of client %d, %d bytes, is its request's body of %d", i, seed, answer.length(), expected.length).isTrue();
        }
        client.close();
        return null;
    }

    private static String readChunked(RawClient client) throws IOException {
        StringBuilder body = new StringBuilder();
        for (int size; (size = Integer.parseInt(client.readTo("\r\n").strip(), 16)) > 0; ) {
            body.append(client.read(size));
            client.readTo("\r\n");
        }
        client.readTo("\r\n");
        return body.toString();
    }

    /** Mostly small, now and then more than every buffer on the way. */
    private static byte[] body(Random random) {
        byte[] body = new byte[random.nextInt(1 << random.nextInt(20))];
        random.nextBytes(body);
        return body;
    }

    /** Sends back what comes, by its length or in chunks. */
    private static void echo(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        boolean chunked = body.length % 2 == 1;
        exchange.sendResponseHeaders(200, chunked ? 0 : body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }
}
