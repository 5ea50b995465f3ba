package mesh.proxy.tracing;

import java.time.Instant;
import mesh.model.TracingPolicy;

/** The tracing of a listener: which of its requests begin a trace, and where spans go. Any event loop. */
public final class Tracer {

    private final int millionths;
    private final SpanExporter exporter;

    Tracer(TracingPolicy policy, SpanExporter exporter) {
        this.millionths = policy.sampling().millionths();
        this.exporter = exporter;
    }

    /** Of the requests that bring no trace, how many in a million begin one that is recorded. */
    public int millionths() {
        return millionths;
    }

    /**
     * Begins the record of a request.
     *
     * @param now elapsed time
     * @param at  the same moment by the clock
     */
    public RequestTrace begin(TraceId id, long now, Instant at) {
        return new RequestTrace(this, id, now, at);
    }

    SpanExporter exporter() {
        return exporter;
    }
}
