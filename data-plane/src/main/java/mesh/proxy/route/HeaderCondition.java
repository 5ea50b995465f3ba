package mesh.proxy.route;

import java.nio.charset.StandardCharsets;
import mesh.model.HeaderMatch;
import mesh.proxy.http.FieldName;
import mesh.proxy.http.RequestHead;

/** What a route asks of a field. Several of its name are seen as one, with commas between their values; only then, and for an expression, anything is allocated. */
final class HeaderCondition implements Condition {

    private final HeaderMatch match;
    private final FieldName name;
    /** Null to ask only whether it is there. */
    private final TextCondition value;

    HeaderCondition(HeaderMatch match) {
        this.match = match;
        this.name = FieldName.of(match.name());
        this.value = match.value().map(TextCondition::new).orElse(null);
    }

    @Override
    public boolean holds(RequestHead head) {
        int first = head.indexOf(name, 0);
        if (value == null) return first >= 0 != match.invert();
        if (first < 0) return false;
        if (head.indexOf(name, first + 1) < 0) return value.holds(head.text(), head.valueStart(first), head.valueEnd(first)) != match.invert();
        byte[] joined = joined(head).getBytes(StandardCharsets.ISO_8859_1);
        return value.holds(joined, 0, joined.length) != match.invert();
    }

    private String joined(RequestHead head) {
        StringBuilder values = new StringBuilder();
        for (int i = head.indexOf(name, 0); i >= 0; i = head.indexOf(name, i + 1)) {
            if (!values.isEmpty()) values.append(',');
            values.append(head.value(i));
        }
        return values.toString();
    }

    @Override
    public String subject() {
        return "header " + name;
    }

    @Override
    public String expected() {
        return match.describe();
    }

    @Override
    public String found(RequestHead head) {
        return head.contains(name) ? "\"" + joined(head) + "\"" : "absent";
    }
}
