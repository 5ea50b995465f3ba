package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import mesh.model.Address;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the client speaks, and whatever the upstream: bodies arrive whole or not at all. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProtocolMatrixIT {

    private static final long[] LENGTHS = {0, 1, (16 << 10) - 1, 16 << 10, (16 << 10) + 1, 1 << 20, 64 << 20};
    private static final Body LARGE = new Body(64 << 20);

    @TempDir
    private static Path dir;

    private final Map<Wire, HttpCaller> callers = new EnumMap<>(Wire.class);
    private final Map<Wire, EchoService> services = new EnumMap<>(Wire.class);
    private final Map<Wire, Address> plain = new EnumMap<>(Wire.class);
    private final Map<Wire, Address> mutual = new EnumMap<>(Wire.class);
    private Vertx vertx;
    private SidecarProcess sidecar;

    @BeforeAll
    void start() throws Exception {
        vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(2));
        Identities identities = new Identities(dir.resolve("identities"));
        StringBuilder listeners = new StringBuilder("listeners:\n");
        StringBuilder clusters = new StringBuilder("clusters:\n");
        for (Wire wire : Wire.values()) {
            callers.put(wire, new HttpCaller(vertx, wire, identities));
            services.put(wire, new EchoService(vertx, wire, identities));
            plain.put(wire, Ports.free());
            mutual.put(wire, Ports.free());
            listeners.append("  - {name: plain-%s, listen: \"%s\", cluster: %s}%n".formatted(wire, plain.get(wire), wire));
            listeners.append("  - {name: mutual-%s, listen: \"%s\", cluster: %s, tls: {}}%n".formatted(wire, mutual.get(wire), wire));
            clusters.append("  - {name: %s, protocol: %s, connectTimeout: 10s, endpoints: [{address: \"%s\"%s}]}%n".formatted(
                wire, wire.isHttp2() ? "http2" : "http1", services.get(wire).address(), wire.isTls() ? ", spiffeId: \"spiffe://mesh.local/payments\"" : ""));
        }
        sidecar = SidecarProcess.of(Files.writeString(dir.resolve("mesh.yaml"), listeners.append(clusters).append(identities.yaml("gateway")).toString()));
    }

    @AfterAll
    void stop() throws Exception {
        if (sidecar != null) sidecar.close();
        if (vertx != null) HttpCaller.await(vertx.close());
    }

    @BeforeEach
    void forget() {
        services.values().forEach(service -> service.seen().clear());
    }

    static Stream<Arguments> pairs() {
        return Arrays.stream(Wire.values()).flatMap(down -> Arrays.stream(Wire.values()).map(up -> Arguments.of(down, up)));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void echoesBodiesOfKnownLength(Wire down, Wire up) throws Exception {
        for (long length : LENGTHS) {
            Body body = new Body(length);
            HttpCaller.Answer answer = callers.get(down).call(listener(down, up), "/echo", body, true);
            assertThat(answer.status()).as("%d bytes", length).isEqualTo(200);
            assertThat(answer.bytes()).isEqualTo(length);
            assertThat(answer.crc()).as("%d bytes", length).isEqualTo(body.crc());
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void echoesBodiesOfUnknownLengthWithTheirTrailers(Wire down, Wire up) throws Exception {
        for (long length : LENGTHS) {
            Body body = new Body(length);
            HttpCaller.Answer answer = callers.get(down).call(listener(down, up), "/echo", body, false);
            assertThat(answer.status()).as("%d bytes", length).isEqualTo(200);
            assertThat(answer.bytes()).isEqualTo(length);
            assertThat(answer.crc()).as("%d bytes", length).isEqualTo(body.crc());
            assertThat(answer.sum()).as("trailer of %d bytes", length).isEqualTo(Long.toString(body.crc()));
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void anEarlyAnswerToALargeUploadArrives(Wire down, Wire up) throws Exception {
        for (int i = 0; i < 3; i++) {
            HttpCaller.Answer answer = callers.get(down).call(listener(down, up), "/early", LARGE, i > 0);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).isEqualTo("enough");
        }
        assertThat(callers.get(down).call(listener(down, up), "/echo", new Body(1000), true).bytes()).isEqualTo(1000);
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void aClientThatGoesWhileItSendsIsMissedByTheUpstream(Wire down, Wire up) throws Exception {
        HttpClientRequest request = callers.get(down).begin(listener(down, up), "/sink");
        request.write(Buffer.buffer(new byte[1000]));
        assertThat(services.get(up).seen().poll(20, TimeUnit.SECONDS)).isEqualTo("data");
        request.reset();
        assertThat(next(up)).isEqualTo("broken");
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void aClientThatGoesWhileItReadsIsMissedByTheUpstream(Wire down, Wire up) throws Exception {
        HttpClientRequest request = callers.get(down).begin(listener(down, up), "/endless");
        CompletableFuture<Void> reading = new CompletableFuture<>();
        request.response().onSuccess(response -> response.handler(data -> reading.complete(null)));
        request.end();
        reading.get(20, TimeUnit.SECONDS);
        request.reset();
        assertThat(next(up)).isEqualTo("broken");
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void anUpstreamThatGoesWhileItAnswersIsSeenAsATruncation(Wire down, Wire up) {
        for (String path : new String[] {"/cut-stream", "/cut-stream?known", "/cut-connection", "/cut-connection?known"}) {
            assertThatThrownBy(() -> callers.get(down).call(listener(down, up), path)).as(path).isNotInstanceOf(TimeoutException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void anUpstreamThatGoesWhileItReadsIsToldAsAFailure(Wire down, Wire up) {
        assertThat(outcome(() -> callers.get(down).call(listener(down, up), "/cut-up", LARGE, true))).isIn("503", "broken");
    }

    private Address listener(Wire down, Wire up) {
        return (down.isTls() ? mutual : plain).get(up);
    }

    /** What the upstream sees of the request when no more data comes. */
    private String next(Wire up) throws InterruptedException {
        String event;
        do event = services.get(up).seen().poll(10, TimeUnit.SECONDS);
        while ("data".equals(event));
        return event;
    }

    private static String outcome(Callable<HttpCaller.Answer> call) {
        try {
            return Integer.toString(call.call().status());
        } catch (TimeoutException e) {
            return "silence";
        } catch (Exception e) {
            return "broken";
        }
    }
}
