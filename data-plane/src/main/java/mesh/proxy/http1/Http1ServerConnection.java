package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import java.time.Duration;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.outcome.Failure;
import mesh.proxy.outcome.StopReason;
import mesh.time.Ticker;
import org.jboss.logging.Logger;

/**
 * One HTTP/1.1 connection of a client. Reads a request, gives it to a handler, and looks at the next one when the answer is out, so
 * that pipelined requests are answered in order. The way out of the current request is its {@link Http1ServerStream}.
 *
 * <p>On the channel's event loop only, {@link #drain} too.
 */
public final class Http1ServerConnection extends Http1Connection implements ServerConnection {

    /** What becomes of the bytes that come in. */
    private enum Input {
        /** They are the next request's head. */
        HEAD,
        /** They are the current request's body. */
        BODY,
        /** They wait: the current request is complete and its answer is not. */
        LATER,
        /** They are the rest of a body whose answer is out, read to keep the connection. */
        REST,
        /** They are thrown away, until the connection closes. */
        NOTHING
    }

    private static final Logger LOG = Logger.getLogger(Http1ServerConnection.class);

    /** Part of what any connection takes. */
    private static final int USUAL_HEAD_BYTES = new RequestHead().text().length;
    /** How much of an unwanted body is read to keep the connection; more costs more than a new one. */
    private static final long MAX_REST = 64 * 1024;
    /** How long a connection that drains waits for a request that may be on its way. */
    private static final Duration LAST_REQUEST = Duration.ofSeconds(1);

    private final DownstreamHandler.Factory factory;
    private final Http1Limits limits;
    private final Observer observer;
    private final RequestHead head = new RequestHead();
    private final RequestParser parser;
    private final BodyReader body;
    private final BodyWriter answer = new BodyWriter();
    private final Deadline deadline;
    private final Farewell farewell;

    private Input input = Input.HEAD;
    private int headBytes = USUAL_HEAD_BYTES;
    private boolean headUsed;
    private boolean headTimed;
    private boolean wantsBody;
    private long rest;
    private boolean draining;
    private boolean dismissed;
    private Http1ServerStream stream;
    private DownstreamHandler handler;

    /**
     * @param factory  makes each request's handler
     * @param ticker   elapsed time
     * @param observer told about what no handler sees
     */
    public Http1ServerConnection(DownstreamHandler.Factory factory, Http1Limits limits, Ticker ticker, Observer observer) {
        this.factory = factory;
        this.limits = limits;
        this.observer = observer;
        this.parser = new RequestParser(head, limits);
        this.body = new BodyReader(limits);
        this.deadline = new Deadline(ticker, this::expired);
        this.farewell = new Farewell(deadline);
    }

    @Override
    public void drain() {
        draining = true;
        if (input == Input.HEAD && !isInHead()) deadline.in(LAST_REQUEST);
    }

    @Override
    public void dismiss() {
        draining = true;
        dismissed = true;
        if (input == Input.HEAD && !isInHead()) ctx().close();
        else if (input == Input.HEAD || input == Input.REST) closeSoon();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        super.handlerAdded(context);
        deadline.attach(context);
        farewell.attach(context);
        deadline.in(limits.idle());
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        deadline.close();
        holdHead(USUAL_HEAD_BYTES);
        super.handlerRemoved(context);
    }

    // What comes in.

    @Override
    boolean step(ByteBuf in) {
        switch (input) {
            case HEAD -> {
                if (!mayBegin()) return false;
                if (headUsed) forgetHead();
                boolean complete = parser.parse(in);
                holdHead(head.text().length);
                if (complete) return onHead();
                timeHead();
                return false;
            }
            case BODY -> {
                return wantsBody && onBody(body.read(in));
            }
            case REST -> {
                return onRest(body.read(in));
            }
            case NOTHING -> in.skipBytes(in.readableBytes());
            case LATER -> { /* they stay where they are */ }
        }
        return false;
    }

    @Override
    boolean wantsInput() {
        return switch (input) {
            case HEAD -> mayBegin();
            case BODY -> wantsBody;
            default -> true;
        };
    }

    /** A client that sends requests and does not take their answers would fill our memory with them. */
    private boolean mayBegin() {
        return ctx().channel().isWritable();
    }

    private boolean onHead() {
        headUsed = true;
        headTimed = false;
        deadline.clear();
        Violation violation = parser.violation();
        if (violation != null) {
            refuse(violation.failure(), violation.sentence());
            return true;
        }
        boolean end = parser.framing() == BodyFraming.NONE;
        body.begin(parser.framing());
        input = end ? Input.LATER : Input.BODY;
        wantsBody = true;
        if (!end) deadline.in(limits.body());
        begin(new Http1ServerStream(this, head, parser, answer), end);
        return true;
    }

    /** The handler may answer before it is even returned, and the stream be over. */
    private void begin(Http1ServerStream begun, boolean end) {
        stream = begun;
        DownstreamHandler made = factory.begin(begun, end);
        if (stream == begun) handler = made;
    }

    private boolean onBody(ByteBuf part) {
        if (part != null) {
            stream.bodyHasCome();
            deadline.in(limits.body());
            handler.onBody(part);
            if (input != Input.BODY) return true;
        }
        if (body.violation() != null) {
            LOG.debugf("%s broke a request's body: %s", ctx().channel().remoteAddress(), body.violation().sentence());
            failRequest(body.violation().failure(), body.violation().sentence());
            return true;
        }
        if (!body.ended()) return part != null;
        input = Input.LATER;
        deadline.clear();
        handler.onEnd(body.trailers());
        return true;
    }

