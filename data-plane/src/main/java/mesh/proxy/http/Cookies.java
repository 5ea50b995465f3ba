package mesh.proxy.http;

import java.util.Arrays;

/** A cookie among what a client sends (RFC 6265 section 4.2), found where its bytes lie. */
public final class Cookies {

    private static final long NONE = -1;

    private Cookies() {}

    /**
     * Where the value of the first cookie of that name stands in the head's text, without quotes around it.
     *
     * @param name with case, as cookies are
     * @return {@link Span#of}, or -1 for none; an empty value is none
     */
    public static long find(Fields head, byte[] name) {
        for (int i = head.indexOf(FieldName.COOKIE, 0); i >= 0; i = head.indexOf(FieldName.COOKIE, i + 1)) {
            long found = find(head.text(), head.valueStart(i), head.valueEnd(i), name);
            if (found != NONE) return found;
        }
        return NONE;
    }

    private static long find(byte[] text, int from, int to, byte[] name) {
        for (int start = from; start < to; ) {
            int end = start;
            while (end < to && text[end] != ';') end++;
            while (start < end && text[start] == ' ') start++;
            int value = start + name.length + 1;
            if (value < end && text[value - 1] == '=' && Arrays.equals(text, start, value - 1, name, 0, name.length)) return value(text, value, end);
            start = end + 1;
        }
        return NONE;
    }

    private static long value(byte[] text, int from, int to) {
        int end = to;
        while (end > from && text[end - 1] == ' ') end--;
        boolean quoted = end - from >= 2 && text[from] == '"' && text[end - 1] == '"';
        int start = quoted ? from + 1 : from;
        if (quoted) end--;
        return start == end ? NONE : Span.of(start, end);
    }
}
