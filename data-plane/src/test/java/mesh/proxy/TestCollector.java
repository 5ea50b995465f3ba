package mesh.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import mesh.model.Address;
import org.awaitility.Awaitility;

/** A real OTLP collector on loopback that remembers what it is told, or never answers. */
final class TestCollector implements AutoCloseable {

    private final Server server;
    private final Queue<Span> spans = new ConcurrentLinkedQueue<>();
    private volatile Resource resource;
    private volatile boolean mute;

    TestCollector() {
        this(0);
    }

    TestCollector(int port) {
        try {
            server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .addService(new TraceServiceGrpc.TraceServiceImplBase() {
                    @Override
                    public void export(ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> answer) {
                        if (mute) return;
                        request.getResourceSpansList().forEach(each -> {
                            resource = each.getResource();
                            each.getScopeSpansList().forEach(scope -> spans.addAll(scope.getSpansList()));
                        });
                        answer.onNext(ExportTraceServiceResponse.getDefaultInstance());
                        answer.onCompleted();
                    }
                }).build().start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Address address() {
        return new Address("127.0.0.1", server.getPort());
    }

    /** Takes calls and never answers them. */
    void mute() {
        mute = true;
    }

    /** Waits until there are so many, and gives them in the order in which they began: callers before those they call. */
    List<Span> await(int count) {
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> assertThat(spans).hasSizeGreaterThanOrEqualTo(count));
        return spans.stream().sorted(Comparator.comparing(Span::getStartTimeUnixNano).thenComparing(Span::getKindValue)).toList();
    }

    /** Who told. */
    Map<String, Object> resource() {
        return map(resource.getAttributesList());
    }

    static Map<String, Object> attributes(Span span) {
        return map(span.getAttributesList());
    }

    private static Map<String, Object> map(List<KeyValue> pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (KeyValue pair : pairs) {
            AnyValue value = pair.getValue();
            map.put(pair.getKey(), value.hasIntValue() ? (Object) value.getIntValue() : value.hasBoolValue() ? value.getBoolValue() : value.getStringValue());
        }
        return map;
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
