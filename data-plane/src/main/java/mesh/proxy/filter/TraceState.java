package mesh.proxy.filter;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;

/**
 * Whether the {@code tracestate} of a head may be passed on (W3C Trace Context section 3.3). Its fields are one list; one member that
 * breaks the grammar spoils all. There is no limit to its length but the head's: 512 characters are what must be passed on, not the most.
 */
final class TraceState {

    /** Empty members count (section 3.3.1.1). */
    private static final int MOST_MEMBERS = 32;
    private static final int MOST_KEY = 256, MOST_TENANT = 241, MOST_SYSTEM = 14, MOST_VALUE = 256;

    private TraceState() {}

    static boolean isValid(Fields head) {
        int members = 0;
        for (int at = head.indexOf(FieldName.TRACESTATE, 0); at >= 0; at = head.indexOf(FieldName.TRACESTATE, at + 1)) {
            byte[] text = head.text();
            int end = head.valueEnd(at);
            for (int from = head.valueStart(at); from <= end; members++) {
                int comma = indexOf(text, ',', from, end);
                if (!isMember(text, from, comma)) return false;
                from = comma + 1;
            }
        }
        return members <= MOST_MEMBERS;
    }

    private static boolean isMember(byte[] text, int from, int end) {
        while (from < end && isSpace(text[from])) from++;
        while (end > from && isSpace(text[end - 1])) end--;
        if (from == end) return true;
        int equals = indexOf(text, '=', from, end);
        return equals < end && isKey(text, from, equals) && isValue(text, equals + 1, end);
    }

    /** {@code vendor}, or {@code tenant@vendor}, where a tenant may begin with a digit. */
    private static boolean isKey(byte[] text, int from, int end) {
        int at = indexOf(text, '@', from, end);
        if (at == end) return isName(text, from, end, MOST_KEY) && !isDigit(text[from]);
        return isName(text, from, at, MOST_TENANT) && isName(text, at + 1, end, MOST_SYSTEM) && !isDigit(text[at + 1]);
    }

    private static boolean isName(byte[] text, int from, int end, int most) {
        if (from == end || end - from > most || !isLetter(text[from]) && !isDigit(text[from])) return false;
        for (int i = from; i < end; i++) {
            byte b = text[i];
            if (!isLetter(b) && !isDigit(b) && b != '_' && b != '-' && b != '*' && b != '/') return false;
        }
        return true;
    }

    /** Printable ASCII but for what separates; spaces inside are good. */
    private static boolean isValue(byte[] text, int from, int end) {
        if (from == end || end - from > MOST_VALUE) return false;
        for (int i = from; i < end; i++) {
            if (text[i] < ' ' || text[i] > '~' || text[i] == '=') return false;
        }
        return true;
    }

    /** @return {@code end} where there is none */
    private static int indexOf(byte[] text, char c, int from, int end) {
        while (from < end && text[from] != c) from++;
        return from;
    }

    private static boolean isLetter(byte b) {
        return b >= 'a' && b <= 'z';
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t';
    }
}
