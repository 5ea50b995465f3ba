package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.Octets;

/**
 * Takes the chunked coding off a body (RFC 9112 section 7.1). Stops at any byte and goes on there. Chunk extensions are for the next hop
 * only and are dropped; so are trailer fields that would change what the message is.
 */
final class ChunkedDecoder {

    private static final int MAX_EXTENSION = 1024;
    private static final int MAX_SIZE_DIGITS = 16;

    /** RFC 9110 section 6.5.1: framing, routing and authentication have no place in a trailer. */
    private static final FieldName[] FORBIDDEN = {
        FieldName.TRANSFER_ENCODING, FieldName.CONTENT_LENGTH, FieldName.HOST, FieldName.CONNECTION, FieldName.KEEP_ALIVE,
        FieldName.PROXY_CONNECTION, FieldName.TE, FieldName.TRAILER, FieldName.UPGRADE, FieldName.EXPECT, FieldName.CONTENT_TYPE,
        FieldName.of("content-encoding"), FieldName.of("content-range"), FieldName.of("authorization"), FieldName.PROXY_AUTHENTICATE,
        FieldName.PROXY_AUTHORIZATION, FieldName.of("www-authenticate"), FieldName.of("cookie"), FieldName.of("set-cookie"),
        FieldName.of("cache-control"), FieldName.of("max-forwards"), FieldName.of("location"), FieldName.of("range"), FieldName.of("vary"),
        FieldName.X_FORWARDED_FOR, FieldName.X_FORWARDED_PROTO, FieldName.X_FORWARDED_HOST, FieldName.X_FORWARDED_CLIENT_CERT,
    };

    private enum State { SIZE, EXTENSION, SIZE_LINE_FEED, DATA, DATA_RETURN, DATA_LINE_FEED, TRAILERS, ENDED }

    private final Http1Limits limits;
    private State state = State.SIZE;
    private long remaining;
    private int digits;
    private int extension;
    private Fields trailers;
    private FieldScanner scanner;
    private Violation violation;

    ChunkedDecoder(Http1Limits limits) {
        this.limits = limits;
    }

    void begin() {
        state = State.SIZE;
        remaining = 0;
        digits = 0;
        extension = 0;
        violation = null;
        if (trailers != null) trailers.clear();
    }

    /** A part of the body, or null when there is none left in {@code in}, the body has ended, or something is wrong. */
    ByteBuf read(ByteBuf in) {
        while (in.isReadable() && violation == null && state != State.ENDED) {
            switch (state) {
                case DATA -> {
                    int n = (int) Math.min(remaining, in.readableBytes());
                    remaining -= n;
                    if (remaining == 0) state = State.DATA_RETURN;
                    return in.readRetainedSlice(n);
                }
                case TRAILERS -> readTrailers(in);
                default -> violation = next(in.readByte());
            }
        }
        return null;
    }

    boolean ended() {
        return state == State.ENDED;
    }

    Violation violation() {
        return violation;
    }

    /** The trailer fields, valid until the next body begins; null for none. */
    Fields trailers() {
        return trailers == null || trailers.count() == 0 ? null : trailers;
    }

    private Violation next(byte b) {
        switch (state) {
            case SIZE -> {
                int digit = Octets.hex(b);
                if (digit < 0) return endSize(b);
                if (++digits > MAX_SIZE_DIGITS || remaining > Long.MAX_VALUE >> 4) return Violation.CHUNK_SIZE;
                remaining = remaining << 4 | digit;
            }
            case EXTENSION -> {
                if (b == '\r') state = State.SIZE_LINE_FEED;
                else if (!Octets.isFieldValue(b) || ++extension > MAX_EXTENSION) return Violation.CHUNK_EXTENSION;
            }
            case SIZE_LINE_FEED -> {
                if (b != '\n') return Violation.BARE_CR;
                digits = 0;
                if (remaining > 0) state = State.DATA;
                else beginTrailers();
            }
            case DATA_RETURN -> {
                if (b != '\r') return Violation.CHUNK_END;
                state = State.DATA_LINE_FEED;
            }
            case DATA_LINE_FEED -> {
                if (b != '\n') return Violation.CHUNK_END;
                state = State.SIZE;
            }
            default -> throw new IllegalStateException(state.toString());
        }
        return null;
    }

    private Violation endSize(byte b) {
        if (digits == 0) return Violation.CHUNK_SIZE;
        if (b == '\r') {
            state = State.SIZE_LINE_FEED;
            return null;
        }
        // A size is followed by nothing but an extension: no white space either, however harmless it looks.
        if (b != ';') return Violation.CHUNK_SIZE;
        state = State.EXTENSION;
        extension = 1;
        return null;
    }

    private void beginTrailers() {
        state = State.TRAILERS;
        if (trailers == null) {
            trailers = new Fields();
            scanner = new FieldScanner(trailers, limits.fields());
        }
        trailers.clear();
        scanner.begin(0);
    }

    private void readTrailers(ByteBuf in) {
        int room = limits.headBytes() - trailers.length();
        if (room == 0) {
            violation = Violation.HEAD_TOO_LARGE;
            return;
        }
        trailers.append(in, Math.min(in.readableBytes(), Math.min(room, 256)));
        if (!scanner.scan()) return;
        violation = scanner.violation();
        if (violation != null) return;
        in.readerIndex(in.readerIndex() - (trailers.length() - scanner.at()));
        trailers.truncate(scanner.at() - 2);
        if (trailers.count() > 0) {
            for (FieldName name : FORBIDDEN) trailers.remove(name);
        }
        state = State.ENDED;
    }
}
