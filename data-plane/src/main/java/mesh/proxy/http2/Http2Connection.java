package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.collection.IntObjectHashMap;
import mesh.proxy.http.Fields;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.proxy.outcome.StopReason;
import org.jboss.logging.Logger;

/**
 * What both sides' connections have in common: the streams by number, the connection's windows, SETTINGS, PING and GOAWAY, and the rules whose
 * breach ends a stream or everything (RFC 9113). What a header block means, and what a stream is, its sides know.
 *
 * <p>Bodies wait in their streams until a batch of reads is over, and are then sent a frame a stream by turns; so many small answers leave
 * in one write, and no large one holds up the others. On the channel's event loop only.
 */
abstract class Http2Connection extends FramedChannel {

    private static final Logger LOG = Logger.getLogger(Http2Connection.class);

    private final Http2Limits limits;
    private final TimerWheel timers;
    private final HpackDecoder hpack = new HpackDecoder();
    private final HeadReader heads;
    private final FloodGuard flood;
    private final ClosedStreams ended = new ClosedStreams();
    private final IntObjectHashMap<Http2Stream> streams = new IntObjectHashMap<>();
    private final Spares<Fields> trailers = new Spares<>(Fields::new);
    private final SendTurns turns = new SendTurns(this);
    private final Patience patience;
    private final ReceiveWindow received;

    private boolean over;
    private boolean goingAway;
    private ErrorCode brokenBy;

    private int sendWindow = Frames.DEFAULT_WINDOW;
    private int initialSendWindow = Frames.DEFAULT_WINDOW;
    /** Whose DATA frame is being read; null when nobody wants it. */
    private Http2Stream receiver;
    private int dataBytes;
    private boolean settled;

    Http2Connection(Http2Limits limits, TimerWheel timers) {
        super(limits);
        this.limits = limits;
        this.timers = timers;
        this.heads = new HeadReader(limits);
        this.flood = new FloodGuard(limits);
        this.patience = new Patience(this, limits, timers);
        this.received = new ReceiveWindow(limits.connectionWindow());
    }

    // What its sides do.

    /** Writes what comes before everything else. */
    abstract void begin(FrameWriter out);

    /** Takes the peer's preface, or what there is of it. @return whether it is complete */
    abstract boolean preface(ByteBuf in);

    /** A header block is complete. It must be unpacked whatever becomes of it. */
    @Override
    public abstract void onHeaders(int stream, byte[] block, int length, boolean endStream, boolean ownParent);

    /** How many streams the peer lets us open at once. */
    abstract void peerStreams(long most);

    /** Whether nobody has opened that stream yet. */
    abstract boolean isIdle(int stream);

    /** The last stream of the peer's that we have looked at. */
    abstract int lastPeerStream();

    /** What a stream fails with when the connection breaks, and when the peer breaks its rules. */
    abstract Failure lost(Http2Stream stream);

    abstract Failure broken();

    /** The peer has broken a rule or costs too much: the connection ends, or a stream. */
    abstract void stopped(StopReason reason, String why);

    /** The peer takes no more streams, and has not looked at those above {@code lastStream}. */
    abstract void peerGoesAway(int lastStream);

    /** A stream is gone. */
    abstract void streamEnded();

    /** The connection is closing; nothing can be opened any more. */
    abstract void closing();

    /** Whether the peer is left a moment to read what was said last: to close over what it has sent meanwhile would take that from it. */
    abstract boolean lingers();

    // What streams and sides use.

    final Http2Limits limits() {
        return limits;
    }

    final TimerWheel timers() {
        return timers;
    }

    final HpackDecoder hpack() {
        return hpack;
    }

    final HeadReader heads() {
        return heads;
    }

    final FloodGuard flood() {
        return flood;
    }

    final IntObjectHashMap<Http2Stream> streams() {
        return streams;
    }

    /** A copy: to tell a stream something may end it. */
    final Http2Stream[] openStreams() {
        return streams.values().toArray(Http2Stream[]::new);
    }

    final ClosedStreams ended() {
        return ended;
    }

    /** When the peer was heard last, by the loop's clock. */
    final long lastHeard() {
        return patience.heard();
    }

    final boolean isSettled() {
        return settled;
    }

    final boolean hasStreams() {
        return !streams.isEmpty();
    }

    final int initialSendWindow() {
        return initialSendWindow;
    }

    final int sendWindow() {
        return sendWindow;
    }

    final boolean isGoingAway() {
        return goingAway || over;
    }

    @Override
    public final boolean isOver() {
        return over;
    }

    final void add(Http2Stream stream) {
        streams.put(stream.id(), stream);
        flood.streamOpened();
    }

