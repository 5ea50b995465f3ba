package mesh.proxy.http1;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.Method;
import mesh.proxy.http.Octets;
import mesh.proxy.http.ResponseHead;

/** Parses responses' heads, and decides what their fields mean for the connection before anybody can change them. */
final class ResponseParser extends Http1HeadParser {

    private final ResponseHead head;
    private Method method;
    private boolean http10;
    private long framing;
    private boolean persistent;

    ResponseParser(ResponseHead head, Http1Limits limits) {
        super(head, limits, limits.headBytes());
        this.head = head;
    }

    /** Begins the answer to a request of that method. */
    void begin(Method ofRequest) {
        reset();
        method = ofRequest;
    }

    /** How the body is framed; see {@link BodyFraming}. */
    long framing() {
        return framing;
    }

    /** Whether the upstream keeps the connection after this answer. */
    boolean persistent() {
        return persistent;
    }

    @Override
    boolean mayFollowEmptyLine() {
        return false;
    }

    /** RFC 9112 section 4: {@code HTTP-version SP status-code SP [reason]}; the last SP may be missing, as many servers leave it out. */
    @Override
    Violation startLine(byte[] text, int from, int end) {
        int versionEnd = versionEnd(from);
        int codeEnd = versionEnd + 4;
        if (end < codeEnd || text[versionEnd] != ' ') return Violation.STATUS_LINE;
        int minor = minorVersion(text, from, versionEnd);
        if (minor < 0) return Violation.VERSION;
        long code = Octets.decimal(text, versionEnd + 1, codeEnd);
        if (code < 100 || end > codeEnd && text[codeEnd] != ' ') return Violation.STATUS_LINE;
        http10 = minor == 0;
        head.statusLine((int) code, end + 2);
        return null;
    }

    @Override
    Violation check() {
        Violation violation = BodyFraming.check(head, http10);
        if (violation != null) return violation;
        framing = BodyFraming.ofResponse(head, method);
        // RFC 9112 section 9.3.
        persistent = framing != BodyFraming.UNTIL_CLOSE
            && !head.hasToken(FieldName.CONNECTION, "close")
            && (!http10 || head.hasToken(FieldName.CONNECTION, "keep-alive"));
        return null;
    }
}
