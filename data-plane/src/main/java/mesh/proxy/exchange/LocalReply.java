package mesh.proxy.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.concurrent.TimeUnit;
import mesh.model.FaultPolicy;
import mesh.model.Route;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.limit.RateLimiter;
import mesh.proxy.outcome.Failure;

/**
 * What the sidecar answers itself. A gRPC client gets a status in a head that is also the end (trailers-only), anybody else a short text. A
 * route's filters have the last word on every head; they are null where there are none, or no route.
 */
final class LocalReply {

    private static final FieldName RATE_LIMIT = FieldName.of("ratelimit"), RATE_LIMIT_POLICY = FieldName.of("ratelimit-policy"),
        X_ENVOY_LOCAL_OVERLOADED = FieldName.of("x-envoy-local-overloaded");

    private LocalReply() {}

    /** Answers with a failure; the client learns no more of it than its status says, the rest is in the log. */
    static void send(DownstreamStream client, FilterRun filters, Failure failure) {
        if (Grpc.isGrpc(client.head())) {
            ResponseHead head = trailersOnly(failure.grpcStatus(), ResponseHead.reason(failure.httpStatus()));
            mark(head, failure);
            if (failure == Failure.OVERLOADED) head.add(Grpc.RETRY_PUSHBACK, "1000");
            sendHead(client, filters, head, true);
            return;
        }
        ResponseHead head = ResponseHead.of(failure.httpStatus());
        mark(head, failure);
        if (failure == Failure.OVERLOADED) head.add(FieldName.RETRY_AFTER, "1");
        send(client, filters, head, ResponseHead.reason(failure.httpStatus()) + "\n");
    }

    /** Says besides the status when to come again: to gRPC's clients as a pushback (gRFC A6), to others as {@code retry-after} and {@code RateLimit}. */
    static void sendRateLimited(DownstreamStream client, FilterRun filters, RateLimiter limiter, long waitNanos) {
        Failure failure = Failure.RATE_LIMITED;
        if (Grpc.isGrpc(client.head())) {
            ResponseHead head = trailersOnly(failure.grpcStatus(), ResponseHead.reason(failure.httpStatus()));
            head.add(Grpc.RETRY_PUSHBACK, Long.toString(TimeUnit.NANOSECONDS.toMillis(waitNanos) + 1));
            sendHead(client, filters, head, true);
            return;
        }
        ResponseHead head = ResponseHead.of(failure.httpStatus());
        head.add(FieldName.RETRY_AFTER, Long.toString(RateLimiter.retryAfter(waitNanos)));
        head.add(RATE_LIMIT_POLICY, limiter.policy());
        head.add(RATE_LIMIT, limiter.state(waitNanos));
        send(client, filters, head, ResponseHead.reason(failure.httpStatus()) + "\n");
    }

    /** @param httpStatus of the fault, as {@link Grpc#httpStatusOf} has it */
    static void sendAbort(DownstreamStream client, FilterRun filters, FaultPolicy.Status with, int httpStatus) {
        if (!Grpc.isGrpc(client.head())) {
            send(client, filters, ResponseHead.of(httpStatus), ResponseHead.reason(httpStatus) + "\n");
            return;
        }
        int status = with instanceof FaultPolicy.Grpc grpc ? grpc.status() : Grpc.statusOf(httpStatus);
        sendHead(client, filters, trailersOnly(status, "fault injected"), true);
    }

    /** Tells a gRPC client what an upstream has answered that does not speak gRPC; a proxy before it, most likely. */
    static void sendGrpc(DownstreamStream client, FilterRun filters, int httpStatus) {
        String reason = ResponseHead.reason(httpStatus);
        sendHead(client, filters, trailersOnly(Grpc.statusOf(httpStatus), "HTTP status " + httpStatus + (reason.isEmpty() ? "" : " " + reason)), true);
    }

    /** @param message ASCII without {@code %}, so that nothing needs to be escaped */
    private static ResponseHead trailersOnly(int grpcStatus, String message) {
        ResponseHead head = ResponseHead.of(200);
        head.add(FieldName.CONTENT_TYPE, Grpc.CONTENT_TYPE);
        head.add(Grpc.STATUS, Integer.toString(grpcStatus));
        head.add(Grpc.MESSAGE, message);
        return head;
    }

    static void send(DownstreamStream client, FilterRun filters, Route.DirectReply reply) {
        send(client, filters, ResponseHead.of(reply.status()), reply.body());
    }

    static void sendRedirect(DownstreamStream client, FilterRun filters, int status, String location) {
        ResponseHead head = ResponseHead.of(status);
        head.add(FieldName.LOCATION, location);
        sendHead(client, filters, head, true);
    }

    static void sendPreflight(DownstreamStream client, FilterRun filters, ResponseHead head) {
        sendHead(client, filters, head, true);
    }

    private static void send(DownstreamStream client, FilterRun filters, ResponseHead head, String text) {
        if (text.isEmpty()) {
            sendHead(client, filters, head, true);
            return;
        }
        ByteBuf body = ByteBufUtil.writeUtf8(client.channel().alloc(), text);
        head.add(FieldName.CONTENT_TYPE, "text/plain; charset=utf-8");
        head.add(FieldName.CONTENT_LENGTH, Integer.toString(body.readableBytes()));
        sendHead(client, filters, head, false);
        client.sendBody(body);
        client.sendEnd(null);
    }

    private static void sendHead(DownstreamStream client, FilterRun filters, ResponseHead head, boolean end) {
        if (filters != null) filters.onResponse(head);
        client.sendHead(head, end);
    }

    private static void mark(ResponseHead head, Failure failure) {
        if (failure == Failure.OVERFLOW) head.add(FieldName.X_ENVOY_OVERLOADED, "true");
        if (failure == Failure.OVERLOADED) head.add(X_ENVOY_LOCAL_OVERLOADED, "true");
    }
}
