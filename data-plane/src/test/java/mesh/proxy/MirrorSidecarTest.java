package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.CircuitBreakerPolicy;
import mesh.model.ConnectionPolicy;
import mesh.model.HeaderChanges;
import mesh.model.Mirror;
import mesh.model.PathRewrite;
import mesh.model.Percent;
import mesh.model.RouteFilters;
import mesh.model.Timeouts;
import mesh.model.UpstreamProtocol;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.proxy.upstream.CircuitBreaker;
import mesh.time.Env;
import mesh.time.FakeClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Copies of requests, over real sockets: whatever becomes of them, their callers do not notice. */
class MirrorSidecarTest {

    private static final Mirror ALL = new Mirror("shadow", Percent.ALL);

    private final FakeClock clock = new FakeClock();
    private final Sidecar sidecar = new Sidecar(new Env(clock, clock, new Random(1)), 1);
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final TestUpstream application = opened(new TestUpstream("application"));
    private final BlockingQueue<String> copies = new LinkedBlockingQueue<>();
    private final TestUpstream shadow = opened(new TestUpstream(exchange -> {
        String body = new String(exchange.getRequestBody().readAllBytes());
        copies.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + exchange.getRequestHeaders().getFirst("x-id") + " "
            + exchange.getRequestHeaders().getFirst("host").replaceAll("[0-9]+$", "port") + " " + body);
        TestUpstream.text(exchange, 200, "shadow");
    }));

    @AfterEach
    void close() throws Exception {
        sidecar.close();
        for (AutoCloseable each : open) each.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP1", "HTTP2"})
    void aCopyIsTheSameRequestToAnotherHost(UpstreamProtocol protocol) throws Exception {
        Sidecar front = opened(new Sidecar(Env.system(), 1));
        Sidecar back = opened(new Sidecar(Env.system(), 1));
        Sidecar shadowBack = opened(new Sidecar(Env.system(), 1));
        apply(back, Snapshots.http().to(application.address(), 1).connections(speaking(UpstreamProtocol.HTTP1)));
        apply(shadowBack, Snapshots.http().to(shadow.address(), 1).connections(speaking(UpstreamProtocol.HTTP1)));
        apply(sidecar, Snapshots.http().to(back.bound().get("web"), 1).other("shadow", shadowBack.bound().get("web")).connections(speaking(protocol))
            .filters(new RouteFilters(Optional.of(new PathRewrite.Prefix("/v2")), HeaderChanges.NONE, HeaderChanges.NONE).with(ALL)));
        apply(front, Snapshots.http().to(sidecar.bound().get("web"), 1).connections(speaking(protocol)));

        assertThat(send(front, HttpRequest.newBuilder().PUT(BodyPublishers.ofString("payload")), "/pay?a=b")).isEqualTo("application");
        assertThat(copies.poll(10, TimeUnit.SECONDS)).isEqualTo("PUT /v2/pay?a=b 7 127.0.0.1-shadow:port payload");
        assertThat(send(front, HttpRequest.newBuilder(), "/")).isEqualTo("application");
        assertThat(copies.poll(10, TimeUnit.SECONDS)).isEqualTo("GET /v2/ 7 127.0.0.1-shadow:port ");
        await().until(() -> mirrored("answered") == 2);
    }

    @Test
    void aCallOfGrpcIsCopiedAsAWhole() {
        GrpcServer real = opened(new GrpcServer());
        GrpcServer copy = opened(new GrpcServer());
        apply(sidecar, Snapshots.http().to(real.address(), 1).other("shadow", copy.address()).filters(RouteFilters.NONE.with(ALL)));
        Address bound = sidecar.bound().get("web");
        ManagedChannel channel = NettyChannelBuilder.forAddress(bound.host(), bound.port()).usePlaintext().build();
        open.add(channel::shutdownNow);
        assertThat(GrpcServer.call(channel, GrpcServer.ECHO, "hello".getBytes())).isEqualTo("hello".getBytes());
        await().until(() -> mirrored("answered") == 1);
        assertThat(copy.calls).hasValue(1);
    }

    @Test
    void callersDoNotNoticeThatNobodyIsThere() throws Exception {
        RawServer gone = new RawServer();
        gone.close();
        apply(sidecar, mirroring().other("shadow", gone.address()));
        for (int i = 0; i < 10; i++) assertThat(send(HttpRequest.newBuilder())).isEqualTo("application");
        await().until(() -> mirrored("failed") == 10);
        assertThat(carried()).isZero();
    }

    @Test
    void callersDoNotWaitForOneThatNeverAnswers() throws Exception {
        RawServer silent = opened(new RawServer());
        apply(sidecar, mirroring().timeouts(new Timeouts(Duration.ofMillis(50), Duration.ZERO)).other("shadow", silent.address()));
        assertThat(send(HttpRequest.newBuilder().PUT(BodyPublishers.ofString("x".repeat(60_000))))).isEqualTo("application");
        RawClient copy = silent.accept();
        copy.readHead();
        assertThat(carried()).isEqualTo(1);
        clock.advance(Duration.ofMillis(60));
        await().until(() -> mirrored("failed") == 1);
        assertThat(copy.readAll()).as("until it is closed").hasSize(60_000);
        assertThat(carried()).isZero();
    }

    @Test
    void anAnswerIsReadAndThrownAway() throws Exception {
        shadow.behave(exchange -> TestUpstream.text(exchange, 200, "x".repeat(1 << 20)));
        apply(sidecar, mirroring().other("shadow", shadow.address()));
        for (int i = 0; i < 5; i++) assertThat(send(HttpRequest.newBuilder())).isEqualTo("application");
        await().until(() -> mirrored("answered") == 5);
    }

    @Test
    void whatIsTooLargeToBeKeptIsNotCopied() throws Exception {
        apply(sidecar, mirroring().other("shadow", shadow.address()));
        assertThat(send(HttpRequest.newBuilder().PUT(BodyPublishers.ofByteArray(new byte[300_000])))).isEqualTo("application");
        assertThat(mirrored("too_large")).isEqualTo(1);
        assertThat(shadow.requests()).isZero();
    }

    @Test
    void whatNeverBecomesWholeIsNotCopied() throws Exception {
        apply(sidecar, mirroring().other("shadow", shadow.address()));
        RawClient client = new RawClient(sidecar.bound().get("web"));
        client.send("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nhalf");
        await().until(() -> sidecar.tables().clusters().get("payments").load().requests() == 1);
        client.reset();
        await().until(() -> mirrored("incomplete") == 1);
        assertThat(shadow.requests()).isZero();
    }

    @Test
    void copiesTakeNoMoreThanTheirShareOfACluster() throws Exception {
        RawServer silent = opened(new RawServer());
        apply(sidecar, mirroring().othersRequests(4).other("shadow", silent.address()));
        for (int i = 0; i < 3; i++) assertThat(send(HttpRequest.newBuilder())).isEqualTo("application");
        assertThat(mirrored("overflow")).isEqualTo(1);
        assertThat(carried()).isEqualTo(2);
    }

    @Test
    void aBreakerOpensForTheMirrorAlone() throws Exception {
        shadow.behave(exchange -> TestUpstream.text(exchange, 500, ""));
        apply(sidecar, mirroring().breaker(CircuitBreakerPolicy.DEFAULT).other("shadow", shadow.address()));
        for (int i = 1; i <= 20; i++) {
            assertThat(send(HttpRequest.newBuilder())).isEqualTo("application");
            int sent = i;
            await().until(() -> mirrored("failed") == sent);
        }
        assertThat(send(HttpRequest.newBuilder())).isEqualTo("application");
        assertThat(mirrored("no_endpoint")).isEqualTo(1);
        assertThat(state("shadow")).isEqualTo(CircuitBreaker.State.OPEN);
        assertThat(state("payments")).isEqualTo(CircuitBreaker.State.CLOSED);
    }

    @Test
    void aShareIsThatShare() throws Exception {
        application.behave(exchange -> TestUpstream.text(exchange, 204, ""));
        shadow.behave(exchange -> TestUpstream.text(exchange, 204, ""));
        apply(sidecar, mirroring(new Mirror("shadow", Percent.parse("25"))).other("shadow", shadow.address()));
        for (int i = 0; i < 400; i++) send(HttpRequest.newBuilder());
        await().until(() -> mirrored("answered") == shadow.requests());
        assertThat(shadow.requests()).isBetween(75, 125);
    }

    @Test
    void aDrainDoesNotWaitForCopies() throws Exception {
        RawServer silent = opened(new RawServer());
        Sidecar timed = opened(new Sidecar(Env.system(), 1));
        apply(timed, mirroring().other("shadow", silent.address()));
        RawClient client = new RawClient(timed.bound().get("web"));
        client.send("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
        assertThat(client.readAll()).endsWith("application");
        silent.accept().readHead();
        timed.drain(Duration.ZERO, Duration.ofMinutes(5)).get(20, TimeUnit.SECONDS);
        assertThat(timed.tables().clusters().get("shadow").load().requests()).isEqualTo(1);
    }

    private Snapshots mirroring() {
        return mirroring(ALL);
    }

    private Snapshots mirroring(Mirror mirror) {
        return Snapshots.http().to(application.address(), 1).filters(RouteFilters.NONE.with(mirror));
    }

    private static ConnectionPolicy speaking(UpstreamProtocol protocol) {
        return new ConnectionPolicy(Duration.ofSeconds(10), Optional.empty(), protocol, 1024, 1024, 1024);
    }

    private <T extends AutoCloseable> T opened(T closeable) {
        open.add(closeable);
        return closeable;
    }

    private static void apply(Sidecar to, Snapshots snapshots) {
        assertThat(to.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private String send(HttpRequest.Builder request) throws Exception {
        return send(sidecar, request, "/");
    }

    private String send(Sidecar to, HttpRequest.Builder request, String target) throws Exception {
        URI uri = URI.create("http://" + to.bound().get("web") + target);
        return http.send(request.uri(uri).header("x-id", "7").timeout(Duration.ofSeconds(20)).build(), HttpResponse.BodyHandlers.ofString()).body();
    }

    /** Requests that the mirror has now. */
    private int carried() {
        return sidecar.tables().clusters().get("shadow").load().requests();
    }

    private CircuitBreaker.State state(String cluster) {
        return sidecar.tables().clusters().get(cluster).destinations().get(0).breaker().state();
    }

    private double mirrored(String outcome) {
        return new MetricsCollector(sidecar.metrics()).collect().stream()
            .flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals("mesh_mirrored_total") && sample.labelValues.equals(List.of(outcome)))
            .mapToDouble(sample -> sample.value).sum();
    }
}
