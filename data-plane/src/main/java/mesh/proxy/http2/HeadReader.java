package mesh.proxy.http2;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.Method;
import mesh.proxy.http.Octets;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;

/**
 * Makes a head of the fields that a block unpacks to, and says whether it is one (RFC 9113 sections 8.1 to 8.3). What the rules forbid makes
 * it malformed, which is only known for sure at its end, because every field must be unpacked first.
 */
final class HeadReader {

    /** What has become of it. */
    enum Outcome {
        FINE,
        /** Breaks RFC 9113: its stream is reset. */
        MALFORMED,
        /** Understood, and no request that may be made: 400. */
        BAD_REQUEST,
        /** More bytes or fields than allowed: 431. */
        TOO_LARGE,
        /** Wants what nobody can promise: 417. */
        EXPECTATION,
        /** CONNECT, which nobody serves: 501. */
        CONNECT
    }

    /** Bytes between a name and its value. */
    static final int SEPARATOR = 2;

    private static final byte[] METHOD = name(":method"), SCHEME = name(":scheme"), PATH = name(":path"), AUTHORITY = name(":authority"),
        STATUS = name(":status"), CONNECT = name(Method.CONNECT.name());

    private final Http2Limits limits;
    private Fields head;
    private boolean malformed;
    private boolean tooLarge;
    private boolean regularSeen;
    private int cookies;
    private boolean pseudoAllowed;
    private boolean request;

    // Where the values of the pseudo-headers stand in the text; -1 for those that have not come.
    private int method, methodEnd, scheme, path, pathEnd, authority, authorityEnd, status;

    HeadReader(Http2Limits limits) {
        this.limits = limits;
    }

    /** @return null when the block cannot be unpacked */
    Outcome request(HpackDecoder hpack, byte[] block, int length, RequestHead into) {
        begin(into, true, true);
        if (!hpack.decode(block, length, this)) return null;
        boolean connect = method >= 0 && is(CONNECT, into.text(), method, methodEnd);
        if (malformed || method < 0 || !connect && (scheme < 0 || path < 0 || path == pathEnd)) return Outcome.MALFORMED;
        if (tooLarge) return Outcome.TOO_LARGE;
        if (connect) return Outcome.CONNECT;
        joinCookies();
        if (!checkLength()) return Outcome.MALFORMED;
        if (!into.expectsNothingElse()) return Outcome.EXPECTATION;
        return into.assemble(method, methodEnd, path, pathEnd, Math.max(0, authority), authority < 0 ? 0 : authorityEnd)
            ? Outcome.FINE
            : Outcome.BAD_REQUEST;
    }

    /** As {@link #request}; FINE or MALFORMED, or TOO_LARGE. */
    Outcome response(HpackDecoder hpack, byte[] block, int length, ResponseHead into) {
        begin(into, true, false);
        if (!hpack.decode(block, length, this)) return null;
        if (malformed || status < 100 || status == 101 || !checkLength()) return Outcome.MALFORMED;
        if (tooLarge) return Outcome.TOO_LARGE;
        into.assemble(status);
        return Outcome.FINE;
    }

    /** As {@link #response}. */
    Outcome trailers(HpackDecoder hpack, byte[] block, int length, Fields into) {
        begin(into, false, false);
        if (!hpack.decode(block, length, this)) return null;
        return malformed ? Outcome.MALFORMED : tooLarge ? Outcome.TOO_LARGE : Outcome.FINE;
    }

    private void begin(Fields into, boolean hasPseudo, boolean isRequest) {
        head = into;
        malformed = false;
        tooLarge = false;
        regularSeen = false;
        cookies = 0;
        pseudoAllowed = hasPseudo;
        request = isRequest;
        method = -1;
        scheme = -1;
        path = -1;
        authority = -1;
        status = -1;
    }

    // What the decoder puts where.

    /** Whether nothing more is taken. */
    boolean isFull() {
        return tooLarge;
    }

    int begin() {
        return head.length();
    }

    int position() {
        return head.length();
    }

    void position(int end) {
        head.extend(end);
    }

