package mesh.proxy.tracing;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.opentelemetry.proto.collector.trace.v1.ExportTracePartialSuccess;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;

/** A collector that speaks OTLP over gRPC, in plaintext. The connection is made with the first batch. */
final class OtlpCollector implements Collector {

    /** OTLP's default. */
    private static final long TIMEOUT_SECONDS = 10;
    /** Those that OTLP says to try again; RESOURCE_EXHAUSTED is among them only with a pause that the collector asks for. */
    private static final Set<Status.Code> AGAIN = Set.of(Status.Code.CANCELLED, Status.Code.DEADLINE_EXCEEDED, Status.Code.ABORTED,
        Status.Code.OUT_OF_RANGE, Status.Code.UNAVAILABLE, Status.Code.DATA_LOSS);

    private final Address address;
    private final Map<String, String> resource;
    private OtlpSpans spans;
    private ManagedChannel channel;
    private boolean closed;

    /** @param resource who tells */
    OtlpCollector(Address address, Map<String, String> resource) {
        this.address = address;
        this.resource = resource;
    }

    @Override
    public Answer send(List<RequestTrace> batch) {
        ManagedChannel way = channel();
        if (way == null) return new Answer(Outcome.REFUSED, 0, "shutting down");
        if (spans == null) spans = new OtlpSpans(resource);
        // The channel's own pauses between connects grow to two minutes; ours are shorter.
        way.resetConnectBackoff();
        try {
            ExportTracePartialSuccess partial = TraceServiceGrpc.newBlockingStub(way).withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .export(spans.encode(batch)).getPartialSuccess();
            return new Answer(Outcome.TAKEN, partial.getRejectedSpans(), partial.getErrorMessage());
        } catch (StatusRuntimeException e) {
            Status status = e.getStatus();
            return new Answer(AGAIN.contains(status.getCode()) ? Outcome.UNAVAILABLE : Outcome.REFUSED, 0, said(status));
        }
    }

    private static String said(Status status) {
        String cause = status.getCause() == null ? "" : ", " + status.getCause().getMessage();
        return status.getCode() + " " + (status.getDescription() == null ? "" : status.getDescription()) + cause;
    }

    /** Null once closed. */
    private synchronized ManagedChannel channel() {
        if (channel == null && !closed) {
            channel = NettyChannelBuilder.forAddress(address.host(), address.port()).usePlaintext().build();
        }
        return closed ? null : channel;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (channel != null) channel.shutdownNow();
    }
}
