package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mesh.model.AccessLogPolicy;
import mesh.model.ApplyResult;
import mesh.model.FaultPolicy;
import mesh.model.FaultPolicy.Abort;
import mesh.model.FaultPolicy.Delay;
import mesh.model.Percent;
import mesh.model.Route;
import mesh.model.RouteFilters;
import mesh.model.RouteLimits;
import mesh.model.Timeouts;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Faults on purpose, over real sockets and with a clock that is moved. */
class FaultSidecarTest {

    private static final Duration DELAY = Duration.ofMillis(50);
    /** The wheel's tick later than the delay, so that it has surely passed. */
    private static final Duration PAST = DELAY.plusMillis(10);
    private static final FaultPolicy DELAYED = new FaultPolicy(Optional.of(new Delay(Optional.of(DELAY), Percent.ALL)), Optional.empty());

    private final FakeClock clock = new FakeClock();
    private final Sidecar sidecar = new Sidecar(new Env(clock, clock, new Random(1)), 1);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final TestUpstream application = new TestUpstream("application");
    @TempDir
    private Path directory;
    private Path log;

    @AfterEach
    void close() {
        sidecar.close();
        application.close();
    }

    /** Longer than the route's timeout, which counts from where it goes on, as in Envoy. */
    @Test
    void aDelayedRequestGoesOnWhenItsTimeHasCome() throws Exception {
        apply(Snapshots.http(), DELAYED);
        CompletableFuture<HttpResponse<String>> answer = send("PUT", "body");
        await().until(() -> faults("delay") == 1);
        clock.advance(DELAY.minusMillis(1));
        assertThat(application.requests()).isZero();
        clock.advance(Duration.ofMillis(11));

        assertThat(answer.get(10, TimeUnit.SECONDS).body()).isEqualTo("application");
        sidecar.accessLogs().close();
        assertThat(log).content().contains("\"PUT / HTTP/1.1\" 200 DI ").containsPattern(" 60\\.000 \\S+ 4 11 - ");
    }

    @Test
    void aClientThatGoesAwayMeanwhileLeavesNothingBehind() throws Exception {
        apply(Snapshots.http(), DELAYED);
        RawClient gone = new RawClient(sidecar.bound().get("web"));
        gone.send("GET /gone HTTP/1.1\r\nhost: h\r\n\r\n");
        await().until(() -> faults("delay") == 1);
        gone.reset();
        await().until(() -> metric("mesh_requests_total", "web", "499") == 1);
        // One that goes on after it, on the same loop: what was due before has been seen to.
        CompletableFuture<HttpResponse<String>> answer = send("GET", "");
        await().until(() -> faults("delay") == 2);
        clock.advance(PAST);
        assertThat(answer.get(10, TimeUnit.SECONDS).body()).isEqualTo("application");
        assertThat(application.requests()).isEqualTo(1);
        assertThat(sidecar.tables().clusters().get("payments").load().requests()).isZero();
        sidecar.accessLogs().close();
        assertThat(log).content().contains("\"GET /gone HTTP/1.1\" 499 DI,DC ");
    }

    @Test
    void whatADelayedBodyMayBeIsStillHeldAgainstItsLimit() throws Exception {
        apply(Snapshots.http().routeLimits(new RouteLimits(Optional.empty(), 10)), DELAYED);
        RawClient client = new RawClient(sidecar.bound().get("web"));
        client.send("PUT / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n");
        await().until(() -> faults("delay") == 1);
        clock.advance(PAST);
        assertThat(client.readHead()).startsWith("HTTP/1.1 413 ");
        client.close();
        assertThat(application.requests()).isZero();
    }

