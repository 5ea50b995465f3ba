package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What HTTP/1.1 carries through two sidecars with mTLS between them: small and large, fast and slow, and WebSocket. */
@Tag("soak")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TrafficIT {

    private static final Body BIG = new Body((long) Effort.of("gibibytes", 1) << 30);
    private static final Body WARM_UP = new Body(64 << 20);
    private static final long PATIENCE_SECONDS = 180L * Effort.of("gibibytes", 1);

    @TempDir
    private static Path dir;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Pause pauseOfApplication = new Pause();
    private Sockets application;
    private TestMesh mesh;

    @BeforeAll
    void start() throws Exception {
        application = new Sockets(this::serve);
        mesh = new TestMesh(dir);
        mesh.web().payments("payments-1", application.address());
        mesh.push(TestMesh.withoutTimeouts(mesh.config(Map.of("payments-1", 1))));
    }

    @AfterAll
    void stop() {
        mesh.close();
        application.close();
        threads.shutdownNow();
    }

    @Test
    void carriesAWebSocket() throws Exception {
        CompletableFuture<String> echoed = new CompletableFuture<>();
        WebSocket socket = HttpClient.newHttpClient().newWebSocketBuilder()
            .buildAsync(URI.create("ws://" + mesh.outbound() + "/echo"), new WebSocket.Listener() {
                private final StringBuilder text = new StringBuilder();

                @Override
                public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
                    text.append(data);
                    if (text.length() == 100_000) echoed.complete(text.toString());
                    return WebSocket.Listener.super.onText(from, data, last);
                }
            }).get(20, TimeUnit.SECONDS);
        String text = "0123456789".repeat(10_000);
        socket.sendText(text, true).get(20, TimeUnit.SECONDS);
        assertThat(echoed.get(20, TimeUnit.SECONDS)).isEqualTo(text);
        socket.abort();
    }

    @Test
    void carriesAGibibyteUpToASlowReaderInFlatMemory() throws Exception {
        upload("/up", WARM_UP);
        Memory memory = Memory.of(mesh);
        double before = mesh.bytesUp();
        Future<Long> sum = threads.submit(() -> upload("/up-slowly", BIG));
        pauseOfApplication.awaitBegun();
        memory.assertWriterStopsToo(() -> mesh.bytesUp() - before, BIG.length() / 4);
        pauseOfApplication.end();
        assertThat(sum.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(BIG.crc());
        memory.assertFlat();
    }

    @Test
    void carriesAGibibyteDownToASlowReaderInFlatMemory() throws Exception {
        download(WARM_UP, null);
        Memory memory = Memory.of(mesh);
        double before = mesh.bytesDown();
        Pause pause = new Pause();
        Future<Long> sum = threads.submit(() -> download(BIG, pause));
        pause.awaitBegun();
        memory.assertWriterStopsToo(() -> mesh.bytesDown() - before, BIG.length() / 4);
        pause.end();
        assertThat(sum.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo(BIG.crc());
        memory.assertFlat();
    }

    @Test
    void showsWhatItHasCarriedInTheSpecificationsSeries() throws Exception {
        double before = Math.max(0, mesh.sidecar("web-1").metric("mesh_requests_total{service=\"payments\",status=\"200\",}"));
        for (int i = 0; i < 10; i++) download(new Body(1), null);

        SidecarProcess web = mesh.sidecar("web-1");
        String upstream = mesh.inbound("payments-1").toString();
        assertThat(web.metric("mesh_requests_total{service=\"payments\",status=\"200\",}")).isEqualTo(before + 10);
        assertThat(web.metric("mesh_request_duration_seconds{service=\"payments\",quantile=\"0.99\",}")).isPositive();
        assertThat(web.metric("mesh_upstream_active_connections{upstream=\"" + upstream + "\",}")).isGreaterThanOrEqualTo(0);
        assertThat(web.metric("mesh_circuit_breaker_state{upstream=\"" + upstream + "\",}")).isZero();
        assertThat(web.metric("mesh_tls_handshakes_total{side=\"client\",result=\"ok\",reason=\"\",}")).isPositive();
        assertThat(mesh.sidecar("payments-1").metric("mesh_certificate_expiry_timestamp_seconds{kind=\"svid\",}"))
            .isGreaterThan(System.currentTimeMillis() / 1000.0);
    }

    private long upload(String path, Body body) throws IOException {
        try (Socket client = Sockets.connect(mesh.outbound())) {
            client.setSoTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
            client.getOutputStream().write(("PUT " + path + " HTTP/1.1\r\nhost: payments\r\ncontent-length: " + body.length()
                + "\r\nconnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            body.writeTo(client.getOutputStream());
            assertThat(Sockets.readHead(client.getInputStream())).startsWith("HTTP/1.1 200");
            return Long.parseLong(new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        }
    }

    private long download(Body body, Pause pause) throws IOException {
        try (Socket client = Sockets.connect(mesh.outbound())) {
            client.getOutputStream().write(("GET /down?" + body.length() + " HTTP/1.1\r\nhost: payments\r\nconnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            assertThat(Sockets.readHead(client.getInputStream())).startsWith("HTTP/1.1 200");
            long crc = readCrc(client.getInputStream(), body.length(), pause);
            assertThat(client.getInputStream().read()).as("after the body").isNegative();
            return crc;
        }
    }

    /** @param pause after a quarter of it; null for none */
    private static long readCrc(InputStream in, long length, Pause pause) throws IOException {
        CRC32 crc = new CRC32();
        byte[] buffer = new byte[64 * 1024];
        for (long left = length; left > 0; ) {
            if (pause != null && !pause.hasBegun() && left <= length - length / 4) pause.begin().join();
            int n = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (n < 0) throw new IOException("cut");
            crc.update(buffer, 0, n);
            left -= n;
        }
        return crc.getValue();
    }

    // The application.

    private void serve(Socket socket, InputStream in, OutputStream out) throws Exception {
        while (true) {
            String head = Sockets.readHead(in);
            Matcher down = Pattern.compile("^GET /down\\?(\\d+) ").matcher(head);
            if (head.startsWith("GET /echo ")) {
                echo(head, in, out);
                return;
            } else if (down.find()) {
                Body body = new Body(Long.parseLong(down.group(1)));
                out.write(("HTTP/1.1 200 OK\r\ncontent-length: " + body.length() + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                body.writeTo(out);
            } else {
                long length = Long.parseLong(head.replaceAll("(?is).*content-length: (\\d+).*", "$1"));
                String text = Long.toString(readCrc(in, length, head.startsWith("PUT /up-slowly ") ? pauseOfApplication : null));
                out.write(("HTTP/1.1 200 OK\r\ncontent-length: " + text.length() + "\r\n\r\n" + text).getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    /** RFC 6455, as far as one text message needs it: the handshake, and each frame back without its mask. */
    private static void echo(String head, InputStream in, OutputStream out) throws Exception {
        String key = head.replaceAll("(?is).*sec-websocket-key: (\\S+).*", "$1");
        byte[] hash = MessageDigest.getInstance("SHA-1").digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
        out.write(("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: "
            + Base64.getEncoder().encodeToString(hash) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        while (true) {
            byte[] start = in.readNBytes(2);
            if (start.length < 2) return;
            byte[] extended = in.readNBytes((start[1] & 0x7f) == 126 ? 2 : (start[1] & 0x7f) == 127 ? 8 : 0);
            long length = start[1] & 0x7f;
            if (extended.length > 0) {
                length = 0;
                for (byte b : extended) length = length << 8 | b & 0xff;
            }
            byte[] mask = in.readNBytes(4);
            byte[] data = in.readNBytes((int) length);
            for (int i = 0; i < data.length; i++) data[i] ^= mask[i & 3];
            out.write(new byte[] {start[0], (byte) (start[1] & 0x7f)});
            out.write(extended);
            out.write(data);
        }
    }
}
