package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;

/**
 * Writes frames. Small ones gather in one buffer, which goes to the channel as one write when the batch is over; large parts of bodies go as
 * they are, between such buffers.
 */
final class FrameWriter {

    private static final int BUFFER = 4 * 1024;
    /** What gathers before it is handed over in the middle of a batch. */
    private static final int HAND_OVER = 16 * 1024;
    /** Up to here copying is cheaper than one more buffer in the channel's queue. */
    private static final int COPIED = 1024;

    private final HpackEncoder hpack = new HpackEncoder();
    private ChannelHandlerContext ctx;
    private ByteBuf gathered;
    private int unflushed;

    void attach(ChannelHandlerContext context) {
        ctx = context;
    }

    HpackEncoder hpack() {
        return hpack;
    }

    /** Passes on to the channel what has gathered. */
    void handOver() {
        if (gathered == null) return;
        ByteBuf out = gathered;
        gathered = null;
        unflushed += out.readableBytes();
        ctx.write(out, ctx.voidPromise());
    }

    /** What has been handed over since the last flush. */
    int unflushed() {
        return unflushed;
    }

    void flushed() {
        unflushed = 0;
    }

    void drop() {
        if (gathered != null) gathered.release();
        gathered = null;
    }

    /** Raw bytes: the client's preface. */
    void raw(byte[] bytes) {
        buffer(bytes.length).writeBytes(bytes);
    }

    /** Begins a header block; what is written to the buffer until {@link #endBlock} is the block. */
    ByteBuf beginBlock() {
        return buffer(BUFFER).writeZero(Frames.HEADER_BYTES);
    }

    /** @param start the buffer's writer index before {@link #beginBlock} */
    void endBlock(int start, int stream, boolean endStream) {
        ByteBuf out = gathered;
        int flags = endStream ? Frames.END_STREAM : 0;
        int length = out.writerIndex() - start - Frames.HEADER_BYTES;
        if (length <= Frames.DEFAULT_FRAME_BYTES) {
            setHeader(out, start, length, Frames.HEADERS, flags | Frames.END_HEADERS, stream);
        } else {
            split(out, start, length, flags, stream);
        }
        handOverIfLarge();
    }

    private static void split(ByteBuf out, int start, int length, int flags, int stream) {
        byte[] block = new byte[length];
        out.getBytes(start + Frames.HEADER_BYTES, block);
        out.writerIndex(start);
        for (int from = 0; from < length; ) {
            int n = Math.min(Frames.DEFAULT_FRAME_BYTES, length - from);
            int end = from + n == length ? Frames.END_HEADERS : 0;
            header(out, n, from == 0 ? Frames.HEADERS : Frames.CONTINUATION, (from == 0 ? flags : 0) | end, stream);
            out.writeBytes(block, from, n);
            from += n;
        }
    }

    /** Where the next frame will begin. */
    int position() {
        return gathered == null ? 0 : gathered.writerIndex();
    }

    /** @param part null for an empty frame; is owned */
    void data(int stream, ByteBuf part, boolean endStream) {
        int length = part == null ? 0 : part.readableBytes();
        ByteBuf out = buffer(Frames.HEADER_BYTES + (length <= COPIED ? length : 0));
        header(out, length, Frames.DATA, endStream ? Frames.END_STREAM : 0, stream);
        if (part == null) return;
        if (length <= COPIED) {
            out.writeBytes(part);
            part.release();
            handOverIfLarge();
        } else {
            handOver();
            unflushed += length;
            ctx.write(part, ctx.voidPromise());
        }
    }

    void reset(int stream, ErrorCode code) {
        header(buffer(13), 4, Frames.RST_STREAM, 0, stream).writeInt(code.ordinal());
    }

    /** @param settings identifiers and values by turns */
    void settings(int... settings) {
        ByteBuf out = header(buffer(9 + settings.length * 3), settings.length / 2 * 6, Frames.SETTINGS, 0, 0);
        for (int i = 0; i < settings.length; i += 2) out.writeShort(settings[i]).writeInt(settings[i + 1]);
    }

    void settingsAck() {
        header(buffer(9), 0, Frames.SETTINGS, Frames.ACK, 0);
    }

    void ping(long data, boolean ack) {
        header(buffer(17), 8, Frames.PING, ack ? Frames.ACK : 0, 0).writeLong(data);
    }

    void goAway(int lastStream, ErrorCode code) {
        header(buffer(17), 8, Frames.GOAWAY, 0, 0).writeInt(lastStream).writeInt(code.ordinal());
    }

    void windowUpdate(int stream, int increment) {
        header(buffer(13), 4, Frames.WINDOW_UPDATE, 0, stream).writeInt(increment);
    }

    private static ByteBuf header(ByteBuf out, int length, int type, int flags, int stream) {
        return out.writeMedium(length).writeByte(type).writeByte(flags).writeInt(stream);
    }

    private static void setHeader(ByteBuf out, int at, int length, int type, int flags, int stream) {
        out.setMedium(at, length).setByte(at + 3, type).setByte(at + 4, flags).setInt(at + 5, stream);
    }

    private ByteBuf buffer(int more) {
        if (gathered == null) gathered = ctx.alloc().ioBuffer(Math.max(BUFFER, more));
        return gathered;
    }

    private void handOverIfLarge() {
        if (gathered != null && gathered.readableBytes() >= HAND_OVER) handOver();
    }
}
