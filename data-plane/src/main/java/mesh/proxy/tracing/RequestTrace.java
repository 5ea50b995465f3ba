package mesh.proxy.tracing;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import mesh.model.Address;

/**
 * What is recorded of one sampled request: the span of the request itself and one for each of its tries. On the request's loop only, until
 * {@link #end} hands it over to the exporter; then nobody changes it.
 */
public final class RequestTrace {

    private static final long NANOS_A_SECOND = 1_000_000_000L;

    private final Tracer tracer;
    private final TraceId id;
    private final long begun;
    private final long begunEpochNanos;
    private final List<TrySpan> tries = new ArrayList<>(2);
    private RequestEnd end;

    RequestTrace(Tracer tracer, TraceId id, long begun, Instant at) {
        this.tracer = tracer;
        this.id = id;
        this.begun = begun;
        this.begunEpochNanos = at.getEpochSecond() * NANOS_A_SECOND + at.getNano();
    }

    public TraceId id() {
        return id;
    }

    /**
     * A try begins.
     *
     * @param span     its id, not 0
     * @param number   from 1
     * @param hedged   beside another one
     * @param endpoint whom it is sent to
     * @param secure   by TLS
     * @param now      elapsed time, of the same ticker as when the request began
     */
    public TrySpan attempt(long span, int number, boolean hedged, Address endpoint, boolean secure, long now) {
        TrySpan next = new TrySpan(span, number, hedged, endpoint, secure, now);
        tries.add(next);
        return next;
    }

    /** The request is over, and so are its tries. Never waits. */
    public void end(RequestEnd how) {
        end = how;
        tracer.exporter().offer(this);
    }

    /** How many spans it is. */
    int spans() {
        return 1 + tries.size();
    }

    List<TrySpan> tries() {
        return tries;
    }

    RequestEnd ending() {
        return end;
    }

    /** Since 1970, of a moment of the ticker's. */
    long epochNanos(long moment) {
        return begunEpochNanos + (moment - begun);
    }

    long begun() {
        return begun;
    }
}
