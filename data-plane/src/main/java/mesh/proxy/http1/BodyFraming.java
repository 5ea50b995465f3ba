package mesh.proxy.http1;

import mesh.proxy.http.FieldName;
import mesh.proxy.http.Fields;
import mesh.proxy.http.Method;
import mesh.proxy.http.RequestHead;
import mesh.proxy.http.ResponseHead;

/**
 * How long a body is (RFC 9112 section 6.3), as one number: the length in bytes, or {@link #CHUNKED}, or {@link #UNTIL_CLOSE}. Wherever
 * two readers could come to different lengths, the message is refused: that is how requests are smuggled.
 */
final class BodyFraming {

    static final long NONE = 0;
    static final long CHUNKED = -1;
    static final long UNTIL_CLOSE = -2;

    private static final byte[] CHUNKED_CODING = {'c', 'h', 'u', 'n', 'k', 'e', 'd'};

    private BodyFraming() {}

    /** What is wrong with the framing fields, or null. */
    static Violation check(Fields head, boolean http10) {
        int coding = head.indexOf(FieldName.TRANSFER_ENCODING, 0);
        int length = head.indexOf(FieldName.CONTENT_LENGTH, 0);
        if (coding >= 0) {
            // Section 6.1: a server may refuse both together, and HTTP/1.0 does not know transfer codings.
            if (http10) return Violation.TRANSFER_CODING_IN_10;
            if (length >= 0) return Violation.LENGTH_AND_CODING;
            // We ask for no coding but chunked, and would have to undo any other to read past it.
            boolean isChunked = head.valueIs(coding, CHUNKED_CODING) && head.indexOf(FieldName.TRANSFER_ENCODING, coding + 1) < 0;
            return isChunked ? null : Violation.TRANSFER_CODING;
        }
        if (length < 0) return null;
        // Section 6.3 lets equal values pass; nobody who is not up to something sends them.
        if (head.indexOf(FieldName.CONTENT_LENGTH, length + 1) >= 0) return Violation.CONTENT_LENGTH_TWICE;
        return head.contentLength() < 0 ? Violation.CONTENT_LENGTH : null;
    }

    /** Of a request that {@link #check} has passed. Without any framing field it has no body. */
    static long ofRequest(RequestHead head) {
        if (head.contains(FieldName.TRANSFER_ENCODING)) return CHUNKED;
        return Math.max(NONE, head.contentLength());
    }

    /** Of a response that {@link #check} has passed, to a request of that method. */
    static long ofResponse(ResponseHead head, Method method) {
        if (!mayHaveBody(head.status(), method)) return NONE;
        if (head.contains(FieldName.TRANSFER_ENCODING)) return CHUNKED;
        return head.contains(FieldName.CONTENT_LENGTH) ? head.contentLength() : UNTIL_CLOSE;
    }

    /** RFC 9110 section 6.4.1. */
    static boolean mayHaveBody(int status, Method method) {
        return method != Method.HEAD && status >= 200 && status != 204 && status != 304;
    }
}
