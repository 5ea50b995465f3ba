package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import mesh.proxy.http.DownstreamHandler;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.ServerConnection;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.proxy.outcome.StopReason;

/** One HTTP/2 connection of a client: each stream is a request, and gets a handler of its own. */
public final class Http2ServerConnection extends Http2Connection implements ServerConnection {

    /** What a client that speaks HTTP/2 says first (RFC 9113 section 3.4). */
    public static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** How long a client that was told to go may still begin streams: it may not have heard (section 6.8). */
    private static final Duration LAST_STREAMS = Duration.ofSeconds(1);

    private final DownstreamHandler.Factory factory;
    private final Observer observer;
    private final Spares<RequestHead> requests = new Spares<>(RequestHead::new);
    private final TimerWheel.Timeout drainEnd = new TimerWheel.Timeout() {
        @Override
        protected void expire() {
            refuseMore();
        }
    };

    private int prefaceSeen;
    private int lastStream;
    private boolean draining;
    private boolean refusing;

    /**
     * @param factory  makes each request's handler
     * @param observer told about what no handler sees
     */
    public Http2ServerConnection(DownstreamHandler.Factory factory, Http2Limits limits, TimerWheel timers, Observer observer) {
        super(limits, timers);
        this.factory = factory;
        this.observer = observer;
    }

    @Override
    public void drain() {
        if (draining || isOver()) return;
        draining = true;
        goAway(Frames.MAX_STREAM_ID);
        timers().set(drainEnd, LAST_STREAMS.toNanos());
    }

    @Override
    public void dismiss() {
        if (refusing || isOver()) return;
        draining = true;
        timers().cancel(drainEnd);
        refuseMore();
    }

    private void refuseMore() {
        refusing = true;
        goAway(lastStream);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        timers().cancel(drainEnd);
        super.handlerRemoved(context);
    }

    @Override
    void begin(FrameWriter out) {
        out.settings(
            Frames.MAX_CONCURRENT_STREAMS, limits().streams(), Frames.INITIAL_WINDOW_SIZE, limits().streamWindow(),
            Frames.MAX_HEADER_LIST_SIZE, limits().headBytes());
    }

    @Override
    boolean preface(ByteBuf in) {
        while (prefaceSeen < PREFACE.length && in.isReadable()) {
            if (in.readByte() != PREFACE[prefaceSeen]) {
                error(ErrorCode.PROTOCOL_ERROR, "not HTTP/2's preface");
                return false;
            }
            prefaceSeen++;
        }
        return prefaceSeen == PREFACE.length;
    }

    @Override
    public void onHeaders(int id, byte[] block, int length, boolean endStream, boolean ownParent) {
        if (streams().get(id) instanceof Http2ServerStream open) {
            onTrailers(open, block, length, endStream);
            return;
        }
        RequestHead head = requests.take();
        HeadReader.Outcome outcome = heads().request(hpack(), block, length, head);
        if (outcome == null) {
            error(ErrorCode.COMPRESSION_ERROR, "header block of stream " + id);
        } else if ((id & 1) == 0) {
            error(ErrorCode.PROTOCOL_ERROR, "HEADERS on stream " + id + ", which is no client's");
        } else if (id <= lastStream) {
            judge(id, "HEADERS");
        } else {
            lastStream = id;
            if (ownParent) streamError(id, null, ErrorCode.PROTOCOL_ERROR, "depends on itself");
            else if (refusing || streams().size() >= limits().streams()) refuseStream(id);
            else if (!factory.takesStreams(lastHeard())) shed(id);
            else if (outcome == HeadReader.Outcome.FINE) {
                beginRequest(id, head, endStream);
                return;
            } else {
                refuse(id, outcome, head, endStream);
            }
        }
        requests.giveBack(head);
    }

    private void beginRequest(int id, RequestHead head, boolean end) {
        long length = head.contentLength();
        if (end && length > 0) {
            streamError(id, null, ErrorCode.PROTOCOL_ERROR, "no body, and content-length: " + length);
            requests.giveBack(head);
            return;
        }
        Http2ServerStream stream = new Http2ServerStream(this, head);
        stream.begin(id);
        stream.expect(length);
        add(stream);
        if (end) {
            stream.endedWithHead();
            // RFC 9110 section 10.1.1: means nothing without a body.
            head.remove(FieldName.EXPECT);
        }
        stream.handler(factory.begin(stream, end));
    }

