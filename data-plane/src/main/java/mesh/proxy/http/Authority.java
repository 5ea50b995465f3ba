package mesh.proxy.http;

/** The grammar of {@code host[:port]} (RFC 9110 section 7.2), for Host, {@code :authority} and absolute targets. */
final class Authority {

    private Authority() {}

    /** Whether it names a host: a name or an address, and a port of digits where there is a colon. No user, no escapes, and not empty. */
    static boolean isValid(byte[] text, int from, int to) {
        if (from == to) return false;
        int end = text[from] == '[' ? endOfLiteral(text, from, to) : endOfName(text, from, to);
        return end > from && (end == to || isPort(text, end, to));
    }

    /** Where the port's colon stands, or {@code to}. */
    static int endOfHost(byte[] text, int from, int to) {
        for (int i = to - 1; i >= from && Octets.isDigit(text[i]) || i >= from && text[i] == ':'; i--) {
            if (text[i] == ':') return i;
        }
        return to;
    }

    private static int endOfName(byte[] text, int from, int to) {
        int i = from;
        for (; i < to && text[i] != ':'; i++) {
            if (!Octets.isRegName(text[i])) return -1;
        }
        return i;
    }

    /** {@code [::1]}: only the letters are checked, the address means nothing to us. */
    private static int endOfLiteral(byte[] text, int from, int to) {
        int i = from + 1;
        while (i < to && (Octets.hex(text[i]) >= 0 || text[i] == ':' || text[i] == '.')) i++;
        return i < to && i > from + 2 && text[i] == ']' ? i + 1 : -1;
    }

    private static boolean isPort(byte[] text, int colon, int to) {
        if (text[colon] != ':' || to - colon > 6) return false;
        for (int i = colon + 1; i < to; i++) {
            if (!Octets.isDigit(text[i])) return false;
        }
        return to == colon + 1 || Octets.decimal(text, colon + 1, to) <= 65_535;
    }
}
