package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import mesh.proxy.http.Fields;

/** Takes one body after the other out of what is read, by its {@link BodyFraming}. Parts are slices: nothing is copied. */
final class BodyReader {

    private final ChunkedDecoder chunks;
    private long framing;
    private long remaining;

    BodyReader(Http1Limits limits) {
        this.chunks = new ChunkedDecoder(limits);
    }

    void begin(long bodyFraming) {
        framing = bodyFraming;
        remaining = Math.max(0, bodyFraming);
        if (framing == BodyFraming.CHUNKED) chunks.begin();
    }

    /** A part that the caller owns, or null when there is none left in {@code in}, the body has ended, or something is wrong. */
    ByteBuf read(ByteBuf in) {
        if (framing == BodyFraming.CHUNKED) return chunks.read(in);
        if (!in.isReadable()) return null;
        if (framing == BodyFraming.UNTIL_CLOSE) return in.readRetainedSlice(in.readableBytes());
        if (remaining == 0) return null;
        int n = (int) Math.min(remaining, in.readableBytes());
        remaining -= n;
        return in.readRetainedSlice(n);
    }

    /** Whether the body is complete. One that ends with the connection never is, until its owner sees the end. */
    boolean ended() {
        return framing == BodyFraming.CHUNKED ? chunks.ended() : framing != BodyFraming.UNTIL_CLOSE && remaining == 0;
    }

    /** What was wrong, or null. */
    Violation violation() {
        return framing == BodyFraming.CHUNKED ? chunks.violation() : null;
    }

    /** The trailer fields, valid until the next body begins; null for none. */
    Fields trailers() {
        return framing == BodyFraming.CHUNKED ? chunks.trailers() : null;
    }

    boolean endsWithConnection() {
        return framing == BodyFraming.UNTIL_CLOSE;
    }

    /** Whether more bytes than that are known to come; a chunked body may have any number of them. */
    boolean isLongerThan(long bytes) {
        return remaining > bytes;
    }
}
