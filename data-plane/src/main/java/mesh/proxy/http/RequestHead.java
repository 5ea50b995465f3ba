package mesh.proxy.http;

import java.nio.charset.StandardCharsets;

/**
 * A request's head: the fields, and a request line in front of them in the same text. The target in it is the one that is routed, seen
 * by filters and forwarded; the authority is the Host field.
 */
public final class RequestHead extends Fields {

    private static final byte[] HTTP = "http://".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTINUE = "100-continue".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HTTPS = "https://".getBytes(StandardCharsets.US_ASCII);

    private Method method;
    private int target;
    private int targetEnd;
    private int pathEnd;
    /** Where the target stands that was asked for; 0 while it is the one that will be forwarded. */
    private int asked;
    private int askedEnd;
    private boolean http10;
    private boolean upgrading;

    /**
     * For tests and for heads that come from nowhere.
     *
     * @throws IllegalArgumentException where a client would get a 400
     */
    public static RequestHead of(String method, String target, String authority) {
        RequestHead head = new RequestHead();
        if (!head.begin(method, target, authority)) {
            throw new IllegalArgumentException("request: %s %s to \"%s\" (expected: a token, a path or *, host[:port])".formatted(method, target, authority));
        }
        return head;
    }

    /**
     * Begins a head that does not come as HTTP/1.1 text; fields are added next.
     *
     * @param authority null for none
     * @return false when a part of it cannot stand in a request
     */
    public boolean begin(CharSequence method, CharSequence target, CharSequence authority) {
        clear();
        if (!Octets.isToken(method)) return false;
        headText().append(method);
        headText().append(" ");
        headText().append(target);
        headText().append(" HTTP/1.1\r\n");
        for (int i = 0; i < target.length(); i++) {
            if (target.charAt(i) > 0x7e) return false;
        }
        int from = method.length() + 1;
        requestLine(0, method.length(), from, from + target.length(), length(), false);
        if (authority != null) {
            if (authority.length() == 0) return false;
            for (int i = 0; i < authority.length(); i++) {
                if (authority.charAt(i) > 0x7e || authority.charAt(i) < 0x21) return false;
            }
            add(FieldName.HOST, authority);
            if (!hostIsValid()) return false;
        }
        return resolveTarget();
    }

    public Method method() {
        return method;
    }

    /** Path and query as they will be forwarded. */
    public String target() {
        return string(target, targetEnd);
    }

    /** Whether {@link #rewritePath} has changed it. */
    public boolean isRewritten() {
        return asked != 0;
    }

    /** As {@link #target}, before {@link #rewritePath}. */
    public String askedTarget() {
        return asked == 0 ? target() : string(asked, askedEnd);
    }

    /** The path without the query, dot segments resolved; {@code *} for an OPTIONS of the server itself. */
    public String path() {
        return string(target, pathEnd);
    }

    /** Compares the path's bytes without making a string. */
    public boolean pathIs(byte[] exact) {
        return pathEnd - target == exact.length && pathStartsWith(exact);
    }

    public boolean pathStartsWith(byte[] prefix) {
        if (pathEnd - target < prefix.length) return false;
        byte[] text = text();
        for (int i = 0; i < prefix.length; i++) {
            if (text[target + i] != prefix[i]) return false;
        }
        return true;
    }

    /** Host, or :authority; with the port if it came with one. Empty where none was known. */
    public String authority() {
        String host = get(FieldName.HOST);
        return host == null ? "" : host;
    }

    /** Compares the authority without case and without making a string. */
    public boolean authorityIs(byte[] lowerCase) {
        int host = indexOf(FieldName.HOST, 0);
        return host >= 0 && valueIs(host, lowerCase);
    }

    /** As {@link #authorityIs}, with the authority's port left out. */
    public boolean hostIs(byte[] lowerCase) {
        int i = indexOf(FieldName.HOST, 0);
        return i >= 0 && Octets.equalsIgnoreCase(text(), valueStart(i), hostEnd(i), lowerCase);
    }

    /** Whether the authority, its port left out, ends with these bytes, without case. */
    public boolean hostEndsWith(byte[] lowerCase) {
        int i = indexOf(FieldName.HOST, 0);
        return i >= 0 && endsWith(i, hostEnd(i), lowerCase);
    }

    /** Whether the authority begins with these bytes, without case, and goes on before its port. */
    public boolean hostStartsWith(byte[] lowerCase) {
        int i = indexOf(FieldName.HOST, 0);
        return i >= 0 && hostEnd(i) - valueStart(i) > lowerCase.length && Octets.matchesIgnoreCase(text(), valueStart(i), lowerCase);
    }

    /** As {@link #hostEndsWith}, with the port. */
    public boolean authorityEndsWith(byte[] lowerCase) {
        int i = indexOf(FieldName.HOST, 0);
        return i >= 0 && endsWith(i, valueEnd(i), lowerCase);
    }

