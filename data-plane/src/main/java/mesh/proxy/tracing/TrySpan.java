package mesh.proxy.tracing;

import mesh.model.Address;
import mesh.proxy.outcome.Failure;

/** The span of one try at one endpoint; the endpoint sees it as its parent. On the request's loop, like {@link RequestTrace}. */
public final class TrySpan {

    final long id;
    final int number;
    final boolean hedged;
    final Address endpoint;
    final boolean secure;
    final long begun;
    long ended;
    int status;
    int grpcStatus;
    /** Null for none. */
    Failure failure;
    /** Nobody waited for its answer any more. */
    boolean cancelled;

    TrySpan(long id, int number, boolean hedged, Address endpoint, boolean secure, long begun) {
        this.id = id;
        this.number = number;
        this.hedged = hedged;
        this.endpoint = endpoint;
        this.secure = secure;
        this.begun = begun;
        this.ended = begun;
    }

    public long id() {
        return id;
    }

    /** Why it is about to end; the first that is said. */
    public void failed(Failure why) {
        if (failure == null) failure = why;
    }

    /** It is about to end because another has answered, or the client has gone. */
    public void cancelled() {
        cancelled = true;
    }

    /**
     * It is over.
     *
     * @param code of its answer, 0 for none
     * @param grpc 0 where it was OK or is not known
     */
    public void end(long now, int code, int grpc) {
        ended = now;
        status = code;
        grpcStatus = grpc;
    }
}
