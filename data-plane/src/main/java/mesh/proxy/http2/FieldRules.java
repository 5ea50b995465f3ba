package mesh.proxy.http2;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.Octets;

/** What a field may be in HTTP/2 (RFC 9113 section 8.2). */
final class FieldRules {

    static final FieldName COOKIE = FieldName.of("cookie");

    private static final byte[] TRAILERS = {'t', 'r', 'a', 'i', 'l', 'e', 'r', 's'};

    private FieldRules() {}

    /** Whether a field is about an HTTP/1.1 connection, and so of no meaning here: may not come in, and does not go out. */
    static boolean isOfOneHop(byte[] text, int from, int to) {
        return switch (to - from) {
            case 7 -> FieldName.UPGRADE.matches(text, from, to);
            case 10 -> FieldName.CONNECTION.matches(text, from, to) || FieldName.KEEP_ALIVE.matches(text, from, to);
            case 16 -> FieldName.PROXY_CONNECTION.matches(text, from, to);
            case 17 -> FieldName.TRANSFER_ENCODING.matches(text, from, to);
            default -> false;
        };
    }

    /** Lower-case token, and not one of the forbidden. */
    static boolean isName(byte[] text, int from, int to) {
        if (from == to) return false;
        for (int i = from; i < to; i++) {
            byte b = text[i];
            if (!Octets.isToken(b) || b >= 'A' && b <= 'Z') return false;
        }
        return !isOfOneHop(text, from, to);
    }

    /** No control characters, and no white space around it. */
    static boolean isValue(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (!Octets.isFieldValue(text[i])) return false;
        }
        return from == to || !isBlank(text[from]) && !isBlank(text[to - 1]);
    }

    /** Visible ASCII, which is all that a pseudo-header needs: nothing that could end a line or a word in HTTP/1.1. */
    static boolean isPseudoValue(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text[i] < 0x21 || text[i] > 0x7e) return false;
        }
        return true;
    }

    /** Whether a {@code te} field says no more than HTTP/2 allows it. */
    static boolean isTe(byte[] text, int from, int to) {
        return Octets.equalsIgnoreCase(text, from, to, TRAILERS);
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }
}
