package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.DownstreamStream;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.HttpVersion;
import mesh.proxy.http.Method;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.outcome.Failure;

/** One request on an {@link Http2ServerConnection}, and its answer. */
final class Http2ServerStream extends Http2Stream implements DownstreamStream {

    private final Http2ServerConnection connection;
    private final RequestHead head;
    private final int headBytes;
    private DownstreamHandler handler;
    private boolean answered;
    /** Nobody listens any more: the answer has been given completely, or given up. */
    private boolean left;

    Http2ServerStream(Http2ServerConnection connection, RequestHead head) {
        super(connection);
        this.connection = connection;
        this.head = head;
        this.headBytes = head.text().length;
        connection.hold(headBytes);
    }

    /** It may have answered before it was even returned. */
    void handler(DownstreamHandler made) {
        if (!left) handler = made;
    }

    @Override
    public RequestHead head() {
        return head;
    }

    @Override
    public HttpVersion version() {
        return HttpVersion.HTTP_2;
    }

    @Override
    public Channel channel() {
        return connection.ctx().channel();
    }

    // The answer.

    @Override
    public void sendInformational(ResponseHead informational) {
        if (isClosed() || answered) return;
        informational.remove(FieldName.CONTENT_LENGTH);
        connection.writeHead(id(), informational, false);
    }

    @Override
    public void sendHead(ResponseHead response, boolean end) {
        if (isClosed() || answered) return;
        if (response.status() < 200) throw new IllegalStateException("status " + response.status() + " as a final head");
        answered = true;
        // RFC 9110 section 6.4.1: what has no body gets none, whoever sends one.
        boolean all = end || head.method() == Method.HEAD || response.status() == 204 || response.status() == 304;
        if (response.status() == 204) response.remove(FieldName.CONTENT_LENGTH);
        connection.writeHead(id(), response, all);
        if (!all) return;
        leave();
        headWasAll();
    }

    @Override
    public void sendEnd(Fields trailers) {
        leave();
        super.sendEnd(trailers);
    }

    @Override
    public void abort(Failure why) {
        leave();
        reset(ErrorCode.of(why));
    }

    @Override
    public Channel takeOver(ResponseHead response) {
        throw new IllegalStateException("a stream cannot be given away (expected: upgrades by HTTP/1.1 only)");
    }

    private void leave() {
        left = true;
        handler = null;
    }

    // What the connection tells.

    @Override
    void deliver(ByteBuf part) {
        if (handler == null) part.release();
        else handler.onBody(part);
    }

    @Override
    void deliverEnd(Fields trailers) {
        if (handler != null) handler.onEnd(trailers);
    }

    @Override
    void writable() {
        if (handler != null) handler.onWritable();
    }

    @Override
    void failed(Failure why, boolean unprocessed) {
        DownstreamHandler failed = handler;
        leave();
        if (failed != null) failed.onFailure(why, false);
    }

    /** RFC 9113 section 8.1: a client whose answer is complete need not send the rest of its request. */
    @Override
    void localEnd() {
        if (hasRemoteEnded()) close(ClosedStreams.How.ENDED);
        else reset(ErrorCode.NO_ERROR);
    }

    @Override
    boolean mayReceive() {
        return true;
    }

    @Override
    boolean isAnswered() {
        return answered;
    }

    @Override
    void released() {
        connection.hold(-headBytes);
        connection.giveBack(head);
    }
}
