package mesh.proxy.filter;

import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;
import mesh.model.Percent;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Octets;
import mesh.proxy.http.RequestHead;
import mesh.proxy.tracing.TraceId;

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
    private static final int SAMPLED = 1;
    /** Of a span's id, or of half a trace's. */
    private static final int DIGITS = 16;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final RandomGenerator random;
    /** The next value, used again and again. */
    private final byte[] next = new byte[LENGTH];

    /** @param random makes ids */
    public TraceContext(RandomGenerator random) {
        this.random = random;
    }

    /**
     * Where the request stands in its trace, if it is to be recorded: as whoever called says, and where nobody does by chance; null
     * otherwise. Nothing is changed.
     *
     * @param millionths the chance
     */
    public TraceId sampled(RequestHead head, int millionths) {
        int at = known(head);
        if (at < 0) return isDrawn(millionths) ? new TraceId(draw(), draw(), 0, draw(), SAMPLED) : null;
        byte[] text = head.text();
        int start = head.valueStart(at);
        int flags = Octets.hex(text[start + LENGTH - 1]) & KNOWN_FLAGS;
        return (flags & SAMPLED) == 0 ? null
            : new TraceId(number(text, start + TRACE), number(text, start + TRACE + DIGITS), number(text, start + SPAN), draw(), flags);
    }

    private boolean isDrawn(int millionths) {
        return millionths > 0 && random.nextInt(Percent.ALL.millionths()) < millionths;
    }

    /** As {@link #propagate(RequestHead)}, for a request that is recorded. */
    public void propagate(RequestHead head, TraceId id) {
        if (head.contains(FieldName.TRACESTATE) && !(id.parent() != 0 && TraceState.isValid(head))) head.remove(FieldName.TRACESTATE);
        call(head, id, id.span());
    }

    /** Says which span calls. */
    public void call(RequestHead head, TraceId id, long span) {
        next[0] = next[1] = next[FLAGS] = '0';
        next[TRACE - 1] = next[TRACE_END] = next[SPAN_END] = '-';
        write(id.high(), TRACE, TRACE + DIGITS);
        write(id.low(), TRACE + DIGITS, TRACE_END);
        write(span, SPAN, SPAN_END);
        next[FLAGS + 1] = HEX[id.flags()];
        head.set(FieldName.TRACEPARENT, next);
    }

    public void propagate(RequestHead head) {
        int at = known(head);
        boolean known = at >= 0;
        next[0] = next[1] = '0';
        next[TRACE - 1] = next[TRACE_END] = next[SPAN_END] = '-';
        if (known) {
            copy(head, at);
        } else {
            write(draw(), TRACE, TRACE + DIGITS);
            write(draw(), TRACE + DIGITS, TRACE_END);
            next[FLAGS] = next[FLAGS + 1] = '0';
        }
        // Section 3.3: nor is passed on what belongs to a trace that cannot be read.
        if (head.contains(FieldName.TRACESTATE) && !(known && TraceState.isValid(head))) head.remove(FieldName.TRACESTATE);
        write(draw(), SPAN, SPAN_END);
        head.set(FieldName.TRACEPARENT, next);
    }

    /** Which field says where it comes from; -1 when none does, or none that can be read. */
    private static int known(RequestHead head) {
        int at = head.indexOf(FieldName.TRACEPARENT, 0);
        return at >= 0 && head.indexOf(FieldName.TRACEPARENT, at + 1) < 0 && isValid(head, at) ? at : -1;
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
        System.arraycopy(text, start + TRACE, next, TRACE, TRACE_END - TRACE);
        next[FLAGS] = '0';
        next[FLAGS + 1] = HEX[Octets.hex(text[start + LENGTH - 1]) & KNOWN_FLAGS];
    }

    /** An id, or half of one: never 0. */
    public long draw() {
        long bits;
        do bits = random.nextLong();
        while (bits == 0);
        return bits;
    }

    /** Sixteen hex digits. */
    private void write(long number, int from, int end) {
        long bits = number;
        for (int i = end - 1; i >= from; i--, bits >>>= 4) next[i] = HEX[(int) (bits & 0xf)];
    }

    private static long number(byte[] text, int from) {
        long bits = 0;
        for (int i = from; i < from + DIGITS; i++) bits = bits << 4 | Octets.hex(text[i]);
        return bits;
    }
}
