package mesh.proxy.exchange;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import mesh.proxy.http.Fields;
import mesh.proxy.http.UpstreamStream;

/**
 * A request's body on its way: kept while there is nobody to send it to, and, as long as it is small, until no other try can need it. On
 * its exchange's loop only.
 */
final class RequestBody {

    /** Linkerd's: what is longer is sent once and cannot be tried again. */
    static final int REPLAY_LIMIT = 64 * 1024;
    /** What keeping a part costs besides its bytes: objects, and the rest of the buffer that it is a slice of. */
    private static final int PART_COST = 256;

    /** Both are made with the first part: most requests have no body. */
    private ArrayDeque<ByteBuf> waiting;
    /** What the current upstream has got and the next may need. */
    private ArrayDeque<ByteBuf> sent;
    private int size;
    private boolean forgetful;
    private boolean complete;
    private boolean empty = true;
    private Fields trailers;
    private UpstreamStream upstream;
    private boolean sending;

    /**
     * A part has come.
     *
     * @param part is owned from now on
     * @param to   null while there is nowhere to go
     */
    void add(ByteBuf part, UpstreamStream to) {
        if (empty) {
            empty = false;
            waiting = new ArrayDeque<>(4);
            sent = new ArrayDeque<>(4);
        }
        // Only told apart from the limit: a body may be longer than an int can say.
        if (!isFull()) size += part.readableBytes() + PART_COST;
        waiting.add(part);
        send(to);
    }

    /** @param fields null for none */
    void end(Fields fields, UpstreamStream to) {
        complete();
        trailers = fields;
        send(to);
    }

    /** The head came with the end: there is no body. */
    void complete() {
        complete = true;
    }

    /** Whether so much waits that the client should pause. */
    boolean isFull() {
        return size > REPLAY_LIMIT;
    }

    /** Whether nothing follows the head. */
    boolean isNone() {
        return complete && empty && trailers == null;
    }

    boolean isComplete() {
        return complete;
    }

    /** Whether all that has come can be sent again. */
    boolean isReplayable() {
        return !forgetful;
    }

    /** Sends all that has come to another upstream, which has got the head. */
    void sendTo(UpstreamStream to) {
        if (!empty) {
            for (ByteBuf part; (part = sent.pollLast()) != null; ) waiting.addFirst(part);
        }
        send(to);
    }

    /** Sends all of it to one upstream more, which has got the head; only of a complete one that can be sent again. */
    void copyTo(UpstreamStream to) {
        if (!empty) {
            for (ByteBuf part : sent) to.sendBody(part.retainedDuplicate());
            for (ByteBuf part : waiting) to.sendBody(part.retainedDuplicate());
        }
        to.sendEnd(trailers);
    }

    /** What follows the body; null for nothing. */
    Fields trailers() {
        return trailers;
    }

    /** All of it, to be released by whoever has asked; only of a complete one that can be sent again. */
    ArrayDeque<ByteBuf> copy() {
        ArrayDeque<ByteBuf> copy = new ArrayDeque<>();
        if (empty) return copy;
        for (ByteBuf part : sent) copy.add(part.retainedDuplicate());
        for (ByteBuf part : waiting) copy.add(part.retainedDuplicate());
        return copy;
    }

    private void send(UpstreamStream to) {
        upstream = to;
        // An upstream that takes a part may make room for the next, which then comes in here while others are still before it.
        if (to == null || sending) return;
        sending = true;
        for (ByteBuf part; !empty && (part = waiting.poll()) != null; ) upstream.sendBody(keep(part));
        sending = false;
        if (complete) upstream.sendEnd(trailers);
    }

    /** What is to be sent of a part: the part itself, once no other upstream will get it. */
    private ByteBuf keep(ByteBuf part) {
        if (isFull()) forgetful = true;
        if (forgetful) {
            release(sent);
            return part;
        }
        sent.add(part);
        return part.retainedDuplicate();
    }

    /** There will be no other try. */
    void forget() {
        forgetful = true;
        if (empty) return;
        release(sent);
        release(waiting);
    }

    private static void release(ArrayDeque<ByteBuf> parts) {
        for (ByteBuf part; (part = parts.poll()) != null; ) part.release();
    }
}
