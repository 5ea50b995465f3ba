package mesh.proxy.http;

/** Whom proxies before us say the client to be, where they are believed. */
public final class ForwardedFor {

    private ForwardedFor() {}

    /**
     * Where the n-th address from the end of all {@code x-forwarded-for} stands in the head's text, without white space around it: the one that
     * the first trusted hop has seen.
     *
     * @param n proxies before us that are believed, at least 1
     * @return {@link Span#of}, or -1 when there are fewer
     */
    public static long find(Fields head, int n) {
        int last = head.count();
        for (int left = n; ; ) {
            int field = lastBefore(head, last);
            if (field < 0) return -1;
            byte[] text = head.text();
            for (int end = head.valueEnd(field), from = head.valueStart(field); end >= from; ) {
                int start = end;
                while (start > from && text[start - 1] != ',') start--;
                if (--left == 0) return stripped(text, start, end);
                end = start - 1;
            }
            last = field;
        }
    }

    private static int lastBefore(Fields head, int end) {
        int found = -1;
        for (int i = head.indexOf(FieldName.X_FORWARDED_FOR, 0); i >= 0 && i < end; i = head.indexOf(FieldName.X_FORWARDED_FOR, i + 1)) found = i;
        return found;
    }

    private static long stripped(byte[] text, int from, int to) {
        int start = from;
        int end = to;
        while (start < end && isBlank(text[start])) start++;
        while (end > start && isBlank(text[end - 1])) end--;
        return Span.of(start, end);
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }
}
