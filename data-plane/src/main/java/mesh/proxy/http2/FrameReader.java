package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import mesh.proxy.outcome.StopReason;

/**
 * Takes frames out of what is read (RFC 9113 sections 4 and 6) and checks what can be checked without knowing the streams: sizes, padding,
 * flags, and that a header block is not interrupted. A body's bytes are passed on as they come; of other frames the whole is awaited.
 */
final class FrameReader {

    /** What is read. A {@link #error} ends the reading, and so does whatever makes {@link #isOver} true. */
    interface Sink {

        /** A DATA frame begins. @param length that counts against the windows: the data, and its padding with the length of it */
        void onData(int stream, int length);

        /** A part of its data; the callee owns it. */
        void onDataPart(ByteBuf part);

        /** @param padding bytes that counted and were no data */
        void onDataEnd(int padding, boolean endStream);

        /** A header block is complete: the first {@code length} bytes. @param ownParent the stream depends on itself */
        void onHeaders(int stream, byte[] block, int length, boolean endStream, boolean ownParent);

        /** @param wrong what breaks the rules, or null */
        void onPriority(int stream, ErrorCode wrong);

        void onReset(int stream, long code);

        void onSetting(int id, long value);

        void onSettingsEnd(boolean ack);

        void onPing(long data, boolean ack);

        void onGoAway(int lastStream, long code);

        void onWindowUpdate(int stream, int increment);

        void onUnknown();

        /** The connection cannot go on. */
        void error(ErrorCode code, String why);

        /** It cannot go on because the peer makes too much work; {@link ErrorCode#ENHANCE_YOUR_CALM}. */
        void tooMuch(StopReason reason, String why);

        boolean isOver();
    }

    private static final int PRIORITY_BYTES = 5, SETTING_BYTES = 6;
    private static final int INITIAL_BLOCK = 1024, MOST_KEPT = 8 * 1024;
    /** There are seven; each may change every open stream (CVE-2020-11080). */
    private static final int MOST_SETTINGS = 32;
    /** How a status line begins; as a frame it would be longer than any may be. */
    private static final int HTTP = 'H' << 24 | 'T' << 16 | 'T' << 8 | 'P';

    private final Sink sink;
    private final Http2Limits limits;

    private boolean first = true;
    private boolean inData;
    private boolean dataEndsStream;
    private int dataLeft;
    private int paddingLeft;
    private int padding;

    private byte[] block = new byte[INITIAL_BLOCK];
    private int blockLength;
    /** The stream whose header block is not complete, or 0. */
    private int continued;
    private int continuations;
    private boolean blockEndsStream;
    private boolean blockOwnParent;

    FrameReader(Sink sink, Http2Limits limits) {
        this.sink = sink;
        this.limits = limits;
    }

    /** What it keeps of a header block has grown to that many bytes beyond what it always has. */
    int moreBytes() {
        return block.length - INITIAL_BLOCK;
    }

    /** Gives back what one large block has made large. */
    void shrink() {
        if (continued == 0 && block.length > MOST_KEPT) block = new byte[INITIAL_BLOCK];
    }

    /** Whether a header block has begun and is not complete. */
    boolean isInBlock() {
        return continued != 0;
    }

    /** How many bytes {@link #read} needs behind those that it has left in {@code in}, at least. */
    int missing(ByteBuf in) {
        int there = in.readableBytes();
        if (there < Frames.HEADER_BYTES) return Frames.HEADER_BYTES - there;
        int at = in.readerIndex();
        int awaited = in.getUnsignedByte(at + 3) == Frames.DATA ? 1 : in.getUnsignedMedium(at);
        return Frames.HEADER_BYTES + awaited - there;
    }

    /** Reads what is there; what stays in {@code in} is the beginning of something. */
    void read(ByteBuf in) {
        while (!sink.isOver() && (inData ? data(in) : frame(in))) { /* the next */ }
    }

