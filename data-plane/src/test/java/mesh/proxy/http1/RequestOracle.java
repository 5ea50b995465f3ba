package mesh.proxy.http1;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A second, slow and obvious reading of what a request's head is: regular expressions over the whole text, made from the grammar and not
 * from the parser. Limits are not its business.
 */
final class RequestOracle {

    private static final String TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
    private static final String HOST = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=]+|\\[[0-9A-Fa-f:.]{2,}\\])(?::(?<port>[0-9]{0,5}))?";
    private static final String PATH = "/(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@/\\[\\]|]|%(?!00)[0-9A-Fa-f]{2})*";
    private static final String QUERY = "(?:\\?[\\x21\\x22\\x24-\\x7e]*)?";
    private static final Pattern LINE = Pattern.compile("(" + TOKEN + ") ([^ \\r\\n]+) HTTP/1\\.([0-9])");
    private static final Pattern FIELD = Pattern.compile("(" + TOKEN + "):[ \\t]*((?:[\\x20-\\x7e\\x80-\\xff\\t]*[\\x21-\\x7e\\x80-\\xff])?)[ \\t]*");
    private static final Pattern ORIGIN = Pattern.compile(PATH + QUERY);
    private static final Pattern ABSOLUTE = Pattern.compile("(?i:https?)://" + HOST + "(?:" + PATH + ")?" + QUERY);
    private static final Pattern AUTHORITY = Pattern.compile(HOST);

    private RequestOracle() {}

    /** {@code more} while there is no empty line, {@code refused}, or how the body is framed. */
    static String judge(String text) {
        String message = text.startsWith("\r\n") ? text.substring(2) : text;
        int end = message.indexOf("\r\n\r\n");
        if (end < 0) return "more";
        String[] lines = message.substring(0, end).split("\r\n", -1);
        Matcher line = LINE.matcher(lines[0]);
        if (!line.matches() || line.group(1).equals("CONNECT")) return "refused";
        List<String[]> fields = new ArrayList<>();
        for (int i = 1; i < lines.length; i++) {
            Matcher field = FIELD.matcher(lines[i]);
            if (!field.matches()) return "refused";
            fields.add(new String[] {field.group(1), field.group(2)});
        }
        boolean old = line.group(3).equals("0");
        List<String> hosts = values(fields, "host");
        if (!(hosts.size() == 1 && (hosts.get(0).isEmpty() || isHost(AUTHORITY, hosts.get(0))) || old && hosts.isEmpty())) return "refused";
        if (!isTarget(line.group(1), line.group(2))) return "refused";
        String framing = framing(values(fields, "content-length"), values(fields, "transfer-encoding"), old);
        List<String> expect = values(fields, "expect");
        boolean understood = expect.isEmpty() || expect.size() == 1 && expect.get(0).equalsIgnoreCase("100-continue");
        return understood ? framing : "refused";
    }

    private static boolean isTarget(String method, String target) {
        if (target.equals("*")) return method.equals("OPTIONS");
        return ORIGIN.matcher(target).matches() || isHost(ABSOLUTE, target);
    }

    private static boolean isHost(Pattern pattern, String text) {
        Matcher host = pattern.matcher(text);
        if (!host.matches()) return false;
        String port = host.group("port");
        return port == null || port.isEmpty() || Integer.parseInt(port) <= 65_535;
    }

    private static String framing(List<String> lengths, List<String> codings, boolean old) {
        if (!codings.isEmpty()) {
            boolean chunked = !old && lengths.isEmpty() && codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked");
            return chunked ? "chunked" : "refused";
        }
        if (lengths.isEmpty()) return "0";
        if (lengths.size() > 1 || !lengths.get(0).matches("[0-9]+")) return "refused";
        BigInteger length = new BigInteger(lengths.get(0));
        return length.bitLength() > 63 ? "refused" : length.toString();
    }

    private static List<String> values(List<String[]> fields, String name) {
        return fields.stream().filter(field -> field[0].equalsIgnoreCase(name)).map(field -> field[1]).toList();
    }
}
