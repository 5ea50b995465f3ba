package mesh.proxy.http2;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The fields that both sides know from the beginning (RFC 7541 appendix A), and how to find one by its name. */
final class StaticTable {

    static final int SIZE = 61;

    static final int AUTHORITY = 1, METHOD_GET = 2, METHOD_POST = 3, PATH_SLASH = 4, SCHEME_HTTP = 6, SCHEME_HTTPS = 7, STATUS_200 = 8, HOST = 38;

    /** The statuses from {@link #STATUS_200} on. */
    private static final int[] STATUSES = {200, 204, 206, 304, 400, 404, 500};

    private static final String[] FIELDS = {
        ":authority", ":method=GET", ":method=POST", ":path=/", ":path=/index.html", ":scheme=http", ":scheme=https", ":status=200",
        ":status=204", ":status=206", ":status=304", ":status=400", ":status=404", ":status=500", "accept-charset",
        "accept-encoding=gzip, deflate", "accept-language", "accept-ranges", "accept", "access-control-allow-origin", "age", "allow",
        "authorization", "cache-control", "content-disposition", "content-encoding", "content-language", "content-length",
        "content-location", "content-range", "content-type", "cookie", "date", "etag", "expect", "expires", "from", "host", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "last-modified", "link", "location",
        "max-forwards", "proxy-authenticate", "proxy-authorization", "range", "referer", "refresh", "retry-after", "server", "set-cookie",
        "strict-transport-security", "transfer-encoding", "user-agent", "vary", "via", "www-authenticate"
    };

    private static final byte[][] NAMES = new byte[SIZE + 1][];
    private static final byte[][] VALUES = new byte[SIZE + 1][];

    /** Indexes by a hash of length and outer letters, several of one hash side by side. */
    private static final int SLOTS = 256;
    private static final byte[] BY_NAME = new byte[SLOTS];

    static {
        for (int i = 1; i <= SIZE; i++) {
            String[] parts = FIELDS[i - 1].split("=", 2);
            NAMES[i] = parts[0].getBytes(StandardCharsets.US_ASCII);
            VALUES[i] = (parts.length == 1 ? "" : parts[1]).getBytes(StandardCharsets.US_ASCII);
            if (i > 1 && Arrays.equals(NAMES[i], NAMES[i - 1])) continue;
            int slot = slot(NAMES[i], 0, NAMES[i].length);
            while (BY_NAME[slot] != 0) slot = slot + 1 & SLOTS - 1;
            BY_NAME[slot] = (byte) i;
        }
    }

    private StaticTable() {}

    /** @param index 1 to {@link #SIZE}; the array is not to be changed */
    static byte[] name(int index) {
        return NAMES[index];
    }

    /** As {@link #name}; empty where the table knows only a name. */
    static byte[] value(int index) {
        return VALUES[index];
    }

    /** The index of a field with that lower-case name, or 0. */
    static int find(byte[] text, int from, int to) {
        for (int slot = slot(text, from, to); BY_NAME[slot] != 0; slot = slot + 1 & SLOTS - 1) {
            byte[] name = NAMES[BY_NAME[slot]];
            if (Arrays.equals(name, 0, name.length, text, from, to)) return BY_NAME[slot];
        }
        return 0;
    }

    /** The index of {@code :status} with that value, or 0. */
    static int status(int status) {
        for (int i = 0; i < STATUSES.length; i++) {
            if (STATUSES[i] == status) return STATUS_200 + i;
        }
        return 0;
    }

    private static int slot(byte[] text, int from, int to) {
        return (to - from) * 31 + text[from] * 7 + text[to - 1] & SLOTS - 1;
    }
}
