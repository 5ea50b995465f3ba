package mesh.proxy.http1;

import mesh.proxy.http.Fields;
import mesh.proxy.http.Octets;

/**
 * Finds the field lines of a head or a trailer section in a text that grows, and notes them in its index. Stops at any byte and goes on
 * there; looks at each byte once.
 */
final class FieldScanner {

    private enum State { LINE, NAME, BEFORE_VALUE, VALUE, LINE_FEED, LAST_LINE_FEED }

    private final Fields fields;
    private final int maxFields;
    private State state = State.LINE;
    private int at;
    private int name;
    private int nameEnd;
    private int value;
    private Violation violation;

    FieldScanner(Fields fields, int maxFields) {
        this.fields = fields;
        this.maxFields = maxFields;
    }

    /** Begins at a place of the text. */
    void begin(int from) {
        state = State.LINE;
        at = from;
        violation = null;
    }

    /** Where it stands: behind the empty line, once {@link #scan} has said so. */
    int at() {
        return at;
    }

    /** What was wrong, or null. */
    Violation violation() {
        return violation;
    }

    /** Goes on to the end of the text. True when the section's empty line is behind, or something was wrong. */
    boolean scan() {
        byte[] text = fields.text();
        int end = fields.length();
        while (at < end) {
            switch (state) {
                case LINE -> {
                    if (text[at] == '\r') {
                        at++;
                        state = State.LAST_LINE_FEED;
                    } else if (text[at] == ' ' || text[at] == '\t') {
                        return refuse(Violation.FOLDED_LINE);
                    } else {
                        name = at;
                        state = State.NAME;
                    }
                }
                case NAME -> {
                    while (at < end && Octets.isToken(text[at])) at++;
                    if (at == end) break;
                    if (text[at] != ':' || at == name) return refuse(nameEndedBy(text[at]));
                    nameEnd = at++;
                    state = State.BEFORE_VALUE;
                }
                case BEFORE_VALUE -> {
                    while (at < end && isBlank(text[at])) at++;
                    value = at;
                    if (at < end) state = State.VALUE;
                }
                case VALUE -> {
                    while (at < end && Octets.isFieldValue(text[at])) at++;
                    if (at == end) break;
                    if (text[at] != '\r') return refuse(text[at] == '\n' ? Violation.BARE_LF : Violation.FIELD_VALUE);
                    at++;
                    state = State.LINE_FEED;
                }
                case LINE_FEED -> {
                    if (text[at++] != '\n') return refuse(Violation.BARE_CR);
                    if (fields.count() == maxFields) return refuse(Violation.TOO_MANY_FIELDS);
                    int valueEnd = at - 2;
                    while (valueEnd > value && isBlank(text[valueEnd - 1])) valueEnd--;
                    fields.field(name, nameEnd, value, valueEnd, at);
                    state = State.LINE;
                }
                case LAST_LINE_FEED -> {
                    if (text[at++] != '\n') return refuse(Violation.BARE_CR);
                    return true;
                }
            }
        }
        return false;
    }

    private Violation nameEndedBy(byte b) {
        if (at == name) return b == '\n' ? Violation.BARE_LF : Violation.FIELD_NAME;
        return isBlank(b) ? Violation.SPACE_BEFORE_COLON : Violation.FIELD_NAME;
    }

    private boolean refuse(Violation why) {
        violation = why;
        return true;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }
}
