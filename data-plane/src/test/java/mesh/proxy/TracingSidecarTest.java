package mesh.proxy;

import static mesh.proxy.TestCollector.attributes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.model.Address;
import mesh.model.ApplyResult;
import mesh.model.DownstreamTls;
import mesh.model.Endpoint;
import mesh.model.HedgePolicy;
import mesh.model.Percent;
import mesh.model.RetryOn;
import mesh.model.RetryPolicy;
import mesh.model.Route;
import mesh.model.TracingPolicy;
import mesh.pki.TestPki;
import mesh.proxy.telemetry.MetricsCollector;
import mesh.time.Env;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The spans that a sidecar in this process sends to a real collector. */
class TracingSidecarTest {

    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String CALLER = "b7ad6b7169203331";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Percent NONE = new Percent(0);

    private final Sidecar sidecar = new Sidecar(Env.system(), 1);
    private final TestCollector collector = new TestCollector();
    private final List<AutoCloseable> open = new ArrayList<>();
    /** What upstreams were told. */
    private final Queue<String> parents = new ConcurrentLinkedQueue<>();
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) each.close();
        sidecar.close();
        collector.close();
    }

    @Test
    void aRequestIsASpanAndItsTryAnother() throws Exception {
        sidecar.tracers().named("web", "web-1");
        TestUpstream upstream = answering(200);
        apply(traced(NONE).to(upstream.address(), 1));
        HttpResponse<String> answer = http.send(request("/pay?card=4711").header("user-agent", "test/1").header("traceparent", parent("01"))
            .POST(HttpRequest.BodyPublishers.ofString("money")).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).isEqualTo(200);

        List<Span> spans = collector.await(2);
        assertThat(spans).hasSize(2).allSatisfy(span -> assertThat(hex(span.getTraceId())).isEqualTo(TRACE));
        Span server = spans.get(0);
        Span client = spans.get(1);
        assertThat(server.getKind()).isEqualTo(SpanKind.SPAN_KIND_SERVER);
        assertThat(hex(server.getParentSpanId())).isEqualTo(CALLER);
        assertThat(server.getName()).isEqualTo("POST all");
        assertThat(server.getFlags()).as("sampled, by a remote parent").isEqualTo(0x301);
        assertThat(server.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
        assertThat(attributes(server))
            .containsEntry("http.request.method", "POST").containsEntry("url.path", "/pay").containsEntry("url.scheme", "http")
            .containsEntry("server.address", "127.0.0.1").containsEntry("server.port", (long) sidecar.bound().get("web").port())
            .containsEntry("http.response.status_code", 200L).containsEntry("network.protocol.version", "1.1")
            .containsEntry("client.address", "127.0.0.1").containsEntry("user_agent.original", "test/1")
            .containsEntry("mesh.route", "all").containsEntry("mesh.cluster", "payments").containsEntry("mesh.attempts", 1L)
            .doesNotContainKeys("mesh.response_flags", "error.type", "url.query", "rpc.system.name");
        assertThat(client.getKind()).isEqualTo(SpanKind.SPAN_KIND_CLIENT);
        assertThat(client.getParentSpanId()).isEqualTo(server.getSpanId());
        assertThat(client.getName()).isEqualTo("POST");
        assertThat(client.getFlags()).isEqualTo(0x101);
        assertThat(attributes(client))
            .containsEntry("url.full", "http://" + sidecar.bound().get("web") + "/pay").containsEntry("http.response.status_code", 200L)
            .containsEntry("network.peer.port", (long) upstream.address().port()).containsEntry("mesh.attempt", 1L)
            .doesNotContainKeys("mesh.hedge", "mesh.cancelled", "http.request.resend_count");
        assertThat(client.getStartTimeUnixNano()).isGreaterThanOrEqualTo(server.getStartTimeUnixNano());
        assertThat(client.getEndTimeUnixNano()).isBetween(client.getStartTimeUnixNano(), server.getEndTimeUnixNano());
        assertThat(parents).containsExactly("00-" + TRACE + "-" + hex(client.getSpanId()) + "-01");
        assertThat(collector.resource()).containsEntry("service.name", "web").containsEntry("service.instance.id", "web-1");
        await().atMost(PATIENCE).until(() -> spans("exported") == 2);
    }

    @Test
    void whatIsNotSampledIsPassedOnAndNotRecorded() throws Exception {
        TestUpstream upstream = answering(200);
        apply(traced(NONE).to(upstream.address(), 1));
        get("/new");
        http.send(request("/known").header("traceparent", parent("00")).build(), HttpResponse.BodyHandlers.ofString());
        http.send(request("/sampled").header("traceparent", parent("01")).build(), HttpResponse.BodyHandlers.ofString());

        assertThat(collector.await(2)).hasSize(2).allSatisfy(span -> assertThat(attributes(span).toString()).contains("/sampled"));
        assertThat(parents).element(0).asString().endsWith("-00").doesNotContain(TRACE);
        assertThat(parents).element(1).asString().endsWith("-00").contains(TRACE);
        assertThat(parents).element(2).asString().endsWith("-01").contains(TRACE);
    }

    @Test
    void chanceBeginsATraceWhereNoneIsBrought() throws Exception {
        apply(traced(Percent.ALL).to(answering(200).address(), 1));
        get("/");

        List<Span> spans = collector.await(2);
        assertThat(spans.get(0).getParentSpanId()).isEmpty();
        assertThat(spans.get(0).getFlags()).isEqualTo(0x101);
        assertThat(parents).containsExactly("00-" + hex(spans.get(0).getTraceId()) + "-" + hex(spans.get(1).getSpanId()) + "-01");
    }

    @Test
    void everyRetryIsASpanOfItsOwn() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        TestUpstream upstream = upstream(exchange -> TestUpstream.text(exchange, calls.incrementAndGet() < 3 ? 503 : 200, "x"));
        apply(traced(Percent.ALL).retry(retry(RetryOn.GATEWAY_ERROR)).to(upstream.address(), 1));
        assertThat(get("/").statusCode()).isEqualTo(200);

        List<Span> spans = collector.await(4);
        Span server = spans.get(0);
        assertThat(attributes(server)).containsEntry("mesh.attempts", 3L);
        assertThat(server.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
        List<Span> tries = spans.subList(1, 4);
        assertThat(tries).allSatisfy(each -> assertThat(each.getParentSpanId()).isEqualTo(server.getSpanId()));
        assertThat(tries).extracting(each -> attributes(each).get("http.response.status_code")).containsExactly(503L, 503L, 200L);
        assertThat(tries).extracting(each -> attributes(each).get("http.request.resend_count")).containsExactly(null, 1L, 2L);
        assertThat(tries).extracting(each -> each.getStatus().getCode())
            .containsExactly(StatusCode.STATUS_CODE_ERROR, StatusCode.STATUS_CODE_ERROR, StatusCode.STATUS_CODE_UNSET);
        assertThat(parents).containsExactlyElementsOf(tries.stream()
            .map(each -> "00-" + hex(each.getTraceId()) + "-" + hex(each.getSpanId()) + "-01").toList());
    }

    @Test
    void bothTriesOfAHedgeAreSpans() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        open.add(never::countDown);
        AtomicInteger calls = new AtomicInteger();
        TestUpstream.Behaviour slowOnce = exchange -> {
            try {
                if (calls.incrementAndGet() == 1) never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            TestUpstream.text(exchange, 200, "x");
        };
        apply(traced(Percent.ALL).hedge(new HedgePolicy(new HedgePolicy.Delay(Duration.ofMillis(20)), 1))
            .to(upstream(slowOnce).address(), 1).to(upstream(slowOnce).address(), 1));
        assertThat(get("/").statusCode()).isEqualTo(200);

        List<Span> spans = collector.await(3);
        assertThat(attributes(spans.get(1))).containsEntry("mesh.cancelled", true).doesNotContainKey("http.response.status_code");
        assertThat(spans.get(1).getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_UNSET);
        assertThat(attributes(spans.get(2))).containsEntry("mesh.hedge", true).containsEntry("http.response.status_code", 200L);
        assertThat(parents).as("each its own").containsExactlyInAnyOrderElementsOf(spans.subList(1, 3).stream()
            .map(each -> "00-" + hex(each.getTraceId()) + "-" + hex(each.getSpanId()) + "-01").toList());
    }

    @Test
    void aRequestThatGoesNowhereIsASpan() throws Exception {
        apply(traced(Percent.ALL));
        assertThat(get("/").statusCode()).isEqualTo(503);

        List<Span> spans = collector.await(1);
        assertThat(spans).hasSize(1);
        assertThat(attributes(spans.get(0))).containsEntry("mesh.response_flags", "UH").containsEntry("error.type", "503")
            .containsEntry("mesh.attempts", 0L);
        assertThat(spans.get(0).getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_ERROR);
    }

    @Test
    void aTryThatGetsNoAnswerSaysWhy() throws Exception {
        Address nobody;
        try (RawServer gone = new RawServer()) {
            nobody = gone.address();
        }
        apply(traced(Percent.ALL).to(nobody, 1));
        assertThat(get("/").statusCode()).isEqualTo(503);

        Span client = collector.await(2).get(1);
        assertThat(attributes(client)).containsEntry("mesh.response_flags", "UF").containsEntry("error.type", "UF")
            .doesNotContainKey("http.response.status_code");
        assertThat(client.getStatus().getCode()).isEqualTo(StatusCode.STATUS_CODE_ERROR);
    }

    @Test
    void callsOfGrpcSayHowTheyEnded() {
        FlakyGrpcServer server = new FlakyGrpcServer(io.grpc.Status.UNAVAILABLE, 1, null, false);
        open.add(server);
        apply(traced(Percent.ALL).retry(retry(RetryOn.UNAVAILABLE)).to(server.address(), 1));
        ManagedChannel channel = GrpcServer.connect(sidecar.bound().get("web"));
        open.add(channel::shutdownNow);
        assertThat(GrpcServer.call(channel, GrpcServer.ECHO, new byte[] {1})).containsExactly(1);

        List<Span> spans = collector.await(3);
        assertThat(spans).allSatisfy(span -> {
            assertThat(span.getName()).isEqualTo("test.Test/echo");
            assertThat(attributes(span)).containsEntry("rpc.system.name", "grpc").containsEntry("rpc.method", "test.Test/echo");
        });
        assertThat(spans).extracting(span -> attributes(span).get("rpc.response.status_code")).containsExactly("OK", "UNAVAILABLE", "OK");
        assertThat(spans).extracting(span -> attributes(span).get("error.type")).containsExactly(null, "UNAVAILABLE", null);
    }

    @Test
    void twoSidecarsAreOneTrace() throws Exception {
        TestPki pki = TestPki.create(Env.system().clock());
        Sidecar inbound = new Sidecar(Env.system(), 1);
        open.add(inbound);
        inbound.rotate(pki.svid("payments"), pki.bundle());
        sidecar.rotate(pki.svid("web"), pki.bundle());
        apply(inbound, traced(NONE).to(answering(200).address(), 1).downstreamTls(new DownstreamTls(Set.of(pki.id("web")))));
        apply(traced(Percent.ALL).to(new Endpoint(inbound.bound().get("web"), 1, Optional.of(pki.id("payments")))));
        assertThat(get("/").statusCode()).isEqualTo(200);

        List<Span> spans = collector.await(4);
        assertThat(spans).extracting(Span::getTraceId).containsOnly(spans.get(0).getTraceId());
        List<Span> chain = new ArrayList<>();
        for (Span next = child(spans, ByteString.EMPTY); next != null; next = child(spans, next.getSpanId())) chain.add(next);
        assertThat(chain).extracting(Span::getKind).containsExactly(SpanKind.SPAN_KIND_SERVER, SpanKind.SPAN_KIND_CLIENT,
            SpanKind.SPAN_KIND_SERVER, SpanKind.SPAN_KIND_CLIENT);
        assertThat(attributes(chain.get(1)).get("url.full")).asString().startsWith("https://");
        assertThat(attributes(chain.get(2))).containsEntry("mesh.peer", pki.id("web").toString()).containsEntry("url.scheme", "https");
        assertThat(parents).singleElement().asString().contains(hex(chain.get(3).getSpanId()));
    }

    @Test
    void requestsGoOnWhileTheCollectorIsAwayAndSpansFollowWhenItIsBack() throws Exception {
        Address later;
        try (TestCollector gone = new TestCollector()) {
            later = gone.address();
        }
        apply(Snapshots.http().tracing(new TracingPolicy(later, Percent.ALL, "")).to(answering(200).address(), 1));
        assertThat(get("/").statusCode()).isEqualTo(200);
        try (TestCollector back = new TestCollector(later.port())) {
            await().atMost(PATIENCE).until(() -> get("/").statusCode() == 200 && spans("exported") > 0);
            assertThat(back.await(2)).isNotEmpty();
        }
    }

    @Test
    void aCollectorThatDoesNotAnswerCostsSpansAndNoRequests() throws Exception {
        collector.mute();
        apply(traced(Percent.ALL).action(new Route.DirectReply(204, "")));
        // As many spans as may wait, and one hundred more.
        try (RawClient client = new RawClient(sidecar.bound().get("web"))) {
            client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(2147) + "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            assertThat(client.readAll().split("HTTP/1.1 204", -1)).hasSize(2149);
        }
        assertThat(spans("dropped")).isEqualTo(100);
        assertThat(spans("exported")).isZero();
    }

    @Test
    void whatWaitsIsSentBeforeTheSidecarEnds() throws Exception {
        apply(traced(Percent.ALL).to(answering(200).address(), 1));
        get("/");
        sidecar.close();
        assertThat(collector.await(2)).hasSize(2);
    }

    @Test
    void isSwitchedOnAndOffWhileItRuns() throws Exception {
        Address upstream = answering(200).address();
        apply(Snapshots.http().to(upstream, 1));
        get("/before");
        apply(traced(Percent.ALL).version(2).to(upstream, 1));
        get("/traced");
        apply(Snapshots.http().version(3).to(upstream, 1));
        get("/after");

        assertThat(collector.await(2)).hasSize(2).allSatisfy(span -> assertThat(attributes(span).toString()).contains("/traced"));
        assertThat(parents).extracting(each -> each.substring(each.length() - 2)).containsExactly("00", "01", "00");
    }

    private Snapshots traced(Percent sampling) {
        return Snapshots.http().tracing(new TracingPolicy(collector.address(), sampling, ""));
    }

    private static RetryPolicy retry(RetryOn on) {
        return new RetryPolicy(3, Duration.ZERO, Set.of(on), Duration.ZERO, Duration.ZERO);
    }

    private TestUpstream answering(int status) {
        return upstream(exchange -> TestUpstream.text(exchange, status, "paid"));
    }

    /** Remembers what it was told of the trace. */
    private TestUpstream upstream(TestUpstream.Behaviour behaviour) {
        TestUpstream upstream = new TestUpstream(exchange -> {
            parents.add(exchange.getRequestHeaders().getFirst("traceparent"));
            behaviour.answer(exchange);
        });
        open.add(upstream);
        return upstream;
    }

    private void apply(Snapshots snapshots) {
        apply(sidecar, snapshots);
    }

    private static void apply(Sidecar to, Snapshots snapshots) {
        assertThat(to.apply(snapshots.build())).isInstanceOf(ApplyResult.Applied.class);
    }

    private static Span child(List<Span> spans, ByteString parent) {
        return spans.stream().filter(span -> span.getParentSpanId().equals(parent)).findFirst().orElse(null);
    }

    private double spans(String result) {
        return new MetricsCollector(sidecar.metrics()).collect().stream().flatMap(family -> family.samples.stream())
            .filter(sample -> sample.name.equals("mesh_spans_total") && sample.labelValues.contains(result))
            .mapToDouble(sample -> sample.value).sum();
    }

    private static String parent(String flags) {
        return "00-" + TRACE + "-" + CALLER + "-" + flags;
    }

    private static String hex(ByteString id) {
        return HexFormat.of().formatHex(id.toByteArray());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return http.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://" + sidecar.bound().get("web") + path));
    }
}