    /** {@link Octets#hashIgnoreCase} of the authority; 0 for none. */
    public int authorityHash() {
        int i = indexOf(FieldName.HOST, 0);
        return i < 0 ? 0 : Octets.hashIgnoreCase(text(), valueStart(i), valueEnd(i));
    }

    /** As {@link #authorityHash}, with the port left out. */
    public int hostHash() {
        int i = indexOf(FieldName.HOST, 0);
        return i < 0 ? 0 : Octets.hashIgnoreCase(text(), valueStart(i), hostEnd(i));
    }

    private boolean endsWith(int i, int end, byte[] lowerCase) {
        int from = end - lowerCase.length;
        return from >= valueStart(i) && Octets.matchesIgnoreCase(text(), from, lowerCase);
    }

    private int hostEnd(int i) {
        return Authority.endOfHost(text(), valueStart(i), valueEnd(i));
    }

    /** Whether all that the client expects is what there is to expect (RFC 9110 section 10.1.1): nothing, or {@code 100-continue}, once. */
    public boolean expectsNothingElse() {
        int expect = indexOf(FieldName.EXPECT, 0);
        return expect < 0 || valueIs(expect, CONTINUE) && indexOf(FieldName.EXPECT, expect + 1) < 0;
    }

    /** Sets the Host (or :authority) that is sent upstream. */
    public void setAuthority(CharSequence authority) {
        set(FieldName.HOST, authority);
    }

    /** The protocol asked for with {@code connection: upgrade}, or null; also after {@code connection} was removed. */
    public String upgrade() {
        return isUpgrade() ? get(FieldName.UPGRADE) : null;
    }

    /** Whether there is an {@link #upgrade}, without making a string. */
    public boolean isUpgrade() {
        return contains(FieldName.UPGRADE) && !http10 && (upgrading || asksForUpgrade());
    }

    /** Whether it came as HTTP/1.0: no chunked answer, no 1xx, and the connection ends with the answer. It is forwarded as 1.1. */
    public boolean http10() {
        return http10;
    }

    @Override
    public void clear() {
        super.clear();
        method = null;
        target = 0;
        targetEnd = 0;
        pathEnd = 0;
        asked = 0;
        askedEnd = 0;
        http10 = false;
        upgrading = false;
    }

    /** The same request with a life of its own; to be forwarded, and without the upgrade that it may ask for. */
    public RequestHead copy() {
        RequestHead copy = new RequestHead();
        copy.copyFrom(this);
        int line = copy.length();
        copy.headText().append(method.name());
        copy.headText().append(" ");
        int from = copy.length();
        copy.headText().append(text(), target, targetEnd);
        copy.headText().append(" HTTP/1.1\r\n");
        copy.requestLine(line, from - 1, from, from + targetEnd - target, copy.length(), false);
        copy.pathEnd = from + pathEnd - target;
        copy.remove(FieldName.UPGRADE);
        return copy;
    }

    /** Says where the parts of the request line stand in the text; the method begins it. For codecs, as the two below. */
    public void requestLine(int methodStart, int methodEnd, int from, int to, int lineEnd, boolean isHttp10) {
        startLine(methodStart, lineEnd);
        // A proxy speaks its own version, whatever it heard (RFC 9110 section 6.2).
        text()[lineEnd - "1\r\n".length()] = '1';
        method = Method.of(text(), methodStart, methodEnd);
        target = from;
        targetEnd = to;
        http10 = isHttp10;
    }

    /** Where the target stands in the text, as the one below. */
    public int targetStart() {
        return target;
    }

    public int targetEnd() {
        return targetEnd;
    }

    /**
     * Makes a request line, and a Host, of parts that stand in the text, as HTTP/2 brings them. To be called once, when all fields are there.
     *
     * @param from   the target, up to {@code to}
     * @param host   the authority, up to {@code hostEnd}; empty for none
     * @return false when a part cannot stand in a request, or there is a Host that says something else
     */
    public boolean assemble(int methodStart, int methodEnd, int from, int to, int host, int hostEnd) {
        if (methodStart == methodEnd) return false;
        for (int i = methodStart; i < methodEnd; i++) {
            if (!Octets.isToken(text()[i])) return false;
        }
        int line = length();
        headText().append(methodStart, methodEnd);
        headText().append(" ");
        int path = length();
        headText().append(from, to);
        headText().append(" HTTP/1.1\r\n");
        requestLine(line, line + methodEnd - methodStart, path, path + to - from, length(), false);
        if (host < hostEnd && !isHost(host, hostEnd)) return false;
        return hostIsValid() && (text()[path] == '/' || text()[path] == '*') && resolveTarget();
    }

