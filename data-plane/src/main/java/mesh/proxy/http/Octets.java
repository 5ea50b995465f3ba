package mesh.proxy.http;

/** The character classes of RFC 9110 and RFC 3986 as tables, and comparisons of bytes without strings. */
public final class Octets {

    private static final byte TOKEN = 1;
    private static final byte FIELD_VALUE = 2;
    private static final byte PATH = 4;
    private static final byte REG_NAME = 8;
    private static final byte QUERY = 16;
    private static final byte URI = 32;

    private static final byte[] CLASSES = new byte[256];

    static {
        for (char c = '0'; c <= '9'; c++) allow(TOKEN | PATH | REG_NAME, c);
        for (char c = 'a'; c <= 'z'; c++) allow(TOKEN | PATH | REG_NAME, c);
        for (char c = 'A'; c <= 'Z'; c++) allow(TOKEN | PATH | REG_NAME, c);
        // RFC 9110 section 5.6.2.
        allow(TOKEN, "!#$%&'*+-.^_`|~");
        // RFC 9110 section 5.5: visible characters, space, tab and obs-text.
        for (int c = 0x20; c <= 0xff; c++) if (c != 0x7f) allow(FIELD_VALUE, (char) c);
        allow(FIELD_VALUE, '\t');
        // RFC 3986 sections 2.2 and 2.3; browsers leave [ ] | in a path unescaped, so they are let through.
        allow(PATH | REG_NAME, "-._~!$&'()*+,;=");
        allow(PATH, "%:@/[]|");
        for (char c = 0x21; c <= 0x7e; c++) if ((CLASSES[c] & PATH) != 0 && "[]|".indexOf(c) < 0 || c == '?') allow(URI, c);
        // A query is the application's: visible ASCII, but no fragment (RFC 9110 section 7.1).
        for (char c = 0x21; c <= 0x7e; c++) if (c != '#') allow(QUERY, c);
    }

    private Octets() {}

    private static void allow(int classes, char c) {
        CLASSES[c] |= (byte) classes;
    }

    private static void allow(int classes, String characters) {
        for (char c : characters.toCharArray()) allow(classes, c);
    }

    /** A character of a method or a field name. */
    public static boolean isToken(byte b) {
        return (CLASSES[b & 0xff] & TOKEN) != 0;
    }

    /** What may stand in a field value: no control character but tab, and no NUL, CR or LF. */
    public static boolean isFieldValue(byte b) {
        return (CLASSES[b & 0xff] & FIELD_VALUE) != 0;
    }

    static boolean isFieldValue(char c) {
        return c <= 0xff && (CLASSES[c] & FIELD_VALUE) != 0;
    }

    static boolean isPath(byte b) {
        return (CLASSES[b & 0xff] & PATH) != 0;
    }

    static boolean isRegName(byte b) {
        return (CLASSES[b & 0xff] & REG_NAME) != 0;
    }

    static boolean isQuery(byte b) {
        return (CLASSES[b & 0xff] & QUERY) != 0;
    }

    /** What may stand in a URI's path and query, escapes included (RFC 3986 sections 3.3 and 3.4). */
    public static boolean isUri(char c) {
        return c <= 0x7f && (CLASSES[c] & URI) != 0;
    }

    public static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    /** The value of a hexadecimal digit, or -1. */
    public static int hex(byte b) {
        if (b >= '0' && b <= '9') return b - '0';
        int lower = b | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    /** The number that the digits make, or -1 where there is anything but digits, nothing, or more than 2^63-1. */
    public static long decimal(byte[] bytes, int from, int to) {
        if (from == to) return -1;
        long n = 0;
        for (int i = from; i < to; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9 || n > (Long.MAX_VALUE - digit) / 10) return -1;
            n = n * 10 + digit;
        }
        return n;
    }

    public static boolean isToken(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c > 0x7f || !isToken((byte) c)) return false;
        }
        return text.length() > 0;
    }

    /** Whether the bytes are {@code lowerCase}, in any case. */
    public static boolean equalsIgnoreCase(byte[] bytes, int from, int to, byte[] lowerCase) {
        return to - from == lowerCase.length && matchesIgnoreCase(bytes, from, lowerCase);
    }

    /** Whether {@code lowerCase} stands at {@code from}, in any case; the caller has checked that it fits. */
    static boolean matchesIgnoreCase(byte[] bytes, int from, byte[] lowerCase) {
        for (int i = 0; i < lowerCase.length; i++) {
            if (lower(bytes[from + i]) != lowerCase[i]) return false;
        }
        return true;
    }

    /** Whether two parts of the same array are equal but for case. */
    static boolean equalIgnoringCase(byte[] bytes, int from, int to, int otherFrom, int otherTo) {
        if (to - from != otherTo - otherFrom) return false;
        for (int i = 0; i < to - from; i++) {
            if (lower(bytes[from + i]) != lower(bytes[otherFrom + i])) return false;
        }
        return true;
    }

    /** A hash that is the same in any case. */
    public static int hashIgnoreCase(byte[] bytes, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) hash = hash * 31 + lower(bytes[i]);
        return hash;
    }

    static byte lower(byte b) {
        return b >= 'A' && b <= 'Z' ? (byte) (b | 0x20) : b;
    }
}
