package mesh.proxy;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Frames of HTTP/2 as bytes (RFC 9113 section 6), right or wrong as a test wants them, and what a peer says read frame by frame. */
public final class RawHttp2 {

    public static final int DATA = 0, HEADERS = 1, PRIORITY = 2, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8, CONTINUATION = 9;
    public static final int END_STREAM = 1, ACK = 1, END_HEADERS = 4;
    public static final int NO_ERROR = 0, PROTOCOL_ERROR = 1, FLOW_CONTROL_ERROR = 3, REFUSED_STREAM = 7, COMPRESSION_ERROR = 9, ENHANCE_YOUR_CALM = 11;
    /** What a sidecar says first: SETTINGS with three of them, and a WINDOW_UPDATE. */
    public static final int SETTINGS_BYTES = 9 + 3 * 6 + 9 + 4;

    /** What has come. */
    public record Frame(int type, int flags, int stream, byte[] payload) {

        boolean endsStream() {
            return (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
        }

        /** Of a GOAWAY or RST_STREAM. */
        int code() {
            return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? 4 : 0);
        }

        /** Of HEADERS that a sidecar has written: it packs :status first. */
        int status() {
            int first = payload[0] & 0xff;
            return switch (first) {
                case 0x88 -> 200;
                case 0x89 -> 204;
                case 0x8c -> 400;
                case 0x8d -> 404;
                case 0x8e -> 500;
                default -> Integer.parseInt(new String(payload, 2, 3, StandardCharsets.ISO_8859_1));
            };
        }
    }

    private RawHttp2() {}

    // What a client says.

    /** The preface and SETTINGS. @param settings identifiers and values by turns */
    public static byte[] hello(int... settings) {
        ByteBuffer payload = ByteBuffer.allocate(settings.length * 3);
        for (int i = 0; i < settings.length; i += 2) payload.putShort((short) settings[i]).putInt(settings[i + 1]);
        return join("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII), frame(SETTINGS, 0, 0, payload.array()));
    }

    public static byte[] frame(int type, int flags, int stream, byte... payload) {
        return ByteBuffer.allocate(9 + payload.length)
            .put((byte) (payload.length >> 16)).putShort((short) payload.length).put((byte) type).put((byte) flags).putInt(stream).put(payload).array();
    }

    /** With a number of 32 bits, as RST_STREAM and WINDOW_UPDATE have. */
    public static byte[] number(int type, int stream, int number) {
        return frame(type, 0, stream, ByteBuffer.allocate(4).putInt(number).array());
    }

    /** A whole request. */
    public static byte[] get(int stream, String path) {
        return frame(HEADERS, END_HEADERS | END_STREAM, stream, head(0x82, path));
    }

    /** A request whose body is to follow. */
    public static byte[] post(int stream, String path) {
        return frame(HEADERS, END_HEADERS, stream, head(0x83, path));
    }

    /** A header block. @param method the static table's entry with its first bit set */
    public static byte[] head(int method, String path) {
        return join(new byte[] {(byte) method, (byte) 0x86, 0x04, (byte) path.length()}, path.getBytes(StandardCharsets.US_ASCII),
            new byte[] {0x01, 1, 'a'});
    }

    /** A field that is not remembered; name and value of up to 126 characters. */
    public static byte[] field(String name, String value) {
        return join(new byte[] {0, (byte) name.length()}, name.getBytes(StandardCharsets.US_ASCII),
            new byte[] {(byte) value.length()}, value.getBytes(StandardCharsets.US_ASCII));
    }

    /** A field that is remembered: index 62 from now on. @param name of up to 126 characters */
    public static byte[] remembered(String name, String value) {
        int rest = value.length() - 127;
        byte[] length = rest < 0 ? new byte[] {(byte) value.length()} : new byte[] {0x7f, (byte) (rest & 0x7f | 0x80), (byte) (rest >> 7)};
        return join(new byte[] {0x40, (byte) name.length()}, name.getBytes(StandardCharsets.US_ASCII), length, value.getBytes(StandardCharsets.US_ASCII));
    }

    public static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] each : parts) all.writeBytes(each);
        return all.toByteArray();
    }

    // What it hears.

    /** The next frame. */
    public static Frame read(InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        int lengthAndType = data.readInt();
        int flags = data.readUnsignedByte();
        int stream = data.readInt();
        byte[] payload = new byte[lengthAndType >>> 8];
        data.readFully(payload);
        return new Frame(lengthAndType & 0xff, flags, stream, payload);
    }

    /** The next frame of that type and stream. */
    public static Frame await(InputStream in, int type, int stream) throws IOException {
        while (true) {
            Frame frame = read(in);
            if (frame.type() == type && frame.stream() == stream) return frame;
            if (frame.type() == GOAWAY) throw new IOException("GOAWAY " + frame.code() + " (expected: frame of type " + type + " on stream " + stream + ")");
        }
    }

    /** What the connection ends with, which it must. @return the last GOAWAY's code; -1 when there was none */
    public static int end(InputStream in) throws IOException {
        int code = -1;
        try {
            while (true) {
                Frame frame = read(in);
                if (frame.type() == GOAWAY) code = frame.code();
            }
        } catch (EOFException e) {
            return code;
        }
    }
}