    private boolean frame(ByteBuf in) {
        if (in.readableBytes() < Frames.HEADER_BYTES) return false;
        int at = in.readerIndex();
        int length = in.getUnsignedMedium(at);
        int type = in.getUnsignedByte(at + 3);
        int flags = in.getUnsignedByte(at + 4);
        int stream = in.getInt(at + 5) & Integer.MAX_VALUE;
        if (first && in.getInt(at) == HTTP) return fail(ErrorCode.HTTP_1_1_REQUIRED, "HTTP/1.1");
        if (length > Frames.DEFAULT_FRAME_BYTES) return fail(ErrorCode.FRAME_SIZE_ERROR, "frame of " + length + " bytes");
        if (first && (type != Frames.SETTINGS || (flags & Frames.ACK) != 0)) {
            return fail(ErrorCode.PROTOCOL_ERROR, "frame of type " + type + " before SETTINGS");
        }
        if (continued != 0 && (type != Frames.CONTINUATION || stream != continued)) {
            return fail(ErrorCode.PROTOCOL_ERROR, "frame of type " + type + " inside a header block");
        }
        boolean padded = (flags & Frames.PADDED) != 0 && (type == Frames.DATA || type == Frames.HEADERS);
        int awaited = type == Frames.DATA ? padded ? Math.min(1, length) : 0 : length;
        if (in.readableBytes() < Frames.HEADER_BYTES + awaited) return false;
        first = false;
        in.skipBytes(Frames.HEADER_BYTES);
        int pad = 0;
        if (padded) {
            if (length == 0) return fail(ErrorCode.FRAME_SIZE_ERROR, "padded frame without a length of it");
            pad = in.readUnsignedByte();
            length--;
            int head = type == Frames.HEADERS && (flags & Frames.HAS_PRIORITY) != 0 ? PRIORITY_BYTES : 0;
            if (pad > length - head) return fail(ErrorCode.PROTOCOL_ERROR, "padding of " + pad + " bytes in a frame of " + length);
        }
        if (type == Frames.DATA) beginData(stream, length, padded, pad, flags);
        else whole(in, type, flags, stream, length, pad);
        return true;
    }

    private void beginData(int stream, int length, boolean padded, int pad, int flags) {
        if (stream == 0) {
            fail(ErrorCode.PROTOCOL_ERROR, "DATA on stream 0");
            return;
        }
        inData = true;
        dataLeft = length - pad;
        paddingLeft = pad;
        padding = padded ? pad + 1 : 0;
        dataEndsStream = (flags & Frames.END_STREAM) != 0;
        sink.onData(stream, dataLeft + padding);
    }

    private boolean data(ByteBuf in) {
        if (dataLeft > 0) {
            if (!in.isReadable()) return false;
            int n = Math.min(dataLeft, in.readableBytes());
            dataLeft -= n;
            sink.onDataPart(in.readRetainedSlice(n));
            return true;
        }
        int n = Math.min(paddingLeft, in.readableBytes());
        in.skipBytes(n);
        paddingLeft -= n;
        if (paddingLeft > 0) return false;
        inData = false;
        sink.onDataEnd(padding, dataEndsStream);
        return true;
    }

