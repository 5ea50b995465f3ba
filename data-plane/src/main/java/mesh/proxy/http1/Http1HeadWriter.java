package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;

/**
 * Writes heads: the lines as they lie, then the fields that belong to this connection. Those are written here and nowhere else, whatever
 * the head brought: how the body is framed, and whether the connection goes on (RFC 9110 section 7.6.1).
 */
final class Http1HeadWriter {

    private static final byte[] CHUNKED = line("transfer-encoding: chunked");
    private static final byte[] EMPTY = line("content-length: 0");
    private static final byte[] CLOSE = line("connection: close");
    private static final byte[] UPGRADE = line("connection: upgrade");
    private static final byte[] TE = line("connection: te");
    private static final byte[] NO_HOST = line("host:");
    /** Room for the lines above. */
    private static final int ROOM = 96;

    private Http1HeadWriter() {}

    /** @param framing of the body that follows; what the head says already is not said again */
    static ByteBuf request(ByteBufAllocator alloc, RequestHead head, long framing) {
        ByteBuf out = begin(alloc, head, 0);
        // RFC 9112 section 3.2: a request needs a Host, if an empty one; HTTP/1.0 may have brought none.
        if (!head.contains(FieldName.HOST)) out.writeBytes(NO_HOST);
        if (framing == BodyFraming.CHUNKED) out.writeBytes(CHUNKED);
        if (head.contains(FieldName.UPGRADE)) out.writeBytes(UPGRADE);
        // RFC 9110 section 10.1.4.
        if (head.contains(FieldName.TE)) out.writeBytes(TE);
        return end(out);
    }

    /**
     * With room behind it for a small body.
     *
     * @param close whether the connection ends with this answer
     */
    static ByteBuf response(ByteBufAllocator alloc, ResponseHead head, long framing, boolean mayHaveBody, boolean close) {
        ByteBuf out = begin(alloc, head, mayHaveBody ? room(framing) : 0);
        if (framing == BodyFraming.CHUNKED) out.writeBytes(CHUNKED);
        if (framing == BodyFraming.NONE && mayHaveBody && !head.contains(FieldName.CONTENT_LENGTH)) out.writeBytes(EMPTY);
        if (close) out.writeBytes(CLOSE);
        return end(out);
    }

    /** A 101, which hands the connection over, or another 1xx. */
    static ByteBuf informational(ByteBufAllocator alloc, ResponseHead head) {
        // RFC 9110 section 8.6: none in a 1xx.
        head.remove(FieldName.CONTENT_LENGTH);
        ByteBuf out = begin(alloc, head, 0);
        if (head.status() == 101) out.writeBytes(UPGRADE);
        return end(out);
    }

    private static int room(long framing) {
        if (framing > Outbox.SMALL_BODY) return 0;
        return framing >= 0 ? (int) framing : Outbox.SMALL_BODY;
    }

    private static ByteBuf begin(ByteBufAllocator alloc, Fields head, int body) {
        head.remove(FieldName.TRANSFER_ENCODING);
        head.remove(FieldName.CONNECTION);
        ByteBuf out = alloc.ioBuffer(head.length() + ROOM + body);
        head.writeTo(out);
        return out;
    }

    private static ByteBuf end(ByteBuf out) {
        return out.writeByte('\r').writeByte('\n');
    }

    private static byte[] line(String text) {
        return (text + "\r\n").getBytes(StandardCharsets.US_ASCII);
    }
}
