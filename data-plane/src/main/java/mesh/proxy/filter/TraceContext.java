package mesh.proxy.filter;

import java.nio.CharBuffer;
import java.util.random.RandomGenerator;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Octets;
import mesh.proxy.http.RequestHead;

/**
 * Makes the request part of its trace (W3C Trace Context): the trace's id stays, and the span that the upstream sees as its parent is this
 * hop's. A request that brings no trace, or none that can be read, begins one, not sampled. Made once a connection; on its loop only.
 */
public final class TraceContext {

    /** {@code 00-<32 hex>-<16 hex>-<2 hex>}. */
    private static final int LENGTH = 55;
    private static final int TRACE = 3, TRACE_END = 35, SPAN = 36, SPAN_END = 52, FLAGS = 53;
    /** Sampled, and level 2's random trace id; what other bits mean nobody has said yet, and they go on as 0 (section 3.2.2.5). */
    private static final int KNOWN_FLAGS = 3;
    private static final char[] HEX = "0123456789abcdef".toCharArray();

    private final RandomGenerator random;
    /** The next value, used again and again. */
    private final char[] next = new char[LENGTH];
    private final CharBuffer value = CharBuffer.wrap(next);

    /** @param random makes ids */
    public TraceContext(RandomGenerator random) {
        this.random = random;
    }

    public void propagate(RequestHead head) {
        int at = head.indexOf(FieldName.TRACEPARENT, 0);
        boolean known = at >= 0 && head.indexOf(FieldName.TRACEPARENT, at + 1) < 0 && isValid(head, at);
        next[0] = next[1] = '0';
        next[TRACE - 1] = next[TRACE_END] = next[SPAN_END] = '-';
        if (known) {
            copy(head, at);
        } else {
            draw(TRACE, TRACE + 16);
            draw(TRACE + 16, TRACE_END);
            next[FLAGS] = next[FLAGS + 1] = '0';
        }
        // Section 3.3: nor is passed on what belongs to a trace that cannot be read.
        if (head.contains(FieldName.TRACESTATE) && !(known && TraceState.isValid(head))) head.remove(FieldName.TRACESTATE);
        draw(SPAN, SPAN_END);
        head.set(FieldName.TRACEPARENT, value);
    }

    /** Section 3.2: lower-case hex, neither id zero. A later version may say more behind what we know (section 4). */
    private static boolean isValid(RequestHead head, int at) {
        byte[] text = head.text();
        int from = head.valueStart(at);
        int length = head.valueEnd(at) - from;
        boolean isOurs = length == LENGTH && text[from] == '0' && text[from + 1] == '0';
        boolean isLater = length >= LENGTH && !(text[from] == '0' && text[from + 1] == '0') && !(text[from] == 'f' && text[from + 1] == 'f')
            && (length == LENGTH || text[from + LENGTH] == '-');
        return (isOurs || isLater)
            && isHex(text, from, from + TRACE - 1)
            && text[from + TRACE - 1] == '-' && text[from + TRACE_END] == '-' && text[from + SPAN_END] == '-'
            && isHex(text, from + TRACE, from + TRACE_END) && !isZero(text, from + TRACE, from + TRACE_END)
            && isHex(text, from + SPAN, from + SPAN_END) && !isZero(text, from + SPAN, from + SPAN_END)
            && isHex(text, from + FLAGS, from + LENGTH);
    }

    private static boolean isHex(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            boolean hex = text[i] >= '0' && text[i] <= '9' || text[i] >= 'a' && text[i] <= 'f';
            if (!hex) return false;
        }
        return true;
    }

    private static boolean isZero(byte[] text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text[i] != '0') return false;
        }
        return true;
    }

    private void copy(RequestHead head, int at) {
        byte[] text = head.text();
        int start = head.valueStart(at);
        for (int i = TRACE; i < TRACE_END; i++) next[i] = (char) text[start + i];
        next[FLAGS] = '0';
        next[FLAGS + 1] = HEX[Octets.hex(text[start + LENGTH - 1]) & KNOWN_FLAGS];
    }

    /** Sixteen hex digits, never all zero. */
    private void draw(int from, int end) {
        long bits;
        do bits = random.nextLong();
        while (bits == 0);
        for (int i = end - 1; i >= from; i--, bits >>>= 4) next[i] = HEX[(int) (bits & 0xf)];
    }
}
