package mesh.proxy.http2;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * The other end of a connection under test, as RFC 9113 says it should be, in as few words as possible: it keeps the accounts of both
 * directions and objects as soon as we do what we may not.
 */
final class ModelPeer {

    /** What it knows of one stream. */
    static final class Stream {
        final int id;
        /** What we may still send on it, and what it may send us. */
        int ourWindow;
        int itsWindow;
        final ByteArrayOutputStream received = new ByteArrayOutputStream();
        final ByteArrayOutputStream sent = new ByteArrayOutputStream();
        Http2Headers head;
        Http2Headers trailers;
        boolean ended;
        boolean itsEnd;
        /** Its own head is out. */
        boolean itsHead;
        ErrorCode reset;

        Stream(int id, int ourWindow, int itsWindow) {
            this.id = id;
            this.ourWindow = ourWindow;
            this.itsWindow = itsWindow;
        }

        @Override
        public String toString() {
            return "stream %d: %d sent, ended %s, window %d; %d received, ended %s, window %d; reset %s".formatted(
                id, sent.size(), itsEnd, itsWindow, received.size(), ended, ourWindow, reset);
        }
    }

    final Map<Integer, Stream> streams = new TreeMap<>();
    final EmbeddedChannel channel;
    private final Random random;
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private final ByteBuf unread = Unpooled.buffer();
    private final boolean client;
    private boolean prefaceSeen;
    int ourWindow = Frames.DEFAULT_WINDOW;
    int itsWindow = Frames.DEFAULT_WINDOW;
    /** What new streams begin with: ours by its settings, its by ours. */
    int ourInitial = Frames.DEFAULT_WINDOW;
    int itsInitial = Frames.DEFAULT_WINDOW;
    int wentAway = -1;
    ErrorCode awayCode;
    int pongs;
    private final ArrayDeque<Integer> unacknowledged = new ArrayDeque<>();

