package mesh.proxy.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status.StatusCode;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import mesh.model.Address;
import mesh.model.Percent;
import mesh.model.TracingPolicy;
import mesh.proxy.outcome.Failure;
import mesh.time.Env;
import mesh.time.FakeClock;
import mesh.time.ScriptedRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtlpSpansTest {

    private final FakeClock clock = new FakeClock();
    private final Tracer tracer = new Tracer(new TracingPolicy(new Address("otel", 4317), Percent.ALL, ""),
        new SpanExporter("otel:4317", new NoCollector(), new Env(clock, clock, new ScriptedRandom()), (result, spans) -> {}));

    private String method = "GET";
    private String target = "/";
    private String authority = "shop:8080";
    private Failure failure;
    private boolean grpc;
    private int grpcStatus = -1;

    @Test
    void idsAndTimesAreThoseOfTheRecord() {
        RequestTrace trace = tracer.begin(new TraceId(0x0af7651916cd43ddL, 0x8448eb211c80319cL, 0x1L, 0xb7ad6b7169203331L, 1), clock.nanos(), clock.instant());
        clock.advance(Duration.ofMillis(2));
        TrySpan attempt = trace.attempt(0xabcL, 1, false, new Address("10.0.0.7", 9001), true, clock.nanos());
        clock.advance(Duration.ofMillis(3));
        attempt.end(clock.nanos(), 200, 0);
        List<Span> spans = encode(trace, 200);

        Span server = spans.get(0);
        assertThat(HexFormat.of().formatHex(server.getTraceId().toByteArray())).isEqualTo("0af7651916cd43dd8448eb211c80319c");
        assertThat(HexFormat.of().formatHex(server.getSpanId().toByteArray())).isEqualTo("b7ad6b7169203331");
        assertThat(HexFormat.of().formatHex(server.getParentSpanId().toByteArray())).isEqualTo("0000000000000001");
        assertThat(server.getStartTimeUnixNano()).isEqualTo(1_767_225_600_000_000_000L);
        assertThat(server.getEndTimeUnixNano() - server.getStartTimeUnixNano()).isEqualTo(5_000_000);
        Span client = spans.get(1);
        assertThat(HexFormat.of().formatHex(client.getSpanId().toByteArray())).isEqualTo("0000000000000abc");
        assertThat(client.getStartTimeUnixNano() - server.getStartTimeUnixNano()).isEqualTo(2_000_000);
        assertThat(attributes(client)).containsEntry("url.full", "https://shop:8080/").containsEntry("network.peer.address", "10.0.0.7");
    }

    @ParameterizedTest
    @CsvSource({
        "200,           , false, -1,  ,    ",
        "404,           , false, -1,  , 404",
        "503,           , false, -1, 503, 503",
        "404, NO_ROUTE  , false, -1,  , 404",
        "504, REQUEST_TIMEOUT, false, -1, 504, 504",
        "200, UPSTREAM_TRUNCATED, false, -1, UC, UC",
        "200, DOWNSTREAM_RESET, false, -1, , DC",
        "200,           , true ,  0,  ,    ",
        "200,           , true ,  5,  , NOT_FOUND",
        "200,           , true , 13, INTERNAL, INTERNAL"})
    void whatIsAnErrorDependsOnWhoLooks(int status, Failure why, boolean isGrpc, int code, String server, String client) {
        failure = why;
        grpc = isGrpc;
        grpcStatus = code;
        RequestTrace trace = begin();
        TrySpan attempt = trace.attempt(4, 1, false, new Address("a", 1), false, clock.nanos());
        if (why != null) attempt.failed(why);
        attempt.end(clock.nanos(), status, Math.max(code, 0));
        List<Span> spans = encode(trace, status);

        assertThat(attributes(spans.get(0)).get("error.type")).as("to the server").isEqualTo(server);
        assertThat(attributes(spans.get(1)).get("error.type")).as("to the client").isEqualTo(client);
        assertThat(spans.get(0).getStatus().getCode() == StatusCode.STATUS_CODE_ERROR).isEqualTo(server != null);
        assertThat(spans.get(1).getStatus().getCode() == StatusCode.STATUS_CODE_ERROR).isEqualTo(client != null);
    }

    @Test
    void whoWentAwayWasToldNoStatus() {
        failure = Failure.DOWNSTREAM_RESET;
        Span server = encode(begin(), failure.httpStatus()).get(0);
        assertThat(attributes(server)).doesNotContainKeys("http.response.status_code", "error.type").containsEntry("mesh.response_flags", "DC");
    }

    @Test
    void aMethodOfTheClientsOwnMakingIsNoName() {
        method = "BREW";
        Span server = encode(begin(), 200).get(0);
        assertThat(server.getName()).isEqualTo("HTTP");
        assertThat(attributes(server)).containsEntry("http.request.method", "_OTHER").containsEntry("http.request.method_original", "BREW");
    }

    @Test
    void aPathIsToldWithoutItsQueryAndNotToItsEnd() {
        target = "/" + "a".repeat(300) + "?token=secret";
        assertThat(attributes(encode(begin(), 200).get(0))).containsEntry("url.path", "/" + "a".repeat(255));
    }

    @ParameterizedTest
    @CsvSource({"shop, shop, ", "shop:80, shop, 80", "[::1]:80, ::1, 80", "[::1], [::1], "})
    void aServerIsAHostAndItsPort(String host, String address, Long port) {
        authority = host;
        assertThat(attributes(encode(begin(), 200).get(0)).get("server.address")).isEqualTo(address);
        assertThat(attributes(encode(begin(), 200).get(0)).get("server.port")).isEqualTo(port == null ? null : port.toString());
    }

    private RequestTrace begin() {
        return tracer.begin(new TraceId(1, 2, 0, 3, 1), clock.nanos(), clock.instant());
    }

    private List<Span> encode(RequestTrace trace, int status) {
        trace.end(new RequestEnd(method, !method.equals("BREW"), target, "/", "http", authority, "2", status, failure, false, null, null, null, null, null, null,
            grpc, grpcStatus, clock.nanos()));
        ResourceSpans sent = new OtlpSpans(Map.of("service.name", "web")).encode(List.of(trace)).getResourceSpans(0);
        return sent.getScopeSpans(0).getSpansList();
    }

    private static Map<String, String> attributes(Span span) {
        return span.getAttributesList().stream().collect(Collectors.toMap(KeyValue::getKey,
            pair -> pair.getValue().hasIntValue() ? Long.toString(pair.getValue().getIntValue()) : pair.getValue().getStringValue()));
    }

    private static final class NoCollector implements Collector {

        @Override
        public Answer send(List<RequestTrace> batch) {
            throw new IllegalStateException("nothing is sent here");
        }

        @Override
        public void close() {}
    }
}