    /** @param dropped bytes of its body that nobody will read */
    final void remove(Http2Stream stream, ClosedStreams.How how, int dropped) {
        // One that never got a number is known to nobody else.
        if (stream.id() != 0) {
            streams.remove(stream.id());
            ended.add(stream.id(), how);
            consumed(null, dropped);
        }
        streamEnded();
        closeIfDone();
    }

    /** A section for trailers, clean. */
    final Fields trailers() {
        return trailers.take();
    }

    final void giveBack(Fields used) {
        trailers.giveBack(used);
    }

    // Sending.

    /** Has its turn when the batch is over. */
    final void ready(Http2Stream stream) {
        turns.add(stream);
    }

    /** Sends what a stream has now, as far as that goes. */
    final void sendNow(Http2Stream stream) {
        while (mayWrite() && stream.sendSome() == Http2Stream.Sent.MORE) { /* the next frame */ }
    }

    final void sendData(int stream, ByteBuf part, int bytes, boolean endStream) {
        sendWindow -= bytes;
        if (bytes > 0) flood.bodyMoved();
        writer().data(stream, part, endStream);
    }

    final void sendTrailers(int stream, Fields fields) {
        int start = writer().position();
        writer().hpack().trailers(fields, writer().beginBlock());
        writer().endBlock(start, stream, true);
    }

    final void sendReset(int stream, ErrorCode code) {
        if (over || stream == 0) return;
        writer().reset(stream, code);
        written();
    }

    final void ping(long data) {
        writer().ping(data, false);
        written();
    }

    @Override
    final boolean beforeFlush() {
        return turns.run();
    }

    @Override
    final void afterFlush() {
        trailers.afterBatch();
        afterBatch();
    }

    /** Heads of the batch are needed no more. */
    abstract void afterBatch();

    // What comes in.

    @Override
    final boolean heard(ByteBuf in) {
        patience.hear();
        return !over && (settled || preface(in));
    }

    @Override
    final void used(boolean inBlock, boolean inFrame, boolean anew) {
        patience.inBlock(inBlock);
        patience.inFrame(inFrame, anew);
    }

    @Override
    final void unread(long bytes) {
        stopped(StopReason.UNREAD, bytes + " bytes wait to be read");
    }

    @Override
    public final void onData(int id, int length) {
        dataBytes = length;
        receiver = null;
        if (!received.spend(length)) {
            error(ErrorCode.FLOW_CONTROL_ERROR, "DATA over the connection's window");
            return;
        }
        Http2Stream stream = streams.get(id);
        if (stream == null) {
            judge(id, "DATA");
        } else if (stream.hasRemoteEnded()) {
            streamError(id, stream, ErrorCode.STREAM_CLOSED, "DATA after the end");
        } else if (!stream.mayReceive()) {
            streamError(id, stream, ErrorCode.PROTOCOL_ERROR, "DATA before the head");
        } else if (!stream.spend(length)) {
            streamError(id, stream, ErrorCode.FLOW_CONTROL_ERROR, "DATA over the stream's window");
        } else {
            receiver = stream;
        }
    }

    @Override
    public final void onDataPart(ByteBuf part) {
        Http2Stream stream = receiver;
        if (stream == null || stream.isClosed()) {
            consumed(null, part.readableBytes());
            part.release();
        } else if (!stream.receive(part)) {
            streamError(stream.id(), stream, ErrorCode.PROTOCOL_ERROR, "body longer than content-length");
        }
    }

    @Override
    public final void onDataEnd(int padding, boolean endStream) {
        Http2Stream stream = receiver;
        receiver = null;
        boolean wanted = stream != null && !stream.isClosed();
        consumed(wanted ? stream : null, padding);
        // Padding is no use to anybody.
        if (dataBytes > padding) flood.bodyMoved();
        else if (!endStream) control();
        if (wanted && endStream && !stream.receiveEnd(null)) {
            streamError(stream.id(), stream, ErrorCode.PROTOCOL_ERROR, "body shorter than content-length");
        }
    }

    /** A header block for a stream whose head has come. */
    final void onTrailers(Http2Stream stream, byte[] block, int length, boolean endStream) {
        Fields fields = trailers();
        HeadReader.Outcome outcome = heads.trailers(hpack, block, length, fields);
        if (outcome == null) {
            error(ErrorCode.COMPRESSION_ERROR, "trailers of stream " + stream.id());
        } else if (stream.hasRemoteEnded()) {
            streamError(stream.id(), stream, ErrorCode.STREAM_CLOSED, "HEADERS after the end");
        } else if (!endStream || outcome != HeadReader.Outcome.FINE) {
            streamError(stream.id(), stream, ErrorCode.PROTOCOL_ERROR, endStream ? "malformed trailers" : "a second head");
        } else if (!stream.receiveEnd(fields)) {
            streamError(stream.id(), stream, ErrorCode.PROTOCOL_ERROR, "body shorter than content-length");
        }
    }