    private void whole(ByteBuf in, int type, int flags, int stream, int length, int pad) {
        int end = in.readerIndex() + length;
        switch (type) {
            case Frames.HEADERS -> headers(in, flags, stream, length - pad);
            case Frames.CONTINUATION -> continuation(in, flags, stream, length);
            case Frames.PRIORITY -> {
                if (stream == 0) fail(ErrorCode.PROTOCOL_ERROR, "PRIORITY on stream 0");
                else if (length != PRIORITY_BYTES) sink.onPriority(stream, ErrorCode.FRAME_SIZE_ERROR);
                else sink.onPriority(stream, (in.readInt() & Integer.MAX_VALUE) == stream ? ErrorCode.PROTOCOL_ERROR : null);
            }
            case Frames.RST_STREAM -> {
                if (stream == 0) fail(ErrorCode.PROTOCOL_ERROR, "RST_STREAM on stream 0");
                else if (length != 4) fail(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM of " + length + " bytes");
                else sink.onReset(stream, in.readUnsignedInt());
            }
            case Frames.SETTINGS -> settings(in, flags, stream, length);
            case Frames.PING -> {
                if (stream != 0) fail(ErrorCode.PROTOCOL_ERROR, "PING on stream " + stream);
                else if (length != 8) fail(ErrorCode.FRAME_SIZE_ERROR, "PING of " + length + " bytes");
                else sink.onPing(in.readLong(), (flags & Frames.ACK) != 0);
            }
            case Frames.GOAWAY -> {
                if (stream != 0) fail(ErrorCode.PROTOCOL_ERROR, "GOAWAY on stream " + stream);
                else if (length < 8) fail(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY of " + length + " bytes");
                else sink.onGoAway(in.readInt() & Integer.MAX_VALUE, in.readUnsignedInt());
            }
            case Frames.WINDOW_UPDATE -> {
                if (length != 4) fail(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE of " + length + " bytes");
                else sink.onWindowUpdate(stream, in.readInt() & Integer.MAX_VALUE);
            }
            // Section 8.4: we have said that we take none, and a client may never send one.
            case Frames.PUSH_PROMISE -> fail(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE");
            default -> sink.onUnknown();
        }
        if (!sink.isOver()) in.readerIndex(end);
    }

    private void headers(ByteBuf in, int flags, int stream, int length) {
        if (stream == 0) {
            fail(ErrorCode.PROTOCOL_ERROR, "HEADERS on stream 0");
            return;
        }
        int left = length;
        blockOwnParent = false;
        if ((flags & Frames.HAS_PRIORITY) != 0) {
            if (left < PRIORITY_BYTES) {
                fail(ErrorCode.FRAME_SIZE_ERROR, "HEADERS of " + length + " bytes with a priority");
                return;
            }
            blockOwnParent = (in.readInt() & Integer.MAX_VALUE) == stream;
            in.skipBytes(1);
            left -= PRIORITY_BYTES;
        }
        blockLength = 0;
        continuations = 0;
        blockEndsStream = (flags & Frames.END_STREAM) != 0;
        collect(in, flags, stream, left);
    }

    private void continuation(ByteBuf in, int flags, int stream, int length) {
        if (continued == 0) {
            fail(ErrorCode.PROTOCOL_ERROR, "CONTINUATION of nothing");
        } else if (++continuations > limits.continuations() || blockLength + length > limits.headBytes()) {
            sink.tooMuch(StopReason.HEADER_BLOCK, "header block over the limit of frames or bytes");
        } else {
            collect(in, flags, stream, length);
        }
    }

    private void collect(ByteBuf in, int flags, int stream, int length) {
        if (blockLength + length > block.length) block = Arrays.copyOf(block, Math.max(block.length * 2, blockLength + length));
        in.readBytes(block, blockLength, length);
        blockLength += length;
        boolean complete = (flags & Frames.END_HEADERS) != 0;
        continued = complete ? 0 : stream;
        if (complete) sink.onHeaders(stream, block, blockLength, blockEndsStream, blockOwnParent);
    }

    private void settings(ByteBuf in, int flags, int stream, int length) {
        boolean ack = (flags & Frames.ACK) != 0;
        if (stream != 0) {
            fail(ErrorCode.PROTOCOL_ERROR, "SETTINGS on stream " + stream);
        } else if (ack ? length != 0 : length % SETTING_BYTES != 0) {
            fail(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS of " + length + " bytes");
        } else if (length > MOST_SETTINGS * SETTING_BYTES) {
            sink.tooMuch(StopReason.CONTROL_FRAMES, length / SETTING_BYTES + " settings in one frame");
        } else {
            for (int i = 0; i < length && !sink.isOver(); i += SETTING_BYTES) sink.onSetting(in.readUnsignedShort(), in.readUnsignedInt());
            if (!sink.isOver()) sink.onSettingsEnd(ack);
        }
    }

    private boolean fail(ErrorCode code, String why) {
        sink.error(code, why);
        return false;
    }
}
