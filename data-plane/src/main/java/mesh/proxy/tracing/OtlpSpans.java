package mesh.proxy.tracing;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.SpanFlags;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import mesh.model.Address;
import mesh.proxy.outcome.Failure;
import mesh.proxy.outcome.ResponseFlags;

/** Records to OTLP, by OpenTelemetry's semantic conventions for HTTP and RPC (1.45, stable), and {@code mesh.} before what is ours. */
final class OtlpSpans {

    private static final String OTHER = "_OTHER";
    private static final int CLIENT_ERRORS_FROM = 400;
    private static final int ERRORS_FROM = 500;

    private final Resource resource;

    /** @param resource who tells: {@code service.name} and others */
    OtlpSpans(Map<String, String> resource) {
        Resource.Builder made = Resource.newBuilder();
        resource.forEach((key, value) -> made.addAttributes(pair(key, text(value))));
        this.resource = made.build();
    }

    ExportTraceServiceRequest encode(List<RequestTrace> batch) {
        ScopeSpans.Builder scope = ScopeSpans.newBuilder().setScope(InstrumentationScope.newBuilder().setName("mesh.proxy"));
        for (RequestTrace trace : batch) {
            scope.addSpans(server(trace));
            for (TrySpan attempt : trace.tries()) scope.addSpans(client(trace, attempt));
        }
        return ExportTraceServiceRequest.newBuilder()
            .addResourceSpans(ResourceSpans.newBuilder().setResource(resource).addScopeSpans(scope)).build();
    }

    private static Span server(RequestTrace trace) {
        RequestEnd end = trace.ending();
        boolean called = trace.id().parent() != 0;
        Span.Builder span = begin(trace, trace.id().span(), trace.id().parent(), called, SpanKind.SPAN_KIND_SERVER, trace.begun(), end.at());
        common(span, end, end.target());
        span.setName(end.grpc() ? method(end.target()) : end.route() == null ? name(end) : name(end) + " " + end.route());
        add(span, "url.path", end.target());
        add(span, "url.scheme", end.scheme());
        add(span, "network.protocol.version", end.version());
        add(span, "user_agent.original", end.userAgent());
        address(span, "client.address", "client.port", end.client());
        add(span, "mesh.peer", end.peer());
        add(span, "mesh.route", end.route());
        add(span, "mesh.cluster", end.cluster());
        add(span, "mesh.attempts", trace.tries().size());
        String flags = ResponseFlags.of(end.delayed(), end.failure(), end.unretried());
        if (!flags.isEmpty()) add(span, "mesh.response_flags", flags);
        // Who went away was told nothing.
        if (end.status() > 0 && end.status() != Failure.DOWNSTREAM_RESET.httpStatus()) add(span, "http.response.status_code", end.status());
        if (end.grpc() && end.grpcStatus() >= 0) add(span, "rpc.response.status_code", grpc(end.grpcStatus()));
        if (isError(end)) error(span, type(end.grpc() ? end.grpcStatus() : 0, end.status(), ERRORS_FROM, end.failure()), end.failure());
        return span.build();
    }

    private static Span client(RequestTrace trace, TrySpan attempt) {
        RequestEnd end = trace.ending();
        Span.Builder span =
            begin(trace, attempt.id, trace.id().span(), false, SpanKind.SPAN_KIND_CLIENT, attempt.begun, attempt.ended);
        common(span, end, end.sentPath());
        span.setName(end.grpc() ? method(end.sentPath()) : name(end));
        add(span, "url.full", (attempt.secure ? "https://" : "http://") + end.authority() + end.sentPath());
        add(span, "network.peer.address", attempt.endpoint.host());
        add(span, "network.peer.port", attempt.endpoint.port());
        if (attempt.number > 1) add(span, "http.request.resend_count", attempt.number - 1);
        add(span, "mesh.cluster", end.cluster());
        add(span, "mesh.endpoint", attempt.endpoint.toString());
        add(span, "mesh.attempt", attempt.number);
        if (attempt.hedged) add(span, "mesh.hedge", true);
        if (attempt.cancelled) add(span, "mesh.cancelled", true);
        if (attempt.failure != null) add(span, "mesh.response_flags", attempt.failure.flag());
        if (attempt.status > 0) add(span, "http.response.status_code", attempt.status);
        boolean answered = attempt.status > 0 && attempt.failure == null && !attempt.cancelled;
        if (end.grpc() && answered) add(span, "rpc.response.status_code", grpc(attempt.grpcStatus));
        if (attempt.failure != null || attempt.status >= CLIENT_ERRORS_FROM || attempt.grpcStatus > 0) {
            error(span, type(attempt.grpcStatus, attempt.status, CLIENT_ERRORS_FROM, attempt.failure), attempt.failure);
        }
        return span.build();
    }

