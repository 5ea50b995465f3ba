package mesh.proxy.exchange;

import mesh.model.RetryPolicy;
import mesh.proxy.http.RequestHead;
import mesh.proxy.runtime.CompiledRoute;

/**
 * How long a request may take and how often it is tried: what its route says, and what the request asks for itself. Functions alone, so that an
 * exchange keeps what they give without an object of its own, and that what is told of a request is what holds for it.
 */
public final class RequestLimits {

    private RequestLimits() {}

    /**
     * The whole request; 146 years for no limit, as everywhere. A gRPC call may be a stream of hours, and says itself how long it may take.
     *
     * @param grpc   whether it is such a call, as below
     * @param wishes null for none, as below
     */
    public static long requestNanos(CompiledRoute route, RequestHead request, boolean grpc, PeerWishes wishes) {
        if (!grpc) return wishes == null ? route.requestNanos() : wishes.requestNanos(route.requestNanos());
        long asked = Grpc.timeoutNanos(request, CompiledRoute.NO_LIMIT);
        long call = asked == CompiledRoute.NO_LIMIT ? asked : Math.min(asked, route.grpcMaxNanos());
        return wishes == null ? call : Math.min(call, wishes.requestNanos(call));
    }

    /** The longest silence. That a gRPC call's is no death is for PING to find out (RFC 9113 section 6.7). */
    public static long idleNanos(CompiledRoute route, boolean grpc) {
        return grpc ? CompiledRoute.NO_LIMIT : route.idleNanos();
    }

    /** From one try's beginning to its answer's head. */
    public static long perTryNanos(CompiledRoute route, PeerWishes wishes) {
        return wishes == null ? route.perTryNanos() : wishes.perTryNanos(route.perTryNanos());
    }

    public static RetryPolicy retry(CompiledRoute route, PeerWishes wishes) {
        return wishes == null ? route.retry() : wishes.retry(route.retry());
    }
}
