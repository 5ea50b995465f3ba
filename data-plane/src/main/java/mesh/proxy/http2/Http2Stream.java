package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import mesh.proxy.http.Fields;
import mesh.proxy.outcome.Failure;

/**
 * What both sides' streams have in common: a body that waits to go out as far as the windows let it, and one that has come in and waits for
 * its reader, who alone earns the peer a larger window. So a slow reader on one side stops the writer on the other, and between them
 * lies no more than a window. What is public is how the owner of either side's stream uses it.
 */
abstract class Http2Stream {

    /** What came of an attempt to send. */
    enum Sent {
        /** A frame, and there is more. */
        MORE,
        /** There is nothing more that this stream could send now. */
        DONE,
        /** There is, but the connection's window is used up. */
        CONNECTION_FULL
    }

    /** What may wait to go out before the writer should pause. */
    private static final int FULL = 32 * 1024;

    private final Http2Connection connection;
    private int id;

    private final ByteQueue out = new ByteQueue();
    private Fields trailers;
    private boolean endQueued;
    private boolean localEnded;
    private boolean toldFull;
    private boolean inLine;
    private int sendWindow;
    private int stalls;

    private final ByteQueue in = new ByteQueue();
    private Fields inTrailers;
    private boolean reading = true;
    private boolean delivering;
    private boolean remoteEnded;
    private boolean endDelivered;
    private final ReceiveWindow window;
    /** Bytes of body that must come, or -1 when the head did not say. */
    private long expected = -1;
    private long received;

    private boolean closed;

    Http2Stream(Http2Connection connection) {
        this.connection = connection;
        this.window = new ReceiveWindow(connection.limits().streamWindow());
    }

    /** Begins to exist on the wire. */
    final void begin(int newId) {
        id = newId;
        sendWindow = connection.initialSendWindow();
    }

    final int id() {
        return id;
    }

    final boolean isClosed() {
        return closed;
    }

    // What its owner hears.

    abstract void deliver(ByteBuf part);

    abstract void deliverEnd(Fields fields);

    abstract void writable();

    /** It will not be completed. Called once at most, after it was closed. */
    abstract void failed(Failure why, boolean unprocessed);

    /** All we had to say is out. The peer may still be talking. */
    abstract void localEnd();

    /** Whether a body may come now: its head has come. */
    abstract boolean mayReceive();

    /** Whether its answer has begun; ended before, it was work for nothing. */
    abstract boolean isAnswered();

    /** It is over, and nothing of it is needed after this batch. */
    abstract void released();

    // The way in.

    /** @param length of the body as the head tells it, or -1 */
    final void expect(long length) {
        expected = length;
    }

    final boolean hasRemoteEnded() {
        return remoteEnded;
    }

    /** @return false when the peer has sent more than it may */
    final boolean spend(int bytes) {
        return window.spend(bytes);
    }

    /** @return false when the body is longer than its head said */
    final boolean receive(ByteBuf part) {
        received += part.readableBytes();
        if (expected >= 0 && received > expected) {
            connection.consumed(this, part.readableBytes());
            part.release();
            return false;
        }
        in.add(part);
        deliverAll();
        return true;
    }

    /**
     * The peer has said all.
     *
     * @param fields null for none; kept until the stream is over
     * @return false when the body is shorter than its head said
     */
    final boolean receiveEnd(Fields fields) {
        remoteEnded = true;
        if (expected >= 0 && received != expected) return false;
        inTrailers = fields;
        deliverAll();
        return true;
    }

    /** The head was the whole message. */
    final void endedWithHead() {
        remoteEnded = true;
        endDelivered = true;
    }

    public final void setReading(boolean wanted) {
        reading = wanted;
        if (wanted) deliverAll();
    }

    private void deliverAll() {
        if (delivering) return;
        delivering = true;
        while (!closed && reading && !in.isEmpty()) {
            ByteBuf part = in.take(Integer.MAX_VALUE);
            int bytes = part.readableBytes();
            deliver(part);
            connection.consumed(this, bytes);
        }
        delivering = false;
        if (closed || !remoteEnded || endDelivered || !in.isEmpty()) return;
        endDelivered = true;
        deliverEnd(inTrailers);
    }

