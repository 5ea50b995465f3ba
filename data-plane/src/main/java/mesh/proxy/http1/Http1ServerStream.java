package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.outcome.Failure;

/** One request's answer on an {@link Http1ServerConnection}. Calls after its end do nothing, so that nobody answers the next request by mistake. */
final class Http1ServerStream implements DownstreamStream {

    private final Http1ServerConnection connection;
    private final RequestHead head;
    private final BodyWriter body;
    private final boolean persistent;
    private boolean awaitsContinue;
    private boolean headSent;
    private boolean bodyless;
    private boolean close;
    private boolean ended;

    Http1ServerStream(Http1ServerConnection connection, RequestHead head, RequestParser request, BodyWriter body) {
        this.connection = connection;
        this.head = head;
        this.body = body;
        this.persistent = request.persistent();
        this.awaitsContinue = request.expectsContinue();
    }

    @Override
    public RequestHead head() {
        return head;
    }

    @Override
    public HttpVersion version() {
        return HttpVersion.HTTP_1;
    }

    @Override
    public Channel channel() {
        return connection.ctx().channel();
    }

    @Override
    public void sendInformational(ResponseHead informational) {
        // RFC 9110 section 15.2: HTTP/1.0 knows none.
        if (ended || headSent || head.http10()) return;
        if (informational.status() == 100) awaitsContinue = false;
        write(Http1HeadWriter.informational(connection.ctx().alloc(), informational));
    }

    @Override
    public void sendHead(ResponseHead response, boolean end) {
        if (ended) return;
        if (headSent || response.status() < 200) {
            throw new IllegalStateException("status " + response.status() + (headSent ? " after a final head" : " as a final head"));
        }
        headSent = true;
        close = !persistent || mustClose();
        bodyless = !BodyFraming.mayHaveBody(response.status(), head.method());
        long framing = framing(response, end);
        body.begin(framing);
        // RFC 9110 section 8.6: a 204 has none.
        if (response.status() == 204) response.remove(FieldName.CONTENT_LENGTH);
        connection.writeHead(Http1HeadWriter.response(connection.ctx().alloc(), response, framing, !bodyless, close));
        connection.answering();
        if (end) sendEnd(null);
    }

    /** Whether no request can follow this one: what comes behind it cannot be told from its body. */
    private boolean mustClose() {
        // RFC 9110 section 10.1.1: a client that was not told to continue may or may not send its body.
        return connection.isDraining() || connection.isBroken() || awaitsContinue && !connection.hasWholeRequest();
    }

    private long framing(ResponseHead response, boolean end) {
        if (bodyless) return BodyFraming.NONE;
        long length = response.contentLength();
        if (length >= 0) return length;
        response.remove(FieldName.CONTENT_LENGTH);
        if (end) return BodyFraming.NONE;
        return head.http10() ? BodyFraming.UNTIL_CLOSE : BodyFraming.CHUNKED;
    }

    @Override
    public void sendBody(ByteBuf data) {
        if (ended || bodyless) {
            data.release();
        } else if (body.write(connection, data)) {
            connection.answering();
        } else {
            connection.failAnswer(Failure.UPSTREAM_PROTOCOL);
        }
    }

    @Override
    public void sendEnd(Fields trailers) {
        if (ended) return;
        if (!body.end(connection, trailers)) {
            connection.failAnswer(Failure.UPSTREAM_TRUNCATED);
            return;
        }
        ended = true;
        connection.answering();
        connection.answered(close || mustClose());
    }

    @Override
    public void flush() {
        if (!ended) connection.flushNow();
    }

    @Override
    public void abort(Failure why) {
        if (ended) return;
        ended = true;
        connection.aborted(headSent && body.endsWithConnection());
    }

    @Override
    public boolean isWritable() {
        return channel().isWritable();
    }

    @Override
    public void setReading(boolean reading) {
        if (!ended) connection.setReading(reading);
    }

    @Override
    public Channel takeOver(ResponseHead switching) {
        if (ended || headSent || !connection.hasWholeRequest()) throw new IllegalStateException("take-over of a request that is answered or incomplete");
        ended = true;
        write(Http1HeadWriter.informational(connection.ctx().alloc(), switching));
        return connection.handOver();
    }

    boolean hasSentHead() {
        return headSent;
    }

    /** The client has begun its body, told to or not. */
    void bodyHasCome() {
        awaitsContinue = false;
    }

    /** The connection has ended it. */
    void end() {
        ended = true;
    }

    private void write(ByteBuf bytes) {
        connection.write(bytes);
        connection.answering();
    }
}
