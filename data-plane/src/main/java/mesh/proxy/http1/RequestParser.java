package mesh.proxy.http1;

import java.util.Locale;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.Method;
import mesh.proxy.http.Octets;
import mesh.proxy.http.RequestHead;

/** Parses requests' heads, and decides what their fields mean for the connection before anybody can change them. */
final class RequestParser extends Http1HeadParser {

    private final RequestHead head;
    private long framing;
    private boolean persistent;
    private boolean expectsContinue;

    RequestParser(RequestHead head, Http1Limits limits) {
        super(head, limits, limits.requestLineBytes());
        this.head = head;
    }

    /** How the body is framed; see {@link BodyFraming}. */
    long framing() {
        return framing;
    }

    /** Whether the client wants to keep the connection. */
    boolean persistent() {
        return persistent;
    }

    boolean expectsContinue() {
        return expectsContinue;
    }

    @Override
    boolean mayFollowEmptyLine() {
        return true;
    }

    /** RFC 9112 section 3: {@code method SP request-target SP HTTP-version}, nothing else and no other white space. */
    @Override
    Violation startLine(byte[] text, int from, int end) {
        int methodEnd = from;
        while (methodEnd < end && Octets.isToken(text[methodEnd])) methodEnd++;
        if (methodEnd == from || methodEnd == end || text[methodEnd] != ' ') return Violation.METHOD;
        int target = methodEnd + 1;
        int targetEnd = target;
        while (targetEnd < end && text[targetEnd] != ' ') targetEnd++;
        if (targetEnd == target || targetEnd == end) return Violation.REQUEST_LINE;
        int minor = minorVersion(text, targetEnd + 1, end);
        if (minor == NO_VERSION) return Violation.VERSION;
        if (minor == OTHER_MAJOR) return Violation.MAJOR_VERSION;
        head.requestLine(from, methodEnd, target, targetEnd, end + 2, minor == 0);
        return null;
    }

    @Override
    Violation check() {
        if (head.method() == Method.CONNECT) return Violation.CONNECT;
        // RFC 9112 section 3.2. HTTP/1.0 had no Host; if it brings one, the same holds.
        if (!head.hostIsValid() && !(head.http10() && !head.contains(FieldName.HOST))) return Violation.HOST;
        if (!head.resolveTarget()) return Violation.TARGET;
        Violation violation = BodyFraming.check(head, head.http10());
        if (violation != null) return violation;
        framing = BodyFraming.ofRequest(head);
        // RFC 9112 appendix C.2.2: a proxy keeps no connection with an HTTP/1.0 client.
        persistent = !head.http10() && !head.hasToken(FieldName.CONNECTION, "close");
        if (head.contains(FieldName.UPGRADE) && !mayUpgrade()) head.remove(FieldName.UPGRADE);
        return checkExpect();
    }

    /** RFC 9110 section 7.8 lets us ignore an upgrade. */
    private boolean mayUpgrade() {
        // Behind a body it would be hard to say where the new protocol begins.
        if (framing != BodyFraming.NONE) return false;
        // Another HTTP, or TLS, would hide requests from every route and policy: the obsolete h2c (RFC 9113 section 3.1) is how they are smuggled.
        String protocols = head.get(FieldName.UPGRADE).toLowerCase(Locale.ROOT);
        boolean hides = protocols.contains("h2c") || protocols.contains("http") || protocols.contains("tls");
        return !hides && head.indexOf(FieldName.UPGRADE, head.indexOf(FieldName.UPGRADE, 0) + 1) < 0;
    }

    private Violation checkExpect() {
        expectsContinue = head.contains(FieldName.EXPECT);
        if (!expectsContinue) return null;
        if (!head.expectsNothingElse()) return Violation.EXPECT;
        // RFC 9110 section 10.1.1: means nothing without a body, or in HTTP/1.0.
        if (framing == BodyFraming.NONE || head.http10()) {
            head.remove(FieldName.EXPECT);
            expectsContinue = false;
        }
        return null;
    }
}
