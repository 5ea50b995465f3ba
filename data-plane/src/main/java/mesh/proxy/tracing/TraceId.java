package mesh.proxy.tracing;

/**
 * Where a request stands in its trace (W3C Trace Context).
 *
 * @param high   first half of the trace's id
 * @param low    second half; not both are 0
 * @param parent the span that has called; 0 where the trace begins here
 * @param span   the span of the request here; not 0
 * @param flags  one byte, as it goes on
 */
public record TraceId(long high, long low, long parent, long span, int flags) {}
