package mesh.proxy.route;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import mesh.model.QueryMatch;
import mesh.proxy.http.RequestHead;

/** What a route asks of a parameter of the query: the first of its name, as it stands there. */
final class QueryCondition implements Condition {

    private static final int ABSENT = -1;

    private final QueryMatch match;
    private final byte[] name;
    /** Null to ask only whether it is there. */
    private final TextCondition value;

    QueryCondition(QueryMatch match) {
        this.match = match;
        this.name = match.name().getBytes(StandardCharsets.US_ASCII);
        this.value = match.value().map(TextCondition::new).orElse(null);
    }

    @Override
    public boolean holds(RequestHead head) {
        int parameter = find(head);
        if (parameter == ABSENT || value == null) return parameter != ABSENT;
        int end = endOf(head, parameter);
        return value.holds(head.text(), Math.min(end, parameter + name.length + 1), end);
    }

    /** Where the first parameter of that name begins. */
    private int find(RequestHead head) {
        byte[] text = head.text();
        int end = head.targetEnd();
        // Behind the question mark, and then behind each ampersand.
        for (int at = head.targetStart() + head.pathLength() + 1; at < end; at = endOf(head, at) + 1) {
            int nameEnd = at + name.length;
            if (nameEnd > end || nameEnd < end && text[nameEnd] != '=' && text[nameEnd] != '&') continue;
            if (Arrays.equals(text, at, nameEnd, name, 0, name.length)) return at;
        }
        return ABSENT;
    }

    private static int endOf(RequestHead head, int parameter) {
        byte[] text = head.text();
        int at = parameter;
        while (at < head.targetEnd() && text[at] != '&') at++;
        return at;
    }

    @Override
    public String subject() {
        return "query parameter " + match.name();
    }

    @Override
    public String expected() {
        return match.describe();
    }

    @Override
    public String found(RequestHead head) {
        int parameter = find(head);
        if (parameter == ABSENT) return "absent";
        int end = endOf(head, parameter);
        int from = Math.min(end, parameter + name.length + 1);
        return "\"" + new String(head.text(), from, end - from, StandardCharsets.ISO_8859_1) + "\"";
    }
}
