package mesh.proxy.telemetry;

import mesh.model.AccessLogPolicy;
import mesh.proxy.outcome.Failure;

/**
 * What an access log is told of a request that has ended; null, or -1 of a number, where there is nothing to say. It is made on an event
 * loop, of what is there anyway, and becomes a line on the log's thread.
 *
 * @param begunMillis when it began, since 1970
 * @param delayed     on purpose: flag {@code DI}, before another
 * @param unretried   one of {@link mesh.proxy.outcome.ResponseFlags}, after the others
 * @param upstreamNanos from its beginning to the head of the upstream's answer
 */
public record AccessEntry(
    AccessLogPolicy.Format format, long begunMillis, String method, String path, String protocol, int status, Failure failure, boolean delayed,
    String unretried, String route, String cluster, String endpoint, int attempts, String peer, String client, String authority, String requestId, String traceparent,
    long nanos, long upstreamNanos, long bytesIn, long bytesOut, int grpcStatus, String userAgent) {

    /** The object, its boxes and what of its texts is no client's. */
    private static final int FIXED_BYTES = 384;

    /** About what it takes of memory while it waits. */
    int sizeBytes() {
        return FIXED_BYTES + length(path) + length(authority) + length(requestId) + length(traceparent) + length(userAgent);
    }

    private static int length(String text) {
        return text == null ? 0 : text.length();
    }
}