    /** It was stopped in the middle when there was no more room for it. */
    @Test
    void aClientWhoseBodyWasHeldUpHearsOfTheAbort() throws Exception {
        apply(Snapshots.http(), new FaultPolicy(DELAYED.delay(), aborting("http:503").abort()));
        try (RawClient client = new RawClient(sidecar.bound().get("web"))) {
            int size = 16 << 20;
            client.send("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: " + size + "\r\n\r\n");
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                try {
                    client.send(new byte[size]);
                } catch (IOException e) {
                    // It may be cut off once it is answered.
                }
            });
            await().until(() -> faults("delay") == 1);
            clock.advance(PAST);
            assertThat(client.readHead()).startsWith("HTTP/1.1 503 ");
            sent.get(20, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @CsvSource({"http:429, 429", "grpc:5, 404"})
    void anAbortedRequestIsAnsweredAndGoesNowhere(String with, int status) throws Exception {
        apply(Snapshots.http(), aborting(with));
        assertThat(send("GET", "").get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(status);
        assertThat(application.requests()).isZero();
        assertThat(faults("abort")).isEqualTo(1);
        assertThat(metric("mesh_requests_total", "web", Integer.toString(status))).isEqualTo(1);
        sidecar.accessLogs().close();
        assertThat(log).content().contains("\"GET / HTTP/1.1\" " + status + " FI ");
    }

    @ParameterizedTest
    @CsvSource({"http:429, UNAVAILABLE", "http:404, UNIMPLEMENTED", "grpc:5, NOT_FOUND"})
    void aCallOfGrpcIsAbortedWithAStatusOfItsOwn(String with, Status.Code code) {
        apply(Snapshots.http(), aborting(with));
        ManagedChannel channel = NettyChannelBuilder
            .forAddress(sidecar.bound().get("web").host(), sidecar.bound().get("web").port()).usePlaintext().build();
        try {
            assertThatThrownBy(() -> GrpcServer.call(channel, GrpcServer.ECHO, new byte[1]))
                .isInstanceOfSatisfying(StatusRuntimeException.class, e -> {
                    assertThat(e.getStatus().getCode()).isEqualTo(code);
                    assertThat(e.getStatus().getDescription()).isEqualTo("fault injected");
                });
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void whatIsBothDelayedAndAbortedWaitsFirst() throws Exception {
        apply(Snapshots.http(), new FaultPolicy(DELAYED.delay(), aborting("http:503").abort()));
        CompletableFuture<HttpResponse<String>> answer = send("GET", "");
        await().until(() -> faults("delay") == 1);
        assertThat(faults("abort")).isZero();
        clock.advance(PAST);
        assertThat(answer.get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(503);
        sidecar.accessLogs().close();
        assertThat(log).content().contains(" 503 DI,FI ");
    }

    @Test
    void aRouteThatAnswersItselfSuffersThemToo() throws Exception {
        apply(Snapshots.http().action(new Route.DirectReply(200, "")), aborting("http:500"));
        assertThat(send("GET", "").get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(500);
    }

    @Test
    void aConfigurationWithoutThemEndsThem() throws Exception {
        apply(Snapshots.http(), aborting("http:500"));
        assertThat(send("GET", "").get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(500);
        assertThat(sidecar.apply(Snapshots.http().version(2).to(application.address(), 1).build())).isInstanceOf(ApplyResult.Applied.class);
        assertThat(send("GET", "").get(10, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }

    private static FaultPolicy aborting(String with) {
        int status = Integer.parseInt(with.substring(5));
        return new FaultPolicy(Optional.empty(), Optional.of(new Abort(
            Optional.of(with.startsWith("http:") ? new FaultPolicy.Http(status) : new FaultPolicy.Grpc(status)), Percent.ALL)));
    }

    private void apply(Snapshots snapshots, FaultPolicy policy) {
        log = directory.resolve("access.log");
        Snapshots whole = snapshots.service("web").timeouts(new Timeouts(Duration.ofMillis(20), Duration.ofMillis(20)))
            .log(new AccessLogPolicy(AccessLogPolicy.Format.TEXT, log.toString(), Percent.ALL, true))
            .filters(RouteFilters.NONE.with(policy)).to(application.address(), 1);
        assertThat(sidecar.apply(whole.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private CompletableFuture<HttpResponse<String>> send(String method, String body) {
        HttpRequest.BodyPublisher publisher = body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        URI uri = URI.create("http://" + sidecar.bound().get("web") + "/");
        return http.sendAsync(HttpRequest.newBuilder(uri).method(method, publisher).build(), HttpResponse.BodyHandlers.ofString());
    }

    private double faults(String kind) {
        return metric("mesh_faults_injected_total", kind);
    }

    private double metric(String name, String... labels) {
        return new MetricsCollector(sidecar.metrics()).collect().stream()
            .flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals(name) && sample.labelValues.equals(List.of(labels)))
            .mapToDouble(sample -> sample.value).sum();
    }
}