    /** Bytes of a body have been passed on or thrown away: the peer may send as many more. @param stream null for one that is over */
    final void consumed(Http2Stream stream, int bytes) {
        if (bytes == 0 || over) return;
        enlarge(0, received.giveBack(bytes));
        if (stream != null) enlarge(stream.id(), stream.acknowledge(bytes));
    }

    private void enlarge(int stream, int increment) {
        if (increment == 0) return;
        writer().windowUpdate(stream, increment);
        written();
    }

    /** Something has come for a stream that is not open. */
    final void judge(int id, String what) {
        if (isIdle(id)) {
            error(ErrorCode.PROTOCOL_ERROR, what + " on stream " + id + ", which is idle");
            return;
        }
        switch (ended.get(id)) {
            case RESET_BY_US -> {
                // It did not know yet; but a block must be unpacked, whoever it is for.
                if (what.equals("HEADERS")) control();
            }
            case RESET_BY_PEER -> {
                control();
                sendReset(id, ErrorCode.STREAM_CLOSED);
            }
            case ENDED -> error(ErrorCode.STREAM_CLOSED, what + " on stream " + id + ", which has ended");
            case UNKNOWN -> unknown(id, what);
        }
    }

    /** As {@link #judge}, for one of which nothing is known any more. */
    abstract void unknown(int id, String what);

    @Override
    public final void onPriority(int id, ErrorCode wrong) {
        control();
        // RFC 9113 section 5.3.2: deprecated, and ignored.
        if (wrong != null && !over) streamError(id, streams.get(id), wrong, "malformed PRIORITY");
    }

