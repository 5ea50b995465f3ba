package mesh.proxy.http1;

import io.netty.buffer.ByteBuf;
import mesh.proxy.http.Fields;
import mesh.proxy.http.Octets;

/**
 * Parses heads, one after the other, into one head that it fills again and again. Stops at any byte and goes on there. Strict: what is
 * not by the grammar of RFC 9112 is a {@link Violation}, and after one the parser must not be used again.
 */
abstract class Http1HeadParser {

    /** How much is taken over at a time: most heads are smaller, and what was taken of a body goes back. */
    private static final int STEP = 1024;
    private static final byte[] HTTP = {'H', 'T', 'T', 'P', '/'};
    private static final int VERSION_LENGTH = "HTTP/1.1".length();

    private final Fields head;
    private final FieldScanner fields;
    private final int maxBytes;
    private final int maxStartLine;
    private boolean inStartLine = true;
    private int startLine;
    private int at;
    private Violation violation;

    Http1HeadParser(Fields head, Http1Limits limits, int maxStartLine) {
        this.head = head;
        this.fields = new FieldScanner(head, limits.fields());
        this.maxBytes = limits.headBytes();
        this.maxStartLine = maxStartLine;
    }

    /** Takes what belongs to the head, and no more. True when the head is complete or a violation was found. */
    final boolean parse(ByteBuf in) {
        while (in.isReadable()) {
            int room = maxBytes - head.length();
            if (room == 0) return refuse(Violation.HEAD_TOO_LARGE);
            head.append(in, Math.min(Math.min(in.readableBytes(), STEP), room));
            if (inStartLine && !scanStartLine()) continue;
            if (violation != null) return true;
            if (!fields.scan()) continue;
            if (fields.violation() != null) return refuse(fields.violation());
            in.readerIndex(in.readerIndex() - (head.length() - fields.at()));
            // The empty line stays out of the text, so that fields that are added lie beside the others.
            head.truncate(fields.at() - 2);
            violation = check();
            return true;
        }
        return false;
    }

    /** What was wrong, or null. */
    final Violation violation() {
        return violation;
    }

    /** Whether a part of a head has come. */
    final boolean hasBegun() {
        return head.length() > startLine;
    }

    /** Forgets the head, for the next one. */
    void reset() {
        head.clear();
        inStartLine = true;
        startLine = 0;
        at = 0;
        violation = null;
    }

    /** Takes the start line apart; {@code end} is where its CR stands. Null when it is right. */
    abstract Violation startLine(byte[] text, int from, int end);

    /** What the complete head means together. Null when it is right. */
    abstract Violation check();

    abstract boolean mayFollowEmptyLine();

    /** True when the start line is complete or something is wrong. */
    private boolean scanStartLine() {
        byte[] text = head.text();
        int end = head.length();
        for (; at < end; at++) {
            byte b = text[at];
            if (b == '\r') {
                if (at + 1 == end) return false;
                if (text[at + 1] != '\n') return refuse(Violation.BARE_CR);
                if (at > startLine) return endStartLine(text);
                if (at > 0 || !mayFollowEmptyLine()) return refuse(Violation.LEADING_BYTES);
                // RFC 9112 section 2.2: one empty line before a request is no harm.
                startLine = 2;
                at++;
            } else if (!Octets.isFieldValue(b)) {
                return refuse(at == startLine ? Violation.LEADING_BYTES : b == '\n' ? Violation.BARE_LF : Violation.START_LINE_CONTROL);
            } else if (at - startLine == maxStartLine) {
                return refuse(Violation.REQUEST_LINE_TOO_LONG);
            }
        }
        return false;
    }

    private boolean endStartLine(byte[] text) {
        inStartLine = false;
        fields.begin(at + 2);
        violation = startLine(text, startLine, at);
        return true;
    }

    private boolean refuse(Violation why) {
        violation = why;
        return true;
    }

    /** The minor version of the eight bytes at {@code from}; negative when they are none, {@link #OTHER_MAJOR} when it is not HTTP/1. */
    static int minorVersion(byte[] text, int from, int to) {
        if (to - from != VERSION_LENGTH) return NO_VERSION;
        for (int i = 0; i < HTTP.length; i++) {
            if (text[from + i] != HTTP[i]) return NO_VERSION;
        }
        int major = from + HTTP.length;
        if (!Octets.isDigit(text[major]) || text[major + 1] != '.' || !Octets.isDigit(text[major + 2])) return NO_VERSION;
        return text[major] == '1' ? text[major + 2] - '0' : OTHER_MAJOR;
    }

    static final int NO_VERSION = -1;
    static final int OTHER_MAJOR = -2;

    static int versionEnd(int from) {
        return from + VERSION_LENGTH;
    }
}
