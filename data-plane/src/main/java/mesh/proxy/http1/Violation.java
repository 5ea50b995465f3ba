package mesh.proxy.http1;

import mesh.proxy.outcome.Failure;

/**
 * Every way a message can break HTTP/1.1, with the rule it breaks. From a client each is answered with its failure's status and the
 * connection is closed; from an upstream each is {@link Failure#UPSTREAM_PROTOCOL}. The connection is never used again.
 */
public enum Violation {
    LEADING_BYTES("bytes before the start line (RFC 9112 section 2.2)"),
    BARE_CR("CR without LF (RFC 9112 section 2.2)"),
    BARE_LF("LF without CR (RFC 9112 section 2.2)"),
    REQUEST_LINE("request line is not method, target, version (RFC 9112 section 3)"),
    REQUEST_LINE_TOO_LONG(Failure.URI_TOO_LONG, "request line over the limit (RFC 9112 section 3)"),
    START_LINE_CONTROL("control character in the start line (RFC 9112 section 3)"),
    METHOD("method is not a token (RFC 9110 section 9.1)"),
    CONNECT(Failure.METHOD_NOT_SUPPORTED, "CONNECT is not served (RFC 9110 section 9.3.6)"),
    TARGET("invalid request target (RFC 9112 section 3.2)"),
    VERSION("version is not HTTP/ digit . digit (RFC 9112 section 2.3)"),
    MAJOR_VERSION(Failure.VERSION_NOT_SUPPORTED, "only HTTP/1 is spoken here (RFC 9110 section 15.6.6)"),
    STATUS_LINE("status line is not version, code, reason (RFC 9112 section 4)"),
    FIELD_NAME("field name is not a token (RFC 9112 section 5.1)"),
    SPACE_BEFORE_COLON("white space before the colon (RFC 9112 section 5.1)"),
    FIELD_VALUE("control character in a field value (RFC 9110 section 5.5)"),
    FOLDED_LINE("folded line (RFC 9112 section 5.2)"),
    HEAD_TOO_LARGE(Failure.HEAD_TOO_LARGE, "head over the limit of bytes (RFC 6585 section 5)"),
    TOO_MANY_FIELDS(Failure.HEAD_TOO_LARGE, "head over the limit of fields (RFC 6585 section 5)"),
    HOST("not exactly one valid Host (RFC 9112 section 3.2)"),
    CONTENT_LENGTH("content-length is not a number below 2^63 (RFC 9112 section 6.3)"),
    CONTENT_LENGTH_TWICE("more than one content-length (RFC 9112 section 6.3)"),
    LENGTH_AND_CODING("content-length beside transfer-encoding (RFC 9112 section 6.1)"),
    TRANSFER_CODING("transfer-encoding other than one chunked (RFC 9112 section 6.1)"),
    TRANSFER_CODING_IN_10("transfer-encoding in HTTP/1.0 (RFC 9112 section 6.1)"),
    EXPECT(Failure.EXPECTATION_FAILED, "expectation other than 100-continue (RFC 9110 section 10.1.1)"),
    CHUNK_SIZE("chunk size is not hexadecimal below 2^63 (RFC 9112 section 7.1)"),
    CHUNK_EXTENSION("invalid chunk extension, or one over 1 KiB (RFC 9112 section 7.1.1)"),
    CHUNK_END("no CR LF after a chunk's data (RFC 9112 section 7.1)"),
    UNASKED_UPGRADE("101 to a request that asked for no upgrade (RFC 9110 section 15.2.2)"),
    TOO_MANY_INTERIM("more than 100 interim responses (RFC 9110 section 15.2)"),
    UNASKED_RESPONSE("bytes that answer no request (RFC 9112 section 9.2)");

    private final Failure failure;
    private final String sentence;

    Violation(String sentence) {
        this(Failure.BAD_REQUEST, sentence);
    }

    Violation(Failure failure, String sentence) {
        this.failure = failure;
        this.sentence = sentence;
    }

    /** How a client is answered. */
    public Failure failure() {
        return failure;
    }

    /** The rule, for the log. */
    public String sentence() {
        return sentence;
    }
}
