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

    /** From the body's beginning; null before the first part. */
    private ArrayDeque<ByteBuf> parts;
    private int kept;
    private boolean forgetful;
    private boolean complete;
    private boolean empty = true;
    private Fields trailers;

    /** @param part is owned from now on; goes on at once where there is somewhere to go */
    void add(ByteBuf part, UpstreamStream to) {
        empty = false;
        int cost = part.readableBytes() + PART_COST;
        if (to != null && (forgetful || kept + cost > REPLAY_LIMIT)) {
            forget();
            to.sendBody(part);
            return;
        }
        if (parts == null) parts = new ArrayDeque<>();
        kept += cost;
        parts.add(part);
        if (to != null) to.sendBody(part.retainedDuplicate());
    }

    /** @param fields null for none */
    void end(Fields fields, UpstreamStream to) {
        complete();
        trailers = fields;
        if (to != null) to.sendEnd(fields);
    }

    /** The head came with the end: there is no body. */
    void complete() {
        complete = true;
    }

    /** Whether so much waits that the client should pause. */
    boolean isFull() {
        return kept > REPLAY_LIMIT;
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

    /** Sends all that has come, after a head that did not end the request. */
    void sendTo(UpstreamStream to) {
        boolean last = isFull();
        if (last) forgetful = true;
        while (last && parts != null && !parts.isEmpty()) to.sendBody(parts.poll());
        if (!last && parts != null) parts.forEach(part -> to.sendBody(part.retainedDuplicate()));
        if (complete) to.sendEnd(trailers);
    }

    /** There will be no other try. */
    void forget() {
        forgetful = true;
        for (ByteBuf part; parts != null && (part = parts.poll()) != null; ) part.release();
    }
}