    /** As {@link #refuseStream}, and no fault of the client's. */
    private void shed(int id) {
        sendReset(id, ErrorCode.REFUSED_STREAM);
        ended().add(id, ClosedStreams.How.RESET_BY_US);
    }

    private void refuseStream(int id) {
        flood().streamOpened();
        sendReset(id, ErrorCode.REFUSED_STREAM);
        ended().add(id, ClosedStreams.How.RESET_BY_US);
        if (!refusing) cameToNothing("too many streams over the limit");
    }

    private void refuse(int id, HeadReader.Outcome outcome, RequestHead head, boolean endStream) {
        flood().streamOpened();
        switch (outcome) {
            case TOO_LARGE -> answer(id, Failure.HEAD_TOO_LARGE, endStream);
            case CONNECT -> answer(id, Failure.METHOD_NOT_SUPPORTED, endStream);
            case EXPECTATION -> answer(id, Failure.EXPECTATION_FAILED, endStream);
            case BAD_REQUEST -> answer(id, Failure.BAD_REQUEST, endStream);
            default -> streamError(id, null, ErrorCode.PROTOCOL_ERROR, "malformed head");
        }
    }

    /** Answers a request that gets no handler. */
    private void answer(int id, Failure failure, boolean endStream) {
        observer.onRefused(ctx().channel(), failure, failure.sentence());
        StopReason reason = StopReason.of(failure);
        if (reason != null) stopped(reason, failure.sentence());
        ResponseHead head = ResponseHead.of(failure.httpStatus());
        head.add(FieldName.CONTENT_LENGTH, "0");
        writeHead(id, head, true);
        if (!endStream) sendReset(id, ErrorCode.NO_ERROR);
        ended().add(id, endStream ? ClosedStreams.How.ENDED : ClosedStreams.How.RESET_BY_US);
        cameToNothing("too many requests that are none");
    }

    void writeHead(int id, ResponseHead head, boolean end) {
        int start = writer().position();
        writer().hpack().response(head, writer().beginBlock());
        writer().endBlock(start, id, end);
        written();
    }

    void giveBack(RequestHead head) {
        requests.giveBack(head);
    }

    @Override
    void afterBatch() {
        requests.afterBatch();
    }

    @Override
    boolean isIdle(int id) {
        return id > lastStream || (id & 1) == 0;
    }

    @Override
    int lastPeerStream() {
        return lastStream;
    }

    @Override
    void unknown(int id, String what) {
        // Section 5.1.1: a number that was passed over can never be used.
        boolean head = what.equals("HEADERS");
        error(head ? ErrorCode.PROTOCOL_ERROR : ErrorCode.STREAM_CLOSED, what + " on stream " + id + ", which is closed");
    }

    @Override
    void wasReset(Http2Stream stream, ErrorCode code) {
        stream.close(ClosedStreams.How.RESET_BY_PEER);
        stream.failed(Failure.DOWNSTREAM_RESET, false);
    }

    @Override
    void hold(int more) {
        observer.onHeld(more);
    }

    @Override
    void stopped(StopReason reason, String why) {
        observer.onStopped(ctx().channel(), reason, why);
    }

    @Override
    Failure lost(Http2Stream stream) {
        return Failure.DOWNSTREAM_RESET;
    }

    @Override
    Failure broken() {
        return Failure.BAD_REQUEST;
    }

    @Override
    void bug(Throwable cause) {
        observer.onBug(ctx().channel(), cause);
    }

    @Override
    void peerStreams(long most) {
        // Of streams that we would open, and we push nothing.
    }

    @Override
    void peerGoesAway(int last) {
        retireWhenDone();
    }

    @Override
    void streamEnded() {
        // There is room for another; the client counts by itself.
    }

    @Override
    void closing() {
        // Nobody keeps this connection but its channel.
    }

    @Override
    boolean lingers() {
        return true;
    }
}
