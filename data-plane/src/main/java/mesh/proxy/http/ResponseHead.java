package mesh.proxy.http;

/** A response's head: the fields, and a status line in front of them in the same text. */
public final class ResponseHead extends Fields {

    private static final int MINOR_VERSION = "HTTP/1.".length();

    private int status;

    /** @param status 100 to 999 */
    public static ResponseHead of(int status) {
        ResponseHead head = new ResponseHead();
        head.begin(status);
        return head;
    }

    /** Begins a head that does not come as HTTP/1.1 text; fields are added next. */
    public void begin(int newStatus) {
        if (newStatus < 100 || newStatus > 999) throw new IllegalArgumentException("status: " + newStatus + " (expected: 100 to 999)");
        clear();
        assemble(newStatus);
    }

    /** Makes a status line behind the text, as HTTP/2 brings none. @param newStatus 100 to 999 */
    public void assemble(int newStatus) {
        int line = length();
        headText().append("HTTP/1.1 ");
        headText().append((char) ('0' + newStatus / 100), (char) ('0' + newStatus / 10 % 10));
        headText().append((char) ('0' + newStatus % 10), ' ');
        headText().append(reason(newStatus));
        headText().append("\r\n");
        startLine(line, length());
        status = newStatus;
    }

    public int status() {
        return status;
    }

    public boolean isInformational() {
        return status < 200;
    }

    @Override
    public void clear() {
        super.clear();
        status = 0;
    }

    /** Says that the status line is the text up to {@code lineEnd}. For codecs. */
    public void statusLine(int newStatus, int lineEnd) {
        startLine(0, lineEnd);
        // A proxy speaks its own version, whatever it heard (RFC 9110 section 6.2).
        text()[MINOR_VERSION] = '1';
        status = newStatus;
    }

    /** The phrases of RFC 9110 section 15; empty for others, as RFC 9112 section 4 allows. */
    public static String reason(int status) {
        return switch (status) {
            case 100 -> "Continue";
            case 101 -> "Switching Protocols";
            case 103 -> "Early Hints";
            case 200 -> "OK";
            case 201 -> "Created";
            case 202 -> "Accepted";
            case 204 -> "No Content";
            case 206 -> "Partial Content";
            case 301 -> "Moved Permanently";
            case 302 -> "Found";
            case 303 -> "See Other";
            case 304 -> "Not Modified";
            case 307 -> "Temporary Redirect";
            case 308 -> "Permanent Redirect";
            case 400 -> "Bad Request";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "Not Found";
            case 405 -> "Method Not Allowed";
            case 408 -> "Request Timeout";
            case 409 -> "Conflict";
            case 411 -> "Length Required";
            case 413 -> "Content Too Large";
            case 414 -> "URI Too Long";
            case 417 -> "Expectation Failed";
            case 421 -> "Misdirected Request";
            case 426 -> "Upgrade Required";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 501 -> "Not Implemented";
            case 502 -> "Bad Gateway";
            case 503 -> "Service Unavailable";
            case 504 -> "Gateway Timeout";
            case 505 -> "HTTP Version Not Supported";
            case 508 -> "Loop Detected";
            default -> "";
        };
    }
}
