package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import mesh.proxy.http.Fields;
import mesh.proxy.http.Method;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.outcome.Failure;

/** One request on an {@link Http2ClientConnection}, and its answer. */
final class Http2ClientStream extends Http2Stream implements UpstreamStream {

    /** Nothing slows these heads down when the client does not take them. */
    private static final int MAX_INTERIM = 100;

    private final Http2ClientConnection connection;
    private final ResponseHead head;
    private UpstreamHandler handler;
    private Method method;
    private boolean onReused;
    private long heardBefore;
    private boolean answered;
    private int interim;

    Http2ClientStream(Http2ClientConnection connection, UpstreamHandler handler, ResponseHead head) {
        super(connection);
        this.connection = connection;
        this.handler = handler;
        this.head = head;
    }

    ResponseHead head() {
        return head;
    }

    // The request.

    @Override
    public void sendHead(RequestHead request, boolean end) {
        if (isClosed()) return;
        method = request.method();
        onReused = connection.reused();
        heardBefore = connection.lastHeard();
        connection.writeHead(this, request, end);
        if (end) headWasAll();
    }

    @Override
    public void cancel(Failure why) {
        handler = null;
        if (id() == 0) close(ClosedStreams.How.ENDED);
        else reset(ErrorCode.CANCEL);
    }

    @Override
    public Channel takeOver() {
        throw new IllegalStateException("a stream cannot be given away (expected: upgrades by HTTP/1.1 only)");
    }

    // The answer.

    /** Its head, or an interim one, has been read. @return false when it may not be */
    boolean onHead(boolean end) {
        if (head.isInformational()) {
            if (end || ++interim > MAX_INTERIM) return false;
            handler.onInformational(head);
            head.clear();
            return true;
        }
        boolean bodyless = method == Method.HEAD || head.status() == 204 || head.status() == 304;
        long length = bodyless ? 0 : head.contentLength();
        if (end && length > 0) return false;
        expect(length);
        answered = true;
        if (end) endedWithHead();
        handler.onHead(head, end);
        if (end) complete();
        return true;
    }

    @Override
    void deliver(ByteBuf part) {
        if (handler == null) part.release();
        else handler.onBody(part);
    }

    @Override
    void deliverEnd(Fields trailers) {
        UpstreamHandler receiver = handler;
        handler = null;
        if (receiver != null) receiver.onEnd(trailers);
        complete();
    }

    /** The answer is complete: whoever has got it does not need the rest of the request to be sent. */
    private void complete() {
        handler = null;
        if (hasLocalEnded()) close(ClosedStreams.How.ENDED);
        else reset(ErrorCode.CANCEL);
    }

    @Override
    void localEnd() {
        // The answer is awaited.
    }

    @Override
    void writable() {
        if (handler != null) handler.onWritable();
    }

    @Override
    void failed(Failure why, boolean unprocessed) {
        UpstreamHandler failed = handler;
        handler = null;
        if (failed != null) failed.onFailure(why, unprocessed);
    }

    @Override
    boolean mayReceive() {
        return answered;
    }

    @Override
    boolean isAnswered() {
        return answered;
    }

    /** Whether it came on a connection that was used before and has been silent since: the upstream may have closed it just then. */
    boolean isUnheard() {
        return onReused && connection.lastHeard() == heardBefore;
    }

    @Override
    void released() {
        connection.giveBack(head);
    }
}