    /** @param client whether the peer is one, and the connection under test a server's */
    ModelPeer(EmbeddedChannel channel, Random random, boolean client) {
        this.channel = channel;
        this.random = random;
        this.client = client;
        channel.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
                if (message instanceof Runnable task) task.run();
                else context.fireChannelRead(message);
            }
        });
    }

    // What it says.

    void hello(int... settings) {
        if (client) write(Unpooled.wrappedBuffer(Http2ServerConnection.PREFACE));
        settings(settings);
    }

    void settings(int... settings) {
        int window = unacknowledged.isEmpty() ? ourInitial : unacknowledged.getLast();
        ByteBuf payload = Unpooled.buffer();
        for (int i = 0; i < settings.length; i += 2) {
            payload.writeShort(settings[i]).writeInt(settings[i + 1]);
            window = settings[i] == Frames.INITIAL_WINDOW_SIZE ? settings[i + 1] : window;
        }
        unacknowledged.add(window);
        frame(Frames.SETTINGS, 0, 0, payload);
    }

    Stream open(int id, Http2Headers head, boolean end) throws Exception {
        Stream stream = streams.computeIfAbsent(id, n -> new Stream(n, ourInitial, itsInitial));
        head(stream, head, end);
        return stream;
    }

    void head(Stream stream, Http2Headers head, boolean end) throws Exception {
        ByteBuf block = Unpooled.buffer();
        encoder.encodeHeaders(stream.id, head, block);
        stream.itsHead = true;
        stream.itsEnd |= end;
        frame(Frames.HEADERS, Frames.END_HEADERS | (end ? Frames.END_STREAM : 0), stream.id, block);
    }

    /** As much as the windows allow. @return how much that was */
    int data(Stream stream, int most, boolean end) {
        int n = Math.max(0, Math.min(Math.min(most, Frames.DEFAULT_FRAME_BYTES), Math.min(stream.itsWindow, itsWindow)));
        if (n < most) end = false;
        if (n == 0 && !end) return 0;
        byte[] bytes = new byte[n];
        random.nextBytes(bytes);
        stream.sent.writeBytes(bytes);
        stream.itsWindow -= n;
        itsWindow -= n;
        stream.itsEnd |= end;
        frame(Frames.DATA, end ? Frames.END_STREAM : 0, stream.id, Unpooled.wrappedBuffer(bytes));
        return n;
    }

    void window(Stream stream, int increment) {
        if (stream == null) ourWindow += increment;
        else stream.ourWindow += increment;
        frame(Frames.WINDOW_UPDATE, 0, stream == null ? 0 : stream.id, Unpooled.buffer().writeInt(increment));
    }

    void reset(Stream stream, ErrorCode code) {
        stream.reset = code;
        frame(Frames.RST_STREAM, 0, stream.id, Unpooled.buffer().writeInt(code.ordinal()));
    }

    void frame(int type, int flags, int stream, ByteBuf payload) {
        ByteBuf frame = Unpooled.buffer();
        frame.writeMedium(payload.readableBytes()).writeByte(type).writeByte(flags).writeInt(stream).writeBytes(payload);
        write(frame);
    }

    /** In pieces of any size, some of them together. */
    private void write(ByteBuf bytes) {
        while (bytes.isReadable()) {
            int n = random.nextInt(3) == 0 ? 1 + random.nextInt(bytes.readableBytes()) : bytes.readableBytes();
            ByteBuf part = Unpooled.copiedBuffer(bytes.readSlice(n));
            inLoop(() -> channel.pipeline().fireChannelRead(part));
            if (random.nextInt(4) == 0) flush();
        }
    }

    void flush() {
        inLoop(() -> channel.pipeline().fireChannelReadComplete());
        listen();
    }

    /** As a loop does it: what is scheduled meanwhile runs afterwards, where an embedded channel left to itself would run it in between. */
    void inLoop(Runnable task) {
        channel.writeOneInbound(task);
        channel.checkException();
    }

    // What it hears, and what it thinks of it.

    private void listen() {
        for (ByteBuf out; (out = channel.readOutbound()) != null; out.release()) unread.writeBytes(out);
        if (!client && !prefaceSeen && unread.readableBytes() >= Http2ServerConnection.PREFACE.length) {
            byte[] preface = new byte[Http2ServerConnection.PREFACE.length];
            unread.readBytes(preface);
            check(Arrays.equals(preface, Http2ServerConnection.PREFACE), "preface " + ByteBufUtil.hexDump(preface));
            prefaceSeen = true;
        }
        while (unread.readableBytes() >= Frames.HEADER_BYTES) {
            int length = unread.getUnsignedMedium(unread.readerIndex());
            if (unread.readableBytes() < Frames.HEADER_BYTES + length) return;
            check(length <= Frames.DEFAULT_FRAME_BYTES, "frame of " + length);
            int type = unread.getByte(unread.readerIndex() + 3);
            int flags = unread.getByte(unread.readerIndex() + 4);
            int stream = unread.getInt(unread.readerIndex() + 5);
            unread.skipBytes(Frames.HEADER_BYTES);
            hear(type, flags, stream, unread.readSlice(length));
        }
        unread.discardReadBytes();
    }

    private void hear(int type, int flags, int id, ByteBuf payload) {
        boolean end = (flags & Frames.END_STREAM) != 0;
        switch (type) {
            case Frames.DATA -> {
                Stream stream = open(id, "DATA");
                check(stream.head != null, "DATA before HEADERS on " + id);
                int n = payload.readableBytes();
                stream.ourWindow -= n;
                ourWindow -= n;
                check(n == 0 || stream.ourWindow >= 0, "stream " + id + ": window exceeded by " + -stream.ourWindow);
                check(n == 0 || ourWindow >= 0, "connection: window exceeded by " + -ourWindow);
                stream.received.writeBytes(ByteBufUtil.getBytes(payload));
                stream.ended = end;
            }
            case Frames.HEADERS -> {
                check((flags & Frames.END_HEADERS) != 0, "a header block in pieces");
                Stream stream = client ? open(id, "HEADERS") : streams.computeIfAbsent(id, n -> new Stream(n, ourInitial, itsInitial));
                check(!stream.ended, "HEADERS after the end on " + id);
                Http2Headers head = decode(id, payload);
                if (stream.head == null) stream.head = head;
                else stream.trailers = head;
                stream.ended = end;
            }
            case Frames.RST_STREAM -> {
                check(streams.containsKey(id), "RST_STREAM on " + id);
                if (streams.get(id).reset == null) streams.get(id).reset = ErrorCode.of(payload.readUnsignedInt());
            }
            case Frames.SETTINGS -> {
                if ((flags & Frames.ACK) != 0) {
                    acknowledged(unacknowledged.remove());
                    return;
                }
                while (payload.isReadable()) {
                    int setting = payload.readUnsignedShort();
                    int value = payload.readInt();
                    if (setting != Frames.INITIAL_WINDOW_SIZE) continue;
                    for (Stream stream : streams.values()) stream.itsWindow += value - itsInitial;
                    itsInitial = value;
                }
            }
            case Frames.PING -> pongs++;
            case Frames.GOAWAY -> {
                wentAway = payload.readInt();
                awayCode = ErrorCode.of(payload.readUnsignedInt());
            }
            case Frames.WINDOW_UPDATE -> {
                int increment = payload.readInt();
                check(increment > 0, "WINDOW_UPDATE of " + increment);
                if (id == 0) itsWindow = Math.addExact(itsWindow, increment);
                else if (streams.containsKey(id)) streams.get(id).itsWindow = Math.addExact(streams.get(id).itsWindow, increment);
            }
            default -> check(false, "frame of type " + type);
        }
    }

    /** Only now do our settings hold for what it sends. */
    private void acknowledged(int window) {
        for (Stream stream : streams.values()) stream.ourWindow += window - ourInitial;
        ourInitial = window;
    }

    private Stream open(int id, String what) {
        Stream stream = streams.get(id);
        check(stream != null, what + " on stream " + id + ", which is idle");
        check(!stream.ended, what + " after the end on " + id);
        return stream;
    }

    private Http2Headers decode(int id, ByteBuf block) {
        try {
            return decoder.decodeHeaders(id, block);
        } catch (Exception e) {
            throw new AssertionError("header block of stream " + id, e);
        }
    }

    private static void check(boolean condition, String otherwise) {
        if (!condition) throw new AssertionError(otherwise);
    }

    static Http2Headers get(String path) {
        return new DefaultHttp2Headers().method("GET").scheme("http").authority("h").path(path);
    }

    static Http2Headers post(String path) {
        return new DefaultHttp2Headers().method("POST").scheme("http").authority("h").path(path);
    }
}
