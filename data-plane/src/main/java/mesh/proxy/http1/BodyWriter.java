package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import mesh.proxy.http.Fields;

/** Writes one body after the other by its {@link BodyFraming}, and holds it to the length its head has promised. Flushes nothing. */
final class BodyWriter {

    private static final ByteBuf LINE_END = constant("\r\n");
    private static final ByteBuf LAST_CHUNK = constant("0\r\n\r\n");
    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private long framing;
    private long remaining;

    void begin(long bodyFraming) {
        framing = bodyFraming;
        remaining = Math.max(0, bodyFraming);
    }

    /** Writes a part, which it owns. False when it is more than was promised; nothing is written then. */
    boolean write(Http1Connection connection, ByteBuf data) {
        int size = data.readableBytes();
        if (size == 0) {
            data.release();
            return true;
        }
        if (framing == BodyFraming.CHUNKED) {
            connection.write(sizeLine(connection.ctx().alloc(), size));
            connection.write(data);
            connection.write(LINE_END.duplicate());
            return true;
        }
        if (framing != BodyFraming.UNTIL_CLOSE && size > remaining) {
            data.release();
            return false;
        }
        remaining -= size;
        connection.write(data);
        return true;
    }

    /** Ends the body; trailers go out where it is chunked. False when it is less than was promised. */
    boolean end(Http1Connection connection, Fields trailers) {
        if (framing == BodyFraming.CHUNKED) {
            boolean none = trailers == null || trailers.count() == 0;
            connection.write(none ? LAST_CHUNK.duplicate() : lastChunk(connection.ctx().alloc(), trailers));
            return true;
        }
        return framing == BodyFraming.UNTIL_CLOSE || remaining == 0;
    }

    boolean endsWithConnection() {
        return framing == BodyFraming.UNTIL_CLOSE;
    }

    private static ByteBuf sizeLine(ByteBufAllocator alloc, int size) {
        ByteBuf line = alloc.ioBuffer(Integer.BYTES * 2 + 2);
        int shift = (31 - Integer.numberOfLeadingZeros(size)) / 4 * 4;
        for (; shift >= 0; shift -= 4) line.writeByte(DIGITS[size >> shift & 0xf]);
        return line.writeByte('\r').writeByte('\n');
    }

    private static ByteBuf lastChunk(ByteBufAllocator alloc, Fields trailers) {
        ByteBuf out = alloc.ioBuffer(trailers.length() + 16);
        out.writeByte('0').writeByte('\r').writeByte('\n');
        trailers.writeTo(out);
        return out.writeByte('\r').writeByte('\n');
    }

    private static ByteBuf constant(String text) {
        ByteBuf bytes = Unpooled.directBuffer(text.length());
        bytes.writeCharSequence(text, StandardCharsets.US_ASCII);
        return Unpooled.unreleasableBuffer(bytes.asReadOnly());
    }
}
