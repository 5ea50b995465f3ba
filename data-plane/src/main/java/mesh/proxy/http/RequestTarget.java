package mesh.proxy.http;

/**
 * Checks a path and resolves its dot segments (RFC 3986 section 5.2.4), so that what routing and policies see is what the upstream gets.
 *
 * <p>{@code %2e} is a dot (section 6.2.2.2), or it would hide a segment from us and not from the upstream. Escaped slashes, {@code ;}
 * and empty segments mean what the application makes of them, and stay as they came.
 */
final class RequestTarget {

    /** What {@link #check} found. */
    enum Form { PLAIN, DOTTED, INVALID }

    private RequestTarget() {}

    /**
     * Looks at a path and its query once.
     *
     * @return INVALID for an escape that is none, {@code %00}, a fragment, white space, anything that is not visible ASCII, or a
     *         backslash, which some servers take for a slash; DOTTED when there may be dot segments
     */
    static Form check(byte[] text, int from, int to) {
        Form form = Form.PLAIN;
        int i = from;
        for (byte last = 0; i < to && text[i] != '?'; last = text[i++]) {
            byte b = text[i];
            if (!Octets.isPath(b)) return Form.INVALID;
            if (b == '%') {
                if (!isEscape(text, i, to)) return Form.INVALID;
                if (last == '/' && isDot(text, i)) form = Form.DOTTED;
            } else if (b == '.' && last == '/') {
                form = Form.DOTTED;
            }
        }
        for (; i < to; i++) {
            if (!Octets.isQuery(text[i])) return Form.INVALID;
        }
        return form;
    }

    private static boolean isEscape(byte[] text, int at, int to) {
        if (at + 2 >= to) return false;
        int high = Octets.hex(text[at + 1]), low = Octets.hex(text[at + 2]);
        return high >= 0 && low >= 0 && high + low > 0;
    }

    /** Whether the escape at {@code at} is {@code %2e}. */
    private static boolean isDot(byte[] text, int at) {
        return text[at + 1] == '2' && (text[at + 2] | 0x20) == 'e';
    }

    /**
     * Resolves the dot segments of the path in place; it begins with a slash and has been checked.
     *
     * @return where the path ends now
     */
    static int resolve(byte[] text, int from, int to) {
        int out = from;
        int in = from;
        while (in < to) {
            int end = in + 1;
            while (end < to && text[end] != '/') end++;
            int dots = dots(text, in + 1, end);
            if (dots == 2) {
                while (out > from && text[--out] != '/') { /* drops the segment before */ }
            }
            if (dots == 0) {
                System.arraycopy(text, in, text, out, end - in);
                out += end - in;
            } else if (end == to) {
                text[out++] = '/';
            }
            in = end;
        }
        return out;
    }

    /** Whether there is a segment to resolve in a path that begins with a slash. */
    static boolean hasDotSegments(byte[] text, int from, int to) {
        for (int in = from, end; in < to; in = end) {
            end = in + 1;
            while (end < to && text[end] != '/') end++;
            if (dots(text, in + 1, end) > 0) return true;
        }
        return false;
    }

    /** 1 or 2 when the segment is nothing but that many dots, plain or escaped; else 0. */
    private static int dots(byte[] text, int from, int to) {
        int dots = 0;
        for (int i = from; i < to; dots++) {
            if (text[i] == '.') i++;
            else if (text[i] == '%' && isDot(text, i)) i += 3;
            else return 0;
        }
        return dots <= 2 ? dots : 0;
    }
}
