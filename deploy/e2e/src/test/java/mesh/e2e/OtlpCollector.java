package mesh.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import mesh.model.Address;

/** An OpenTelemetry collector that remembers the spans it is sent. */
final class OtlpCollector implements AutoCloseable {

    /** A span and the {@code service.name} of who sent it. */
    record Told(String service, Span span) {

        SpanKind kind() {
            return span.getKind();
        }

        String attribute(String key) {
            return attributes(span.getAttributesList()).getOrDefault(key, "");
        }

        String id() {
            return HexFormat.of().formatHex(span.getSpanId().toByteArray());
        }
    }

    private final Queue<Told> spans = new ConcurrentLinkedQueue<>();
    private final Server server;

    OtlpCollector() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0)).addService(new TraceServiceGrpc.TraceServiceImplBase() {
            @Override
            public void export(ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> answer) {
                request.getResourceSpansList().forEach(OtlpCollector.this::remember);
                answer.onNext(ExportTraceServiceResponse.getDefaultInstance());
                answer.onCompleted();
            }
        }).build().start();
    }

    private void remember(ResourceSpans sent) {
        String service = attributes(sent.getResource().getAttributesList()).getOrDefault("service.name", "");
        sent.getScopeSpansList().forEach(scope -> scope.getSpansList().forEach(span -> spans.add(new Told(service, span))));
    }

    private static Map<String, String> attributes(List<KeyValue> pairs) {
        return pairs.stream().collect(Collectors.toMap(KeyValue::getKey,
            pair -> pair.getValue().hasIntValue() ? Long.toString(pair.getValue().getIntValue()) : pair.getValue().getStringValue(), (a, b) -> b));
    }

    /** Waits for a trace of so many spans, each below the one before, and gives it from its root. */
    List<Told> awaitChain(int length) {
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(chain()).hasSize(length));
        return chain();
    }

    /** The longest: what was asked before everything was there is shorter. */
    private List<Told> chain() {
        return spans.stream().filter(each -> each.span.getParentSpanId().isEmpty()).map(this::chainFrom)
            .max(Comparator.comparing(List::size)).orElse(List.of());
    }

    private List<Told> chainFrom(Told root) {
        List<Told> chain = new ArrayList<>();
        for (Told next = root; next != null; next = childOf(next)) chain.add(next);
        return chain;
    }

    private Told childOf(Told parent) {
        return spans.stream().filter(each -> each.span.getParentSpanId().equals(parent.span.getSpanId())).findFirst().orElse(null);
    }

    int count() {
        return spans.size();
    }

    Address address() {
        return new Address("127.0.0.1", server.getPort());
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