    private boolean isHost(int from, int to) {
        int i = indexOf(FieldName.HOST, 0);
        if (i >= 0) return Octets.equalIgnoringCase(text(), valueStart(i), valueEnd(i), from, to);
        int line = length();
        headText().append("host: ");
        headText().append(from, to);
        headText().append("\r\n");
        field(line, line + "host".length(), length() - 2 - (to - from), length() - 2, length());
        return true;
    }

    /**
     * Whether there is exactly one Host and it is valid. It may be empty (RFC 9112 section 3.2): so a hop before us sends on what came to
     * it by HTTP/1.0 and without one.
     */
    public boolean hostIsValid() {
        int host = indexOf(FieldName.HOST, 0);
        if (host < 0 || indexOf(FieldName.HOST, host + 1) >= 0) return false;
        return valueStart(host) == valueEnd(host) || Authority.isValid(text(), valueStart(host), valueEnd(host));
    }

    /**
     * Checks the target and brings it to the form that is routed and forwarded: origin-form, dot segments resolved, or {@code *}. To be
     * called once, when all fields are there.
     *
     * @return false for a target that is none
     */
    public boolean resolveTarget() {
        upgrading = !http10 && contains(FieldName.UPGRADE) && asksForUpgrade();
        byte[] text = text();
        if (target == targetEnd) return false;
        if (text[target] == '*') {
            // RFC 9112 section 3.2.4.
            pathEnd = targetEnd;
            return targetEnd - target == 1 && method == Method.OPTIONS;
        }
        if (text[target] != '/') return resolveAbsolute();
        RequestTarget.Form form = RequestTarget.check(text, target, targetEnd);
        if (form == RequestTarget.Form.INVALID) return false;
        pathEnd = endOfPath();
        if (form == RequestTarget.Form.DOTTED) rewrite(target, pathEnd, targetEnd);
        return true;
    }

    /** RFC 9112 section 3.2.2: an absolute target's authority takes the place of Host. */
    private boolean resolveAbsolute() {
        byte[] text = text();
        int authority = target + schemeLength();
        if (authority == target) return false;
        int path = authority;
        while (path < targetEnd && text[path] != '/' && text[path] != '?') path++;
        if (!Authority.isValid(text, authority, path)) return false;
        if (RequestTarget.check(text, path, targetEnd) == RequestTarget.Form.INVALID) return false;
        set(FieldName.HOST, string(authority, path));
        target = path;
        rewrite(path, endOfPath(), targetEnd);
        return true;
    }

    private int schemeLength() {
        for (byte[] scheme : new byte[][] {HTTP, HTTPS}) {
            if (targetEnd - target > scheme.length && Octets.matchesIgnoreCase(text(), target, scheme)) return scheme.length;
        }
        return 0;
    }

    private int endOfPath() {
        byte[] text = text();
        int i = target;
        while (i < targetEnd && text[i] != '?') i++;
        return i;
    }

    /** Writes a new request line behind the text: the path with its dots resolved, then the query. */
    private void rewrite(int path, int query, int end) {
        int line = length();
        headText().append(method.name());
        headText().append(" ");
        target = length();
        if (path < query) {
            headText().append(path, query);
            truncate(RequestTarget.resolve(text(), target, length()));
        } else {
            // RFC 3986 section 6.2.3, and RFC 9112 section 3.2.4 for OPTIONS.
            headText().append(method == Method.OPTIONS && query == end ? "*" : "/");
        }
        pathEnd = length();
        headText().append(query, end);
        targetEnd = length();
        headText().append(" HTTP/1.1\r\n");
        startLine(line, length());
    }

    /** Bytes of the path. */
    public int pathLength() {
        return pathEnd - target;
    }

    /**
     * Puts something else in place of the path's beginning, or of all of it; the query stays. Only of a path: {@code *} has nothing to be
     * rewritten.
     *
     * @param with  what comes
     * @param bytes how much of the path goes
     * @return false when what comes out is no path, or has dot segments: those that the client sent were resolved before it was routed. The
     *         head is as it was then
     */
    public boolean rewritePath(byte[] with, int bytes) {
        if (text()[target] != '/') return true;
        int line = length();
        headText().append(method.name());
        headText().append(" ");
        int from = length();
        headText().append(with);
        headText().append(target + bytes, pathEnd);
        int newPathEnd = length();
        headText().append(pathEnd, targetEnd);
        int to = length();
        if (from == newPathEnd || text()[from] != '/' || RequestTarget.check(text(), from, to) == RequestTarget.Form.INVALID
            || RequestTarget.hasDotSegments(text(), from, newPathEnd)) {
            truncate(line);
            return false;
        }
        if (asked == 0) {
            asked = target;
            askedEnd = targetEnd;
        }
        target = from;
        pathEnd = newPathEnd;
        targetEnd = to;
        headText().append(" HTTP/1.1\r\n");
        startLine(line, length());
        return true;
    }

    private boolean asksForUpgrade() {
        return hasToken(FieldName.CONNECTION, "upgrade");
    }
}