    private static Span.Builder begin(RequestTrace trace, long id, long parent, boolean remote, SpanKind kind, long from, long to) {
        TraceId at = trace.id();
        Span.Builder span = Span.newBuilder()
            .setTraceId(ByteString.copyFrom(ByteBuffer.allocate(2 * Long.BYTES).putLong(at.high()).putLong(at.low()).flip()))
            .setSpanId(bytes(id)).setKind(kind)
            .setFlags(at.flags() | SpanFlags.SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK_VALUE
                | (remote ? SpanFlags.SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK_VALUE : 0))
            .setStartTimeUnixNano(trace.epochNanos(from)).setEndTimeUnixNano(trace.epochNanos(to));
        if (parent != 0) span.setParentSpanId(bytes(parent));
        return span;
    }

    private static ByteString bytes(long id) {
        return ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(id).flip());
    }

    /** What both kinds of span say. */
    private static void common(Span.Builder span, RequestEnd end, String path) {
        add(span, "http.request.method", end.standard() ? end.method() : OTHER);
        if (!end.standard()) add(span, "http.request.method_original", end.method());
        address(span, "server.address", "server.port", end.authority());
        if (!end.grpc()) return;
        add(span, "rpc.system.name", "grpc");
        add(span, "rpc.method", method(path));
    }

    private static String name(RequestEnd end) {
        return end.standard() ? end.method() : "HTTP";
    }

    /** Of gRPC: the path without its first slash. */
    private static String method(String path) {
        return path.startsWith("/") ? path.substring(1) : path;
    }

    /** What is the client's own fault is no error of a server's: 4xx, and those statuses of gRPC that stand for them. */
    private static boolean isError(RequestEnd end) {
        if (end.status() >= ERRORS_FROM) return true;
        if (end.grpc() && end.grpcStatus() > 0) {
            return switch (Status.fromCodeValue(end.grpcStatus()).getCode()) {
                case UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS -> true;
                default -> false;
            };
        }
        // An answer that was good, and was cut.
        return end.failure() != null && end.failure().side() != Failure.Side.DOWNSTREAM && end.status() < CLIENT_ERRORS_FROM;
    }

    private static String type(int grpcStatus, int status, int errorsFrom, Failure failure) {
        if (grpcStatus > 0) return grpc(grpcStatus);
        return status >= errorsFrom || failure == null ? Integer.toString(status) : failure.flag();
    }

    private static void error(Span.Builder span, String type, Failure failure) {
        add(span, "error.type", type);
        io.opentelemetry.proto.trace.v1.Status.Builder status = span.getStatusBuilder()
            .setCode(io.opentelemetry.proto.trace.v1.Status.StatusCode.STATUS_CODE_ERROR);
        if (failure != null) status.setMessage(failure.sentence());
    }

    private static String grpc(int status) {
        return Status.fromCodeValue(status).getCode().name();
    }

    /** @param text host, with or without a port */
    private static void address(Span.Builder span, String hostKey, String portKey, String text) {
        if (text == null || text.isEmpty()) return;
        try {
            Address address = Address.parse(text);
            add(span, hostKey, address.host());
            add(span, portKey, address.port());
        } catch (IllegalArgumentException e) {
            add(span, hostKey, text);
        }
    }

    private static void add(Span.Builder span, String key, String value) {
        if (value != null && !value.isEmpty()) span.addAttributes(pair(key, text(value)));
    }

    private static void add(Span.Builder span, String key, long value) {
        span.addAttributes(pair(key, AnyValue.newBuilder().setIntValue(value)));
    }

    private static void add(Span.Builder span, String key, boolean value) {
        span.addAttributes(pair(key, AnyValue.newBuilder().setBoolValue(value)));
    }

    private static AnyValue.Builder text(String value) {
        return AnyValue.newBuilder().setStringValue(value);
    }

    private static KeyValue pair(String key, AnyValue.Builder value) {
        return KeyValue.newBuilder().setKey(key).setValue(value).build();
    }
}
