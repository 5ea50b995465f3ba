package mesh.proxy.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import mesh.model.Route;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.outcome.Failure;

/** What the sidecar answers itself. A gRPC client gets a status in a head that is also the end (trailers-only), anybody else a short text. */
final class LocalReply {

    private static final FieldName GRPC_STATUS = FieldName.of("grpc-status");
    private static final FieldName GRPC_MESSAGE = FieldName.of("grpc-message");
    private static final String GRPC = "application/grpc";

    private LocalReply() {}

    /** Answers with a failure; the client learns no more of it than its status says, the rest is in the log. */
    static void send(DownstreamStream client, Failure failure) {
        if (isGrpc(client.head())) {
            ResponseHead head = ResponseHead.of(200);
            head.add(FieldName.CONTENT_TYPE, GRPC);
            head.add(GRPC_STATUS, Integer.toString(failure.grpcStatus()));
            head.add(GRPC_MESSAGE, ResponseHead.reason(failure.httpStatus()));
            mark(head, failure);
            client.sendHead(head, true);
            return;
        }
        ResponseHead head = ResponseHead.of(failure.httpStatus());
        mark(head, failure);
        send(client, head, ResponseHead.reason(failure.httpStatus()) + "\n");
    }

    static void send(DownstreamStream client, Route.DirectReply reply) {
        send(client, ResponseHead.of(reply.status()), reply.body());
    }

    private static void send(DownstreamStream client, ResponseHead head, String text) {
        if (text.isEmpty()) {
            client.sendHead(head, true);
            return;
        }
        ByteBuf body = ByteBufUtil.writeUtf8(client.channel().alloc(), text);
        head.add(FieldName.CONTENT_TYPE, "text/plain; charset=utf-8");
        head.add(FieldName.CONTENT_LENGTH, Integer.toString(body.readableBytes()));
        client.sendHead(head, false);
        client.sendBody(body);
        client.sendEnd(null);
    }

    private static void mark(ResponseHead head, Failure failure) {
        if (failure == Failure.OVERFLOW) head.add(FieldName.X_ENVOY_OVERLOADED, "true");
    }

    private static boolean isGrpc(RequestHead head) {
        String type = head.get(FieldName.CONTENT_TYPE);
        return type != null && type.startsWith(GRPC);
    }
}