    /** Its reader is done with those bytes. @return by how much the peer's window is to be enlarged now */
    final int acknowledge(int bytes) {
        return closed || remoteEnded ? 0 : window.giveBack(bytes);
    }

    // The way out.

    final boolean hasLocalEnded() {
        return localEnded;
    }

    final boolean isEndQueued() {
        return endQueued;
    }

    /** The head is out, and was all. */
    final void headWasAll() {
        endQueued = true;
        ended();
    }

    public final void sendBody(ByteBuf part) {
        if (closed || endQueued || !part.isReadable()) {
            part.release();
            return;
        }
        out.add(part);
        connection.ready(this);
        // What waits until the batch is over is sent with the end of the body, if that comes; but not without bound.
        if (out.bytes() >= Frames.DEFAULT_FRAME_BYTES) connection.sendNow(this);
    }

    /** Ends our message behind what waits. @param fields null for none; not needed after the call */
    public void sendEnd(Fields fields) {
        if (closed || endQueued) return;
        endQueued = true;
        trailers = fields;
        connection.ready(this);
        if (fields == null) return;
        connection.sendNow(this);
        if (localEnded || closed) return;
        trailers = new Fields();
        trailers.copyFrom(fields);
    }

    public final void flush() {
        connection.written();
    }

    public final boolean isWritable() {
        boolean roomy = !closed && out.bytes() < FULL && connection.isWritable();
        if (!roomy) toldFull = true;
        return roomy;
    }

    /** Tells a writer that was told to pause, when it may go on. */
    final void tellIfRoomy() {
        if (!toldFull || closed || endQueued || out.bytes() >= FULL || !connection.isWritable()) return;
        toldFull = false;
        writable();
    }

    /** @return false when the window has become larger than may be */
    final boolean enlargeWindow(int increment) {
        if (increment > 0 && sendWindow > Frames.MAX_WINDOW - increment) return false;
        sendWindow += increment;
        if (sendWindow > 0 && !out.isEmpty()) connection.ready(this);
        return true;
    }

    /** Sends one frame of what waits. */
    final Sent sendSome() {
        if (closed || localEnded) return Sent.DONE;
        if (out.isEmpty()) {
            if (endQueued) sendOnlyEnd();
            return Sent.DONE;
        }
        if (sendWindow <= 0) return Sent.DONE;
        int most = Math.min(Frames.DEFAULT_FRAME_BYTES, Math.min(sendWindow, connection.sendWindow()));
        if (most <= 0) return Sent.CONNECTION_FULL;
        ByteBuf part = out.take(most);
        int bytes = part.readableBytes();
        boolean last = out.isEmpty() && endQueued && trailers == null;
        sendWindow -= bytes;
        stalls = 0;
        connection.sendData(id, part, bytes, last);
        if (last) ended();
        else tellIfRoomy();
        return out.isEmpty() && !endQueued ? Sent.DONE : Sent.MORE;
    }

    private void sendOnlyEnd() {
        if (trailers == null) connection.sendData(id, null, 0, true);
        else connection.sendTrailers(id, trailers);
        ended();
    }

    private void ended() {
        localEnded = true;
        localEnd();
    }

    /** Whether it has a place among those that have something to send. */
    final boolean isInLine() {
        return inLine;
    }

    final void setInLine(boolean is) {
        inLine = is;
    }

    /** How many times in a row this was asked while a complete message waited for the peer to take it. */
    final int stalls() {
        return endQueued && !localEnded ? ++stalls : 0;
    }

    // How it ends.

    /** Takes it off the connection. Whoever still calls it is not heard. */
    final void close(ClosedStreams.How how) {
        if (closed) return;
        closed = true;
        int dropped = in.bytes();
        in.clear();
        out.clear();
        connection.remove(this, how, dropped);
        if (inTrailers != null) connection.giveBack(inTrailers);
        released();
    }

    /** The peer will not take the rest of our message, and has said all of its own. */
    final void stopSending() {
        out.clear();
        endQueued = true;
        localEnded = true;
    }

    /** Ends it on our side, with a word to the peer. */
    final void reset(ErrorCode code) {
        if (closed) return;
        connection.sendReset(id, code);
        close(ClosedStreams.How.RESET_BY_US);
    }
}
