package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Server;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM tells HTTP/2's clients to go, and lets them end what they have begun. */
class DrainH2IT {

    private static final int STREAMS = 20;

    @TempDir
    private Path dir;

    @Test
    void endsStreamsAndCallsAndThenItself() throws Exception {
        Vertx vertx = Vertx.vertx();
        Identities none = new Identities(dir.resolve("identities"));
        EchoService application = new EchoService(vertx, Wire.H2C, none);
        Server numbers = NumberedStreams.service();
        Address http = Ports.free();
        Address grpc = Ports.free();
        Path config = Files.writeString(dir.resolve("mesh.yaml"), """
            listeners:
              - {name: http, listen: "%s", cluster: http}
              - {name: grpc, listen: "%s", cluster: grpc}
            clusters:
              - {name: http, endpoints: [{address: "%s"}]}
              - {name: grpc, endpoints: [{address: "127.0.0.1:%d"}]}
            """.formatted(http, grpc, application.address(), numbers.getPort()));
        try (SidecarProcess sidecar = SidecarProcess.of(config, "--drain-delay", "1s"); HttpCaller caller = new HttpCaller(vertx, Wire.H2C, none);
            NumberedStreams calls = NumberedStreams.start(grpc, STREAMS)) {
            calls.awaitMore(5);
            List<HttpClientRequest> requests = new ArrayList<>();
            for (int i = 0; i < STREAMS; i++) requests.add(caller.begin(http, "/sum"));
            CompletableFuture<Long> goAway = new CompletableFuture<>();
            requests.get(0).connection().goAwayHandler(away -> goAway.complete(away.getErrorCode()));
            for (HttpClientRequest request : requests) HttpCaller.await(request.write(Buffer.buffer("some")));

            sidecar.process().terminate();
            assertThat(goAway.get(30, TimeUnit.SECONDS)).isZero();
            await().atMost(Duration.ofSeconds(30)).until(() -> sidecar.readiness() == 503);
            calls.awaitMore(5);
            assertThat(calls.finish()).isEmpty();
            for (HttpClientRequest request : requests) {
                Future<HttpClientResponse> response = request.response();
                request.end("thing");
                assertThat(HttpCaller.await(response).statusCode()).isEqualTo(200);
            }
            assertThat(sidecar.process().exitCode()).isZero();
        } finally {
            numbers.shutdownNow();
            HttpCaller.await(vertx.close());
        }
    }
}
