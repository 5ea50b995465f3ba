package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.Method;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.outcome.Failure;
import org.jboss.logging.Logger;

/**
 * One HTTP/1.1 connection to an upstream: one request at a time, and the next only when this one has ended cleanly on both sides. The way
 * out of the current request is its {@link Http1ClientStream}.
 *
 * <p>On the channel's event loop only. To be added to the pipeline once the connection stands, TLS included.
 */
public final class Http1ClientConnection extends Http1Connection implements ClientConnection {

    /** What the bytes that come in are. */
    private enum Input {
        /** None are due. */
        NOTHING,
        /** The answer's head, interim ones before it. */
        HEAD,
        /** The answer's body. */
        BODY,
        /** A protocol we do not speak, after a 101. */
        SWITCHED
    }

    private static final Logger LOG = Logger.getLogger(Http1ClientConnection.class);

    /** Nothing slows these heads down when the client does not take them. */
    private static final int MAX_INTERIM = 100;

    private final Owner owner;
    private final ResponseHead head = new ResponseHead();
    private final ResponseParser parser;
    private final BodyReader body;
    private final BodyWriter request = new BodyWriter();
    private final ChannelFutureListener headOut = this::headOut;

    private Input input = Input.NOTHING;
    private boolean wantsBody = true;
    private int requests;
    private boolean answered;
    private int interim;
    private boolean headIsOut;
    private boolean wasReset;
    private boolean closeNotified;
    private boolean retiring;
    private boolean retired;
    private Http1ClientStream stream;
    private UpstreamHandler handler;

    /** @param owner is told when it can be used again, and when never again; our own faults are fired through the pipeline */
    public Http1ClientConnection(Owner owner, Http1Limits limits) {
        this.owner = owner;
        this.parser = new ResponseParser(head, limits);
        this.body = new BodyReader(limits);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        super.handlerAdded(context);
        // An upstream that answers early and closes resets the connection under the rest of the request; its answer can still be read.
        context.channel().config().setAutoClose(false);
    }

    @Override
    public int capacity() {
        return stream == null && !retiring && !retired ? 1 : 0;
    }

    @Override
    public boolean reused() {
        return requests > 0;
    }

    @Override
    public boolean idle() {
        return stream == null;
    }

    @Override
    public UpstreamStream open(UpstreamHandler forAnswer) {
        if (capacity() == 0) throw new IllegalStateException("no capacity: " + (stream != null ? "a request is open" : "retired"));
        handler = forAnswer;
        stream = new Http1ClientStream(this, request);
        answered = false;
        interim = 0;
        headIsOut = false;
        wantsBody = true;
        return stream;
    }

    @Override
    public void retire() {
        retiring = true;
        if (stream == null) close();
    }

    @Override
    public Channel channel() {
        return ctx().channel();
    }

    // What comes in.

    @Override
    boolean step(ByteBuf in) {
        switch (input) {
            case NOTHING -> {
                // RFC 9112 section 9.2: nothing says what these bytes would answer.
                in.skipBytes(in.readableBytes());
                if (stream == null) close();
                else fail(Violation.UNASKED_RESPONSE, Failure.UPSTREAM_PROTOCOL);
                return false;
            }
            case HEAD -> {
                // The last word of an upstream that closes an idle connection, a 408 for one: it cannot answer what it has not got.
                if (reused() && !headIsOut) return fail(Failure.REUSED_CLOSED);
                return parser.parse(in) && onHead();
            }
            case BODY -> {
                return wantsBody && onBody(body.read(in));
            }
            case SWITCHED -> {
                return false;
            }
        }
        return false;
    }

    @Override
    boolean wantsInput() {
        return input != Input.SWITCHED && (input != Input.BODY || wantsBody);
    }

    private boolean onHead() {
        answered = true;
        if (parser.violation() != null) return fail(parser.violation(), Failure.UPSTREAM_PROTOCOL);
        if (head.status() == 101) return onSwitch();
        if (head.isInformational()) {
            if (++interim > MAX_INTERIM) return fail(Violation.TOO_MANY_INTERIM, Failure.UPSTREAM_PROTOCOL);
            handler.onInformational(head);
            if (input == Input.HEAD) parser.reset();
            return true;
        }
        boolean end = parser.framing() == BodyFraming.NONE;
        body.begin(parser.framing());
        input = Input.BODY;
        UpstreamHandler receiver = handler;
        if (end) end();
        receiver.onHead(head, end);
        if (end) offer();
        return true;
    }

