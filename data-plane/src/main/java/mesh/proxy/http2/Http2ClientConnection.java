package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.SslHandler;
import mesh.proxy.http.ClientConnection;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;
import mesh.proxy.http.UpstreamHandler;
import mesh.proxy.http.UpstreamStream;
import mesh.proxy.loop.TimerWheel;
import mesh.proxy.outcome.Failure;
import mesh.proxy.outcome.StopReason;

/**
 * One HTTP/2 connection to an upstream: as many requests at once as both sides allow. To be added to the pipeline once the connection
 * stands, TLS included; with prior knowledge in plaintext (RFC 9113 section 3.3).
 */
public final class Http2ClientConnection extends Http2Connection implements ClientConnection {

    private final Owner owner;
    private final Spares<ResponseHead> responses = new Spares<>(ResponseHead::new);
    private int nextStream = 1;
    private int open;
    private long peerStreams = Long.MAX_VALUE;
    private boolean tls;
    private boolean wasReset;
    private boolean retiring;
    private boolean retired;

    /** @param owner is told when it can take more, and when no more; our own faults are fired through the pipeline */
    public Http2ClientConnection(Owner owner, Http2Limits limits, TimerWheel timers) {
        super(limits, timers);
        this.owner = owner;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        tls = context.pipeline().get(SslHandler.class) != null;
        super.handlerAdded(context);
    }

    @Override
    public int capacity() {
        if (retiring || isGoingAway()) return 0;
        return (int) Math.max(0, Math.min(limits().streams(), peerStreams) - open);
    }

    @Override
    public boolean reused() {
        return nextStream > 1;
    }

    @Override
    public boolean idle() {
        return open == 0;
    }

    @Override
    public UpstreamStream open(UpstreamHandler handler) {
        if (capacity() == 0) throw new IllegalStateException("no capacity: " + open + " requests are open" + (retiring ? ", and retired" : ""));
        open++;
        return new Http2ClientStream(this, handler, responses.take());
    }

    @Override
    public void retire() {
        retiring = true;
        retireOnce();
        retireWhenDone();
    }

    @Override
    public Channel channel() {
        return ctx().channel();
    }

    @Override
    void begin(FrameWriter out) {
        out.raw(Http2ServerConnection.PREFACE);
        out.settings(
            Frames.ENABLE_PUSH, 0, Frames.INITIAL_WINDOW_SIZE, limits().streamWindow(), Frames.MAX_HEADER_LIST_SIZE, limits().headBytes());
    }

    @Override
    boolean preface(ByteBuf in) {
        return true;
    }

    /** A request's head goes out, and with it its stream gets its number. */
    void writeHead(Http2ClientStream stream, RequestHead head, boolean end) {
        stream.begin(nextStream);
        add(stream);
        nextStream += 2;
        // Section 5.1.1: the numbers are used up.
        if (nextStream < 0) retire();
        int start = writer().position();
        writer().hpack().request(head, tls, writer().beginBlock());
        writer().endBlock(start, stream.id(), end);
        written();
    }

    @Override
    public void onHeaders(int id, byte[] block, int length, boolean endStream, boolean ownParent) {
        if (!(streams().get(id) instanceof Http2ClientStream stream)) {
            Fields unwanted = trailers();
            boolean understood = heads().trailers(hpack(), block, length, unwanted) != null;
            giveBack(unwanted);
            if (understood) judge(id, "HEADERS");
            else error(ErrorCode.COMPRESSION_ERROR, "header block of stream " + id);
        } else if (stream.isAnswered()) {
            onTrailers(stream, block, length, endStream);
        } else {
            onHead(stream, block, length, endStream);
        }
    }

    private void onHead(Http2ClientStream stream, byte[] block, int length, boolean endStream) {
        HeadReader.Outcome outcome = heads().response(hpack(), block, length, stream.head());
        if (outcome == null) {
            error(ErrorCode.COMPRESSION_ERROR, "header block of stream " + stream.id());
        } else if (outcome != HeadReader.Outcome.FINE || !stream.onHead(endStream)) {
            streamError(stream.id(), stream, ErrorCode.PROTOCOL_ERROR, "malformed head of an answer");
        }
    }

    void giveBack(ResponseHead head) {
        responses.giveBack(head);
    }

    @Override
    void afterBatch() {
        responses.afterBatch();
    }

    @Override
    void peerStreams(long most) {
        boolean none = capacity() == 0;
        peerStreams = most;
        if (none && capacity() > 0) owner.onCapacity(this);
    }

    @Override
    boolean isIdle(int id) {
        return id >= nextStream || (id & 1) == 0;
    }

    @Override
    int lastPeerStream() {
        return 0;
    }

    /** Of one that we gave up long ago, most likely. */
    @Override
    void unknown(int id, String what) {
        sendReset(id, ErrorCode.STREAM_CLOSED);
    }

    @Override
    void wasReset(Http2Stream stream, ErrorCode code) {
        if (stream.hasRemoteEnded()) {
            stream.stopSending();
            return;
        }
        boolean refused = code == ErrorCode.REFUSED_STREAM;
        Failure why = refused ? Failure.STREAM_REFUSED : stream.isAnswered() ? Failure.UPSTREAM_TRUNCATED : Failure.UPSTREAM_RESET;
        stream.close(ClosedStreams.How.RESET_BY_PEER);
        stream.failed(why, refused);
    }

    /** RFC 9113 section 6.8: what it has not looked at may be tried elsewhere. */
    @Override
    void peerGoesAway(int lastStream) {
        retiring = true;
        retireOnce();
        for (Http2Stream stream : openStreams()) {
            if (stream.id() <= lastStream) continue;
            stream.close(ClosedStreams.How.RESET_BY_PEER);
            stream.failed(Failure.STREAM_REFUSED, true);
        }
        retireWhenDone();
    }

    /** Upstreams are not strangers. */
    @Override
    void hold(int more) {}

    /** Its requests fail, which tells of it. */
    @Override
    void stopped(StopReason reason, String why) {}

    @Override
    Failure lost(Http2Stream stream) {
        if (stream.isAnswered()) return Failure.UPSTREAM_TRUNCATED;
        if (((Http2ClientStream) stream).isUnheard()) return Failure.REUSED_CLOSED;
        return wasReset ? Failure.UPSTREAM_RESET : Failure.UPSTREAM_CLOSED;
    }

    @Override
    Failure broken() {
        return isHttp1() ? Failure.STREAM_REFUSED : Failure.UPSTREAM_PROTOCOL;
    }

    @Override
    void streamEnded() {
        open--;
        if (capacity() > 0) owner.onCapacity(this);
    }

    @Override
    void closing() {
        retireOnce();
        if (isHttp1()) owner.onHttp1(this);
    }

    @Override
    boolean lingers() {
        return false;
    }

    private void retireOnce() {
        if (retired) return;
        retired = true;
        owner.onRetired(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        wasReset = true;
        super.exceptionCaught(context, cause);
    }

    @Override
    void bug(Throwable cause) {
        ctx().fireExceptionCaught(cause);
    }
}
