package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.outcome.Failure;

/** One request's way out on an {@link Http1ClientConnection}. Calls after its end do nothing. */
final class Http1ClientStream implements UpstreamStream {

    private final Http1ClientConnection connection;
    private final BodyWriter body;
    private boolean asksForUpgrade;
    private boolean requestEnded;
    private boolean ended;

    Http1ClientStream(Http1ClientConnection connection, BodyWriter body) {
        this.connection = connection;
        this.body = body;
    }

    @Override
    public void sendHead(RequestHead head, boolean end) {
        if (ended) return;
        asksForUpgrade = head.contains(FieldName.UPGRADE);
        long framing = framing(head, end);
        body.begin(framing);
        ByteBuf bytes = Http1HeadWriter.request(connection.ctx().alloc(), head, framing);
        connection.sent(bytes, head.method());
        if (end) sendEnd(null);
    }

    private static long framing(RequestHead head, boolean end) {
        long length = head.contentLength();
        if (length >= 0) return length;
        head.remove(FieldName.CONTENT_LENGTH);
        return end ? BodyFraming.NONE : BodyFraming.CHUNKED;
    }

    @Override
    public void sendBody(ByteBuf data) {
        if (ended) {
            data.release();
        } else if (body.write(connection, data)) {
            connection.written();
        } else {
            connection.fail(Failure.INTERNAL);
        }
    }

    @Override
    public void sendEnd(Fields trailers) {
        if (ended || requestEnded) return;
        if (!body.end(connection, trailers)) {
            // The upstream would wait for the rest, or take the next request for it.
            connection.fail(Failure.INTERNAL);
            return;
        }
        requestEnded = true;
        connection.written();
    }

    @Override
    public void flush() {
        if (!ended) connection.flushNow();
    }

    @Override
    public void cancel(Failure why) {
        if (!ended) connection.cancel();
    }

    @Override
    public boolean isWritable() {
        return connection.channel().isWritable();
    }

    @Override
    public void setReading(boolean reading) {
        if (!ended) connection.setReading(reading);
    }

    @Override
    public Channel takeOver() {
        if (ended) throw new IllegalStateException("take-over of a request that has ended");
        return connection.handOver();
    }

    boolean asksForUpgrade() {
        return asksForUpgrade;
    }

    /** Whether the request has gone out completely. */
    boolean hasEnded() {
        return requestEnded;
    }

    /** The connection has ended it. */
    void end() {
        ended = true;
    }
}