    @Override
    public final void onReset(int id, long code) {
        Http2Stream stream = streams.get(id);
        if (stream == null) {
            if (isIdle(id)) error(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on stream " + id + ", which is idle");
            return;
        }
        if (!stream.isAnswered() && flood.earlyReset()) {
            tooMuch(StopReason.RESETS, "too many streams reset before their answer");
            return;
        }
        wasReset(stream, ErrorCode.of(code));
    }

    /** The peer has ended a stream. */
    abstract void wasReset(Http2Stream stream, ErrorCode code);

    @Override
    public final void onSetting(int id, long value) {
        switch (id) {
            case Frames.HEADER_TABLE_SIZE -> writer().hpack().peerTable(value);
            case Frames.ENABLE_PUSH -> {
                if (value > 1) error(ErrorCode.PROTOCOL_ERROR, "ENABLE_PUSH of " + value);
            }
            case Frames.MAX_CONCURRENT_STREAMS -> peerStreams(value);
            case Frames.INITIAL_WINDOW_SIZE -> initialWindow(value);
            case Frames.MAX_FRAME_SIZE -> {
                if (value < Frames.DEFAULT_FRAME_BYTES || value > Frames.MAX_FRAME_BYTES) {
                    error(ErrorCode.PROTOCOL_ERROR, "MAX_FRAME_SIZE of " + value);
                }
            }
            default -> { /* Section 6.5.2: unknown ones are ignored; a list of headers may be larger than a peer likes */ }
        }
    }

    private void initialWindow(long value) {
        if (value > Frames.MAX_WINDOW) {
            error(ErrorCode.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE of " + value);
            return;
        }
        int change = (int) value - initialSendWindow;
        initialSendWindow = (int) value;
        for (Http2Stream stream : openStreams()) {
            if (stream.enlargeWindow(change)) continue;
            error(ErrorCode.FLOW_CONTROL_ERROR, "INITIAL_WINDOW_SIZE makes a window too large");
            return;
        }
    }

    @Override
    public final void onSettingsEnd(boolean ack) {
        if (ack) return;
        settled = true;
        control();
        if (over) return;
        writer().settingsAck();
        written();
    }

    @Override
    public final void onPing(long data, boolean ack) {
        if (ack) return;
        control();
        if (over) return;
        writer().ping(data, true);
        written();
    }

    @Override
    public final void onGoAway(int lastStream, long code) {
        if (code != 0) LOG.debugf("%s goes away: %s", ctx().channel().remoteAddress(), ErrorCode.of(code));
        peerGoesAway(lastStream);
        closeIfDone();
    }

    @Override
    public final void onWindowUpdate(int id, int increment) {
        if (id == 0) {
            if (increment == 0) error(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of nothing");
            else if (sendWindow > Frames.MAX_WINDOW - increment) error(ErrorCode.FLOW_CONTROL_ERROR, "window over 2^31-1");
            else sendWindow += increment;
            written();
            return;
        }
        Http2Stream stream = streams.get(id);
        if (stream == null) {
            if (isIdle(id)) error(ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE on stream " + id + ", which is idle");
        } else if (increment == 0) {
            streamError(id, stream, ErrorCode.PROTOCOL_ERROR, "WINDOW_UPDATE of nothing");
        } else if (!stream.enlargeWindow(increment)) {
            streamError(id, stream, ErrorCode.FLOW_CONTROL_ERROR, "window over 2^31-1");
        }
    }

    @Override
    public final void onUnknown() {
        control();
    }

    private void control() {
        if (flood.control(patience.heard())) tooMuch(StopReason.CONTROL_FRAMES, "too many control frames a second");
    }

    // How things end.

    /** Ends a stream whose peer broke a rule. @param stream null when it is not open */
    final void streamError(int id, Http2Stream stream, ErrorCode code, String why) {
        LOG.debugf("%s, stream %d: %s", ctx().channel().remoteAddress(), id, why);
        stopped(code == ErrorCode.FLOW_CONTROL_ERROR ? StopReason.FLOW_CONTROL : StopReason.PROTOCOL, why);
        if (stream == null) {
            sendReset(id, code);
            ended.add(id, ClosedStreams.How.RESET_BY_US);
        } else {
            boolean early = !stream.isAnswered();
            stream.reset(code);
            stream.failed(broken(), false);
            if (!early) return;
        }
        cameToNothing("too many streams in error");
    }

    /** A stream was ended that has cost more than it was good for. @param tooMany what to say if there are too many of them */
    final void cameToNothing(String tooMany) {
        if (flood.earlyReset()) tooMuch(StopReason.RESETS, tooMany);
    }

    @Override
    public final void tooMuch(StopReason reason, String why) {
        error(ErrorCode.ENHANCE_YOUR_CALM, reason, why);
    }

    @Override
    public final void error(ErrorCode code, String why) {
        error(code, switch (code) {
            case COMPRESSION_ERROR -> StopReason.COMPRESSION;
            case FLOW_CONTROL_ERROR -> StopReason.FLOW_CONTROL;
            case SETTINGS_TIMEOUT -> StopReason.SLOW_PREFACE;
            default -> StopReason.PROTOCOL;
        }, why);
    }

    private void error(ErrorCode code, StopReason reason, String why) {
        if (over) return;
        LOG.debugf("%s broke HTTP/2: %s (%s)", ctx().channel().remoteAddress(), why, code);
        stopped(reason, why);
        brokenBy = code;
        writer().goAway(lastPeerStream(), code);
        end();
        failAll(true);
    }

    /** No more streams; those that are open end. @param lastStream of the peer's that is looked at */
    final void goAway(int lastStream) {
        if (over) return;
        writer().goAway(lastStream, ErrorCode.NO_ERROR);
        goingAway = lastStream != Frames.MAX_STREAM_ID || goingAway;
        written();
        closeIfDone();
    }

    /** Nothing new is begun; the connection closes with its last stream. */
    final void retireWhenDone() {
        goingAway = true;
        closeIfDone();
    }

    private void closeIfDone() {
        if (goingAway && !over && streams.isEmpty()) end();
    }

    /** Writes what is written, and closes. */
    private void end() {
        over = true;
        closing();
        writer().handOver();
        if (lingers()) {
            ctx().flush();
            patience.linger();
        } else {
            ctx().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void failAll(boolean broke) {
        for (Http2Stream stream : openStreams()) {
            Failure why = broke ? broken() : lost(stream);
            stream.close(ClosedStreams.How.RESET_BY_PEER);
            stream.failed(why, isHttp1());
        }
    }

    /** Whether the peer has answered our preface in HTTP/1.1, and so has understood nothing of what followed. */
    final boolean isHttp1() {
        return brokenBy == ErrorCode.HTTP_1_1_REQUIRED;
    }

    // What the channel and the clock say.

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        super.handlerAdded(context);
        patience.begin();
        begin(writer());
        if (limits.connectionWindow() > Frames.DEFAULT_WINDOW) writer().windowUpdate(0, limits.connectionWindow() - Frames.DEFAULT_WINDOW);
        written();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        patience.end();
        super.handlerRemoved(context);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        patience.end();
        if (!over) {
            over = true;
            closing();
        }
        failAll(false);
        context.fireChannelInactive();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (isWritable()) {
            written();
            for (Http2Stream stream : openStreams()) stream.tellIfRoomy();
        }
        context.fireChannelWritabilityChanged();
    }

    /** Gives up what waits for a client that does not take it. */
    final void resetStalled() {
        for (Http2Stream stream : openStreams()) {
            if (stream.stalls() <= patience.mostStalls()) continue;
            stopped(StopReason.STALLED, "no window for an answer within " + limits.stall().toMillis() + " ms");
            stream.reset(ErrorCode.CANCEL);
            cameToNothing("too many answers that are not taken");
        }
    }
}