    private boolean onSwitch() {
        // RFC 9110 section 15.2.2.
        if (!stream.asksForUpgrade()) return fail(Violation.UNASKED_UPGRADE, Failure.UPSTREAM_PROTOCOL);
        input = Input.SWITCHED;
        handler.onHead(head, false);
        return false;
    }

    private boolean onBody(ByteBuf part) {
        if (part != null) {
            handler.onBody(part);
            if (input != Input.BODY) return true;
        }
        if (body.violation() != null) return fail(body.violation(), Failure.UPSTREAM_TRUNCATED);
        if (!body.ended()) return part != null;
        UpstreamHandler receiver = handler;
        end();
        receiver.onEnd(body.trailers());
        offer();
        return true;
    }

    // How a request goes out.

    /** The request's head has been handed to the channel; from now on an answer is due. */
    void sent(ByteBuf bytes, Method method) {
        parser.begin(method);
        input = Input.HEAD;
        ctx().write(bytes).addListener(headOut);
        written();
    }

    private void headOut(ChannelFuture done) {
        headIsOut = done.isSuccess();
    }

    void setReading(boolean wanted) {
        wantsBody = wanted;
        process();
    }

    // How it ends.

    /** The answer is complete. */
    private void end() {
        requests++;
        // RFC 9112 section 9.3: to be used again, both sides must have said all they had to say, no more, and want to go on.
        if (!parser.persistent() || !stream.hasEnded() || hasReadAhead()) retiring = true;
        leaveStream();
    }

    /** After the answer's end was told: gives the connection back, or up. */
    private void offer() {
        if (stream != null || retired) return;
        if (retiring || isInputClosed()) {
            close();
            return;
        }
        owner.onCapacity(this);
    }

    /** Gives the request up, and the connection with it. */
    void cancel() {
        leaveStream();
        close();
    }

    /** The connection changes its protocol and is no longer ours. */
    Channel handOver() {
        leaveStream();
        retireOnce();
        return leave();
    }

    /** Ends the request with a failure, and the connection with it. Always true, for {@link #step}. */
    boolean fail(Failure why) {
        UpstreamHandler failed = handler;
        boolean unprocessed = !headIsOut && !answered;
        leaveStream();
        close();
        if (failed != null) failed.onFailure(why, unprocessed);
        return true;
    }

    private boolean fail(Violation why, Failure as) {
        LOG.debugf("%s broke an answer: %s", channel().remoteAddress(), why.sentence());
        return fail(as);
    }

    private void leaveStream() {
        if (stream != null) stream.end();
        stream = null;
        handler = null;
        input = Input.NOTHING;
    }

    private void close() {
        retireOnce();
        ctx().close();
    }

    private void retireOnce() {
        if (retired) return;
        retired = true;
        owner.onRetired(this);
    }

    // What the channel says.

    @Override
    void onInputClosed() {
        onClosed();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        onClosed();
        context.fireChannelInactive();
    }

    private void onClosed() {
        if (input == Input.BODY && body.endsWithConnection() && endedCleanly()) {
            UpstreamHandler receiver = handler;
            leaveStream();
            close();
            receiver.onEnd(null);
        } else if (stream != null) {
            fail(lost());
        } else {
            close();
        }
    }

    /** RFC 9112 section 9.8: under TLS only a close_notify says that this was all. */
    private boolean endedCleanly() {
        return !wasReset && (closeNotified || ctx().pipeline().get(SslHandler.class) == null);
    }

    private Failure lost() {
        if (input == Input.BODY) return Failure.UPSTREAM_TRUNCATED;
        if (reused() && !answered && !parser.hasBegun()) return Failure.REUSED_CLOSED;
        return wasReset ? Failure.UPSTREAM_RESET : Failure.UPSTREAM_CLOSED;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslCloseCompletionEvent closed && closed.isSuccess()) closeNotified = true;
        super.userEventTriggered(context, event);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (handler != null && context.channel().isWritable()) handler.onWritable();
        context.fireChannelWritabilityChanged();
    }

    /** Reading has failed, or writing: what has come until then is still read, and the end of the input follows. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        wasReset = true;
        retiring = true;
        if (isBug(cause)) {
            if (stream != null) fail(Failure.INTERNAL);
            context.fireExceptionCaught(cause);
            context.close();
        } else if (stream == null) {
            close();
        }
    }
}
