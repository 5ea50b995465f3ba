package mesh.proxy.downstream;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import mesh.proxy.http2.Http2ServerConnection;

/**
 * What a client speaks, as its first bytes tell: HTTP/2 by its preface (RFC 9113 section 3.4), HTTP/1 by a whole request line that says so (RFC 9112
 * section 3), TLS by its ClientHello (RFC 8446 section 4.1.2). Nothing else is looked for.
 */
final class FirstBytes {

    enum Protocol {
        /** More is needed to tell. */
        UNDECIDED,
        HTTP_1,
        HTTP_2,
        TLS,
        OTHER
    }

    /**
     * @param serverName whom TLS asks for, in lower case (RFC 6066 section 3); "" for nobody
     */
    record Finding(Protocol protocol, String serverName) {

        private static final Finding UNDECIDED = new Finding(Protocol.UNDECIDED, "");
        private static final Finding OTHER = new Finding(Protocol.OTHER, "");
        private static final Finding TLS = new Finding(Protocol.TLS, "");
    }

    /** The longest that is waited for; a ClientHello is some hundred bytes, with keys that resist quantum computers 2 KiB. */
    static final int MOST = 16 * 1024;

    private static final int LONGEST_METHOD = 32;
    private static final int HANDSHAKE = 22, CLIENT_HELLO = 1, SERVER_NAME = 0, HOST_NAME = 0;
    private static final int RECORD_HEAD = 5, HANDSHAKE_HEAD = 4, VERSION_AND_RANDOM = 34;
    private static final byte[] HTTP_1_0 = " HTTP/1.0".getBytes(StandardCharsets.US_ASCII), HTTP_1_1 = " HTTP/1.1".getBytes(StandardCharsets.US_ASCII);

    private FirstBytes() {}

    /** @param in all that has come; its indices stay */
    static Finding look(ByteBuf in) {
        if (!in.isReadable()) return Finding.UNDECIDED;
        if (in.getByte(in.readerIndex()) == HANDSHAKE) return tls(in);
        Finding found = http(in);
        return found == Finding.UNDECIDED && in.readableBytes() >= MOST ? Finding.OTHER : found;
    }

    private static Finding http(ByteBuf in) {
        byte[] preface = Http2ServerConnection.PREFACE;
        int same = 0;
        int from = in.readerIndex();
        int n = in.readableBytes();
        while (same < preface.length && same < n && in.getByte(from + same) == preface[same]) same++;
        if (same == preface.length) return new Finding(Protocol.HTTP_2, "");
        if (same == n) return Finding.UNDECIDED;
        int method = 0;
        while (method < n && isMethod(in.getByte(from + method))) method++;
        if (method > LONGEST_METHOD) return Finding.OTHER;
        if (method == n) return Finding.UNDECIDED;
        if (method == 0 || in.getByte(from + method) != ' ') return Finding.OTHER;
        int end = in.indexOf(from, from + n, (byte) '\n');
        if (end < 0) return Finding.UNDECIDED;
        if (end > from && in.getByte(end - 1) == '\r') end--;
        return endsWith(in, from + method, end, HTTP_1_1) || endsWith(in, from + method, end, HTTP_1_0) ? new Finding(Protocol.HTTP_1, "") : Finding.OTHER;
    }

    /** Those that there are have capitals, some a hyphen. */
    private static boolean isMethod(byte b) {
        return b >= 'A' && b <= 'Z' || b == '-';
    }

    private static boolean endsWith(ByteBuf in, int from, int to, byte[] text) {
        // Something stands between: the target.
        if (to - from <= text.length + 1) return false;
        for (int i = 0; i < text.length; i++) if (in.getByte(to - text.length + i) != text[i]) return false;
        return true;
    }

    /** One that is broken is the server's to judge. */
    private static Finding tls(ByteBuf in) {
        byte[] hello = new byte[Math.min(in.readableBytes(), MOST)];
        int length = 0;
        int at = in.readerIndex();
        int end = at + in.readableBytes();
        // A ClientHello may come in several records.
        while (at < end) {
            if (in.getByte(at) != HANDSHAKE || at + 1 < end && in.getByte(at + 1) != 3) return Finding.OTHER;
            if (at + RECORD_HEAD > end) break;
            int record = in.getUnsignedShort(at + 3);
            if (record == 0 || record > MOST) return Finding.OTHER;
            at += RECORD_HEAD;
            int part = Math.min(record, Math.min(end - at, hello.length - length));
            in.getBytes(at, hello, length, part);
            length += part;
            if (length >= 1 && hello[0] != CLIENT_HELLO) return Finding.OTHER;
            if (length >= HANDSHAKE_HEAD) {
                int whole = HANDSHAKE_HEAD + u24(hello, 1);
                if (length >= whole) return new Finding(Protocol.TLS, serverName(new Hello(hello, HANDSHAKE_HEAD, whole)));
                if (whole > MOST) return Finding.TLS;
            }
            if (part < record) break;
            at += record;
        }
        return in.readableBytes() >= MOST ? Finding.TLS : Finding.UNDECIDED;
    }

    /** A part of a ClientHello that is read from its beginning. */
    private static final class Hello {

        private final byte[] bytes;
        private final int end;
        private int at;

        Hello(byte[] bytes, int from, int end) {
            this.bytes = bytes;
            this.at = from;
            this.end = end;
        }

        /** Whether there is room for so many. */
        boolean skip(int n) {
            at += n;
            return at <= end;
        }

        /** A number of so many bytes; -1 where it is cut. */
        int number(int size) {
            int value = 0;
            for (int i = 0; i < size; i++) {
                if (at >= end) return -1;
                value = value << 8 | bytes[at++] & 0xFF;
            }
            return value;
        }

        /** What follows its length; null where it is cut. */
        Hello vector(int sizeBytes) {
            int length = number(sizeBytes);
            if (length < 0 || length > end - at) return null;
            Hello part = new Hello(bytes, at, at + length);
            at += length;
            return part;
        }
    }

    private static int u24(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 16 | (bytes[at + 1] & 0xFF) << 8 | bytes[at + 2] & 0xFF;
    }

    /** Past version, random, session, cipher suites and compression to the extension. */
    private static String serverName(Hello hello) {
        if (!hello.skip(VERSION_AND_RANDOM) || hello.vector(1) == null || hello.vector(2) == null || hello.vector(1) == null) return "";
        Hello extensions = hello.vector(2);
        while (extensions != null) {
            int type = extensions.number(2);
            Hello body = type < 0 ? null : extensions.vector(2);
            if (body == null) return "";
            if (type != SERVER_NAME) continue;
            Hello names = body.vector(2);
            if (names == null || names.number(1) != HOST_NAME) return "";
            Hello name = names.vector(2);
            return name == null ? "" : new String(name.bytes, name.at, name.end - name.at, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
        }
        return "";
    }
}
