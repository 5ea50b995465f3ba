package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;

/** Parts of a body that wait, in order. The first needs no queue, and most bodies have no second that waits. */
final class ByteQueue {

    private ByteBuf first;
    private ArrayDeque<ByteBuf> rest;
    private int bytes;

    /** Takes ownership. */
    void add(ByteBuf part) {
        bytes += part.readableBytes();
        if (first == null) {
            first = part;
            return;
        }
        if (rest == null) rest = new ArrayDeque<>();
        rest.add(part);
    }

    /** All that waits. */
    int bytes() {
        return bytes;
    }

    boolean isEmpty() {
        return first == null;
    }

    /** Bytes of the first part. */
    int firstBytes() {
        return first.readableBytes();
    }

    /** The first part, or its first bytes when it has more; the caller owns them. */
    ByteBuf take(int most) {
        if (first.readableBytes() > most) {
            bytes -= most;
            return first.readRetainedSlice(most);
        }
        ByteBuf part = first;
        bytes -= part.readableBytes();
        first = rest == null ? null : rest.poll();
        return part;
    }

    void clear() {
        while (first != null) take(Integer.MAX_VALUE).release();
    }
}