    byte[] text() {
        return head.text();
    }

    byte[] room(int bytes) {
        return head.room(bytes);
    }

    void put(byte[] bytes) {
        byte[] text = head.room(bytes.length);
        int at = head.length();
        System.arraycopy(bytes, 0, text, at, bytes.length);
        head.extend(at + bytes.length);
    }

    HeadReader sensitive(boolean is) {
        if (is) head.setSensitive();
        return this;
    }

    /** Ends a name. @return where it ended */
    int separate() {
        int end = head.length();
        byte[] text = head.room(SEPARATOR);
        text[end] = ':';
        text[end + 1] = ' ';
        head.extend(end + SEPARATOR);
        return end;
    }

    /** Ends a field, which stays if it may. */
    void end(int line, int nameEnd) {
        int value = nameEnd + SEPARATOR, valueEnd = head.length();
        byte[] text = head.room(SEPARATOR);
        text[valueEnd] = '\r';
        text[valueEnd + 1] = '\n';
        head.extend(valueEnd + SEPARATOR);
        if (head.length() > limits.headBytes() || head.count() >= limits.fields()) {
            tooLarge = true;
            head.truncate(line);
        } else if (nameEnd > line && text[line] == ':') {
            if (!pseudo(text, line, nameEnd, value, valueEnd)) malformed = true;
        } else if (FieldRules.isName(text, line, nameEnd) && FieldRules.isValue(text, value, valueEnd)) {
            regular(text, line, nameEnd, value, valueEnd);
        } else {
            malformed = true;
        }
    }

    private void regular(byte[] text, int line, int nameEnd, int value, int valueEnd) {
        regularSeen = true;
        int length = nameEnd - line;
        if (length == 2 && FieldName.TE.matches(text, line, nameEnd) && !FieldRules.isTe(text, value, valueEnd)) malformed = true;
        if (length == 6 && FieldRules.COOKIE.matches(text, line, nameEnd)) cookies++;
        head.field(line, nameEnd, value, valueEnd, valueEnd + SEPARATOR);
    }

    /** Each at most once, before the others, and only those that there are. */
    private boolean pseudo(byte[] text, int from, int to, int value, int valueEnd) {
        if (!pseudoAllowed || regularSeen || !FieldRules.isPseudoValue(text, value, valueEnd)) return false;
        if (!request) {
            if (status >= 0 || !is(STATUS, text, from, to) || valueEnd - value != 3) return false;
            status = (int) Octets.decimal(text, value, valueEnd);
            return status >= 0;
        }
        if (is(METHOD, text, from, to) && method < 0) {
            method = value;
            methodEnd = valueEnd;
        } else if (is(PATH, text, from, to) && path < 0) {
            path = value;
            pathEnd = valueEnd;
        } else if (is(AUTHORITY, text, from, to) && authority < 0) {
            authority = value;
            authorityEnd = valueEnd;
        } else if (is(SCHEME, text, from, to) && scheme < 0) {
            scheme = value;
        } else {
            return false;
        }
        return true;
    }

    /** Section 8.2.3: HTTP/2 may split what HTTP/1.1 has in one field. */
    private void joinCookies() {
        if (cookies < 2) return;
        StringBuilder all = new StringBuilder();
        for (int i = head.indexOf(FieldRules.COOKIE, 0); i >= 0; i = head.indexOf(FieldRules.COOKIE, i + 1)) {
            all.append(all.isEmpty() ? "" : "; ").append(head.value(i));
        }
        head.set(FieldRules.COOKIE, all);
    }

    /** One number at most: HTTP/1.1 would read another message from two. */
    private boolean checkLength() {
        int i = head.indexOf(FieldName.CONTENT_LENGTH, 0);
        return i < 0 || head.contentLength() >= 0 && head.indexOf(FieldName.CONTENT_LENGTH, i + 1) < 0;
    }

    private static boolean is(byte[] name, byte[] text, int from, int to) {
        return Arrays.equals(name, 0, name.length, text, from, to);
    }

    private static byte[] name(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