    private boolean onRest(ByteBuf part) {
        if (part != null) {
            rest += part.readableBytes();
            part.release();
        }
        if (body.violation() != null || rest > MAX_REST) {
            closeSoon();
        } else if (body.ended()) {
            awaitNext();
        } else {
            return part != null;
        }
        return true;
    }

    /** An array for a head stays with its connection until the next one. */
    private void holdHead(int bytes) {
        if (bytes == headBytes) return;
        observer.onHeld(bytes - headBytes);
        headBytes = bytes;
    }

    private void timeHead() {
        if (headTimed || !parser.hasBegun()) return;
        headTimed = true;
        deadline.in(limits.head());
    }

    private boolean isInHead() {
        return !headUsed && parser.hasBegun();
    }

    private void forgetHead() {
        headUsed = false;
        parser.reset();
    }

    // How a request ends.

    boolean isDraining() {
        return draining;
    }

    /** Whether the current request has come completely. */
    boolean hasWholeRequest() {
        return input == Input.LATER;
    }

    /** Whether the request was broken, so that nothing behind it can be understood. */
    boolean isBroken() {
        return input == Input.NOTHING;
    }

    void setReading(boolean wanted) {
        wantsBody = wanted;
        if (wanted && input == Input.BODY) deadline.in(limits.body());
        process();
    }

    /** A part of the answer was written; a client that has closed its half gets more time to take it. */
    void answering() {
        if (isInputClosed()) deadline.in(limits.halfClosed());
        written();
    }

    /** The answer is out. */
    void answered(boolean close) {
        leaveStream();
        boolean owesBody = input == Input.BODY && !body.ended();
        if (close || dismissed || owesBody && body.isLongerThan(MAX_REST)) {
            closeSoon();
        } else if (owesBody) {
            input = Input.REST;
            rest = 0;
            deadline.in(limits.body());
        } else {
            awaitNext();
        }
        processLater();
    }

    private void leaveStream() {
        if (stream != null) stream.end();
        stream = null;
        handler = null;
    }

    private void awaitNext() {
        input = Input.HEAD;
        deadline.in(draining ? LAST_REQUEST : limits.idle());
    }

    /** The connection changes its protocol and is no longer ours. */
    Channel handOver() {
        leaveStream();
        return leave();
    }

    /** The answer will not be completed; the client must not take what it has got for all of it. */
    void aborted(boolean endsWithConnection) {
        leaveStream();
        input = Input.NOTHING;
        flushNow();
        if (endsWithConnection) farewell.abruptly();
        else ctx().close();
    }

    /** The current handler is not going to get its answer through. */
    void failAnswer(Failure why) {
        DownstreamHandler failed = handler;
        aborted(answer.endsWithConnection());
        if (failed != null) failed.onFailure(why, false);
    }

    /** The request will not be completed. It is answered, if that can still be done; the connection is over anyway. */
    private void failRequest(Failure why, String sentence) {
        tellStopped(why, sentence);
        input = Input.NOTHING;
        deadline.clear();
        if (stream.hasSentHead()) failAnswer(why);
        else handler.onFailure(why, true);
    }

    /** A request that is none: answered here, since it has no handler. */
    private void refuse(Failure failure, String why) {
        observer.onRefused(ctx().channel(), failure, why);
        tellStopped(failure, why);
        write(Refusal.of(ctx().alloc(), failure));
        input = Input.NOTHING;
        closeSoon();
    }

    private void tellStopped(Failure failure, String why) {
        StopReason reason = StopReason.of(failure);
        if (reason != null) observer.onStopped(ctx().channel(), reason, why);
    }

    /** No more requests on this connection. */
    private void closeSoon() {
        boolean unread = input != Input.LATER || hasReadAhead();
        input = Input.NOTHING;
        deadline.in(limits.idle());
        emptyOutbox();
        if (unread && !isInputClosed()) farewell.afterLastWords();
        else closeWhenFlushed();
    }

    // What the channel and the clock say.

    private void expired() {
        switch (input) {
            case HEAD -> {
                if (isInHead()) refuse(Failure.REQUEST_HEAD_TIMEOUT, "head took more than " + limits.head().toMillis() + " ms");
                else ctx().close();
            }
            case BODY -> {
                // While nobody wants the body, its client is not the one who is slow.
                if (wantsBody) failRequest(Failure.REQUEST_BODY_TIMEOUT, "body was silent for " + limits.body().toMillis() + " ms");
                else deadline.in(limits.body());
            }
            default -> ctx().close();
        }
    }

    @Override
    void onInputClosed() {
        if (input == Input.LATER) deadline.in(limits.halfClosed());
        else closeWhenFlushed();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        deadline.close();
        DownstreamHandler left = handler;
        leaveStream();
        input = Input.NOTHING;
        if (left != null) left.onFailure(Failure.DOWNSTREAM_RESET, false);
        context.fireChannelInactive();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (handler != null && context.channel().isWritable()) handler.onWritable();
        if (input == Input.HEAD) process();
        context.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (isBug(cause)) observer.onBug(context.channel(), cause);
        context.close();
    }
}
