package mesh.proxy.http;

import java.nio.charset.StandardCharsets;

/**
 * A request's method.
 *
 * @param name       as it stands on the wire
 * @param idempotent may be sent twice (RFC 9110 section 9.2.2); false for methods we do not know
 * @param safe       asks for no change (section 9.2.1)
 */
public record Method(String name, boolean idempotent, boolean safe) {

    public static final Method GET = new Method("GET", true, true);
    public static final Method HEAD = new Method("HEAD", true, true);
    public static final Method POST = new Method("POST", false, false);
    public static final Method PUT = new Method("PUT", true, false);
    public static final Method DELETE = new Method("DELETE", true, false);
    public static final Method PATCH = new Method("PATCH", false, false);
    public static final Method OPTIONS = new Method("OPTIONS", true, true);
    public static final Method TRACE = new Method("TRACE", true, true);
    public static final Method CONNECT = new Method("CONNECT", false, false);

    private static final Method[] KNOWN = {GET, POST, PUT, DELETE, PATCH, HEAD, OPTIONS, TRACE, CONNECT};

    /** Methods are case-sensitive (section 9.1): {@code get} is an unknown one. */
    static Method of(byte[] text, int from, int to) {
        for (Method method : KNOWN) {
            if (method.is(text, from, to)) return method;
        }
        return new Method(new String(text, from, to - from, StandardCharsets.US_ASCII), false, false);
    }

    /** Whether it is one of those above. */
    public boolean isKnown() {
        for (Method method : KNOWN) {
            if (method == this) return true;
        }
        return false;
    }

    private boolean is(byte[] text, int from, int to) {
        if (to - from != name.length()) return false;
        for (int i = 0; i < name.length(); i++) {
            if (text[from + i] != name.charAt(i)) return false;
        }
        return true;
    }
}
