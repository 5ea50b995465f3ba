package mesh.proxy.http;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Header fields in order, over one byte array that is used again and again. Not thread-safe.
 *
 * <p>All text lies in that array as HTTP/1.1 lines ({@code name: value CRLF}), whatever protocol it came by; an index holds where each
 * line begins and ends. A change touches no text: a removed field leaves the index, a new one is appended to the text. So lines that
 * still lie side by side go out as one copy, and a head that nobody changed as a single one.
 *
 * <p>Values are bytes, not characters: what is not ASCII passes unchanged, and is seen as ISO-8859-1 where a string is asked for.
 */
public class Fields {

    private static final int INITIAL_FIELDS = 24;
    private static final byte[] GRPC = "application/grpc".getBytes(StandardCharsets.US_ASCII);

    /** One field in the index: where its name, its value and its line begin and end in the text. The line begins with the name. */
    private static final int NAME_END = 1, VALUE = 2, VALUE_END = 3, LINE_END = 4, WIDTH = 5;

    private final HeadText text = new HeadText();
    private int[] index = new int[INITIAL_FIELDS * WIDTH];
    private int count;
    /** The marks of all names ever added, or-ed; see {@link FieldName#mark}. */
    private long seen;
    private boolean sensitive;
    private int startLine;
    private int startLineEnd;

    // What filters and routing use.

    /** Fields that are present, edits included. */
    public final int count() {
        return count;
    }

    /** The index of the first field of that name at or after {@code from}, or -1. Indexes stay valid until the next change. */
    public final int indexOf(FieldName name, int from) {
        if ((seen & name.mark()) == 0) return -1;
        for (int i = from, at = from * WIDTH; i < count; i++, at += WIDTH) {
            if (name.matches(text.bytes, index[at], index[at + NAME_END])) return i;
        }
        return -1;
    }

    public final boolean contains(FieldName name) {
        return indexOf(name, 0) >= 0;
    }

    /** The first value of that name, or null. */
    public final String get(FieldName name) {
        int i = indexOf(name, 0);
        return i < 0 ? null : value(i);
    }

    /** The name as it came. */
    public final String name(int i) {
        return string(nameStart(i), nameEnd(i));
    }

    /** The value without the white space around it. */
    public final String value(int i) {
        return string(valueStart(i), valueEnd(i));
    }

    /** Whether the whole value is {@code lowerCase}, in any case; makes no string. */
    public final boolean valueIs(int i, byte[] lowerCase) {
        return Octets.equalsIgnoreCase(text.bytes, valueStart(i), valueEnd(i), lowerCase);
    }

    /** The value as a whole number in digits alone, or -1. */
    public final long number(int i) {
        return Octets.decimal(text.bytes, valueStart(i), valueEnd(i));
    }

    /** Whether a comma-separated list under that name, over all its fields, holds the token, without case. */
    public final boolean hasToken(FieldName name, String token) {
        for (int i = indexOf(name, 0); i >= 0; i = indexOf(name, i + 1)) {
            if (listHolds(valueStart(i), valueEnd(i), token)) return true;
        }
        return false;
    }

    public final void add(FieldName name, CharSequence value) {
        put(count, name, value);
    }

    /** As {@link #add(FieldName, CharSequence)}, of a value made here: its bytes are clean, and not looked at. */
    public final void add(FieldName name, byte[] clean) {
        put(count, name, clean);
    }

    /** Replaces every field of that name by one, at the place of the first. */
    public final void set(FieldName name, CharSequence value) {
        int i = indexOf(name, 0);
        put(i < 0 ? count : i, name, value);
        if (i >= 0) removeFrom(name, i + 1);
    }

    /** As {@link #set(FieldName, CharSequence)}, of a value made here: its bytes are clean, and not looked at. */
    public final void set(FieldName name, byte[] clean) {
        int i = indexOf(name, 0);
        put(i < 0 ? count : i, name, clean);
        if (i >= 0) removeFrom(name, i + 1);
    }

    /** Appends to a comma-separated list: to the last field of that name, or as a new field. */
    public final void append(FieldName name, CharSequence value) {
        int last = -1;
        for (int i = indexOf(name, 0); i >= 0; i = indexOf(name, i + 1)) last = i;
        if (last < 0 || valueStart(last) == valueEnd(last)) {
            set(name, value);
            return;
        }
        int line = beginLine(name);
        text.append(valueStart(last), valueEnd(last));
        text.append(',', ' ');
        endLine(last, line, line + name.length(), value);
    }

    public final void remove(FieldName name) {
        removeFrom(name, 0);
    }

    /** Removes the field at that index; the ones behind it move up. */
    public final void remove(int i) {
        System.arraycopy(index, (i + 1) * WIDTH, index, i * WIDTH, (count - i - 1) * WIDTH);
        count--;
    }

    /** Removes every field whose name is what stands at these places of the text: a member of a list of names. */
    public final void removeNamed(int from, int to) {
        if (from == to || (seen & FieldName.mark(text.bytes, from, to)) == 0) return;
        for (int i = count - 1; i >= 0; i--) {
            if (Octets.equalIgnoringCase(text.bytes, nameStart(i), nameEnd(i), from, to)) remove(i);
        }
    }

    /** Whether the content type is gRPC's; gRPC-Web is another protocol. */
    public final boolean isGrpc() {
        int i = indexOf(FieldName.CONTENT_TYPE, 0);
        if (i < 0 || valueEnd(i) - valueStart(i) < GRPC.length) return false;
        int end = valueStart(i) + GRPC.length;
        return Arrays.equals(text.bytes, valueStart(i), end, GRPC, 0, GRPC.length)
            && (end == valueEnd(i) || text.bytes[end] == '+' || text.bytes[end] == ';');
    }

    /** The declared length of the body, or -1 when none is declared. */
    public final long contentLength() {
        int i = indexOf(FieldName.CONTENT_LENGTH, 0);
        return i < 0 ? -1 : number(i);
    }

    // What codecs use: the text itself, and where things stand in it.

    /** The text; only up to {@link #length}, and only until something is appended, which may move it. */
    public final byte[] text() {
        return text.bytes;
    }

    /** Bytes of text. */
    public final int length() {
        return text.length;
    }

    public final int nameStart(int i) {
        return index[i * WIDTH];
    }

    public final int nameEnd(int i) {
        return index[i * WIDTH + NAME_END];
    }

    public final int valueStart(int i) {
        return index[i * WIDTH + VALUE];
    }

    public final int valueEnd(int i) {
        return index[i * WIDTH + VALUE_END];
    }

    /** Forgets everything, and gives back arrays that one large head has made large. */
    public void clear() {
        text.clear();
        if (index.length > INITIAL_FIELDS * WIDTH * 4) index = new int[INITIAL_FIELDS * WIDTH];
        count = 0;
        seen = 0;
        sensitive = false;
        startLine = 0;
        startLineEnd = 0;
    }

    /** Moves bytes from a buffer to the end of the text, for a parser to find its way in. */
    public final void append(ByteBuf in, int bytes) {
        text.append(in, bytes);
    }

    /** Cuts the text off, where a parser has taken more than the head. */
    public final void truncate(int length) {
        text.length = length;
    }

    /** Room for that many bytes behind the text, in the array that is returned; what is put there counts after {@link #extend}. */
    public final byte[] room(int bytes) {
        text.reserve(bytes);
        return text.bytes;
    }

    /** Says that the text goes on to there. */
    public final void extend(int length) {
        text.length = length;
    }

    /** Whether the sender asked that none of this be remembered on the way (RFC 7541 section 7.1.3). */
    public final boolean isSensitive() {
        return sensitive;
    }

    public final void setSensitive() {
        sensitive = true;
    }

    /** Writes that field's name in lower case, in place. */
    public final void lowerName(int i) {
        for (int at = nameStart(i), end = nameEnd(i); at < end; at++) text.bytes[at] = Octets.lower(text.bytes[at]);
    }

    /** Takes over all fields of another head or section. */
    public final void copyFrom(Fields other) {
        clear();
        for (int i = 0; i < other.count; i++) {
            int line = text.length;
            text.append(other.text.bytes, other.nameStart(i), other.index[i * WIDTH + LINE_END]);
            int moved = line - other.nameStart(i);
            field(line, other.nameEnd(i) + moved, other.valueStart(i) + moved, other.valueEnd(i) + moved, text.length);
        }
        sensitive = other.sensitive;
    }

    /** Says that the start line, its CRLF included, stands at these places of the text. */
    public final void startLine(int from, int to) {
        startLine = from;
        startLineEnd = to;
    }

    /** Says that a field stands at these places of the text, on a line of its own that begins with the name and has its CRLF before {@code lineEnd}. */
    public final void field(int name, int nameEnd, int value, int valueEnd, int lineEnd) {
        if (count * WIDTH == index.length) index = Arrays.copyOf(index, index.length * 2);
        point(count, name, nameEnd, value, valueEnd, lineEnd);
        count++;
        seen |= FieldName.mark(text.bytes, name, nameEnd);
    }

    /** Adds a field whose name is no constant, as HTTP/2 brings them. */
    public final void add(CharSequence name, CharSequence value) {
        if (!Octets.isToken(name)) throw new IllegalArgumentException("field name: \"" + name + "\" (expected: a token)");
        int line = text.length;
        text.append(name);
        text.append(':', ' ');
        endLine(count, line, line + name.length(), value);
    }

    /** Writes the start line, if there is one, and the fields, each with its CRLF; the empty line after them is not written. */
    public final void writeTo(ByteBuf out) {
        int from = startLine, to = startLineEnd;
        for (int at = 0; at < count * WIDTH; at += WIDTH) {
            if (index[at] != to) {
                out.writeBytes(text.bytes, from, to - from);
                from = index[at];
            }
            to = index[at + LINE_END];
        }
        out.writeBytes(text.bytes, from, to - from);
    }

    // Below: how it is done.

    final HeadText headText() {
        return text;
    }

    final String string(int from, int to) {
        return text.string(from, to);
    }

    private void put(int i, FieldName name, CharSequence value) {
        int line = beginLine(name);
        endLine(i, line, line + name.length(), value);
    }

    private void put(int i, FieldName name, byte[] clean) {
        int line = beginLine(name);
        text.append(clean);
        endLine(i, line, line + name.length());
    }

    private int beginLine(FieldName name) {
        int line = text.length;
        text.append(name.bytes());
        text.append(':', ' ');
        return line;
    }

    /** Ends the line that begins at {@code line} with a value, and points entry {@code i} to it. */
    private void endLine(int i, int line, int nameEnd, CharSequence value) {
        text.appendValue(value);
        endLine(i, line, nameEnd);
    }

    private void endLine(int i, int line, int nameEnd) {
        text.append('\r', '\n');
        if (i == count) field(line, nameEnd, nameEnd + 2, text.length - 2, text.length);
        else point(i, line, nameEnd, nameEnd + 2, text.length - 2, text.length);
    }

    private void point(int i, int name, int nameEnd, int value, int valueEnd, int lineEnd) {
        int at = i * WIDTH;
        index[at] = name;
        index[at + NAME_END] = nameEnd;
        index[at + VALUE] = value;
        index[at + VALUE_END] = valueEnd;
        index[at + LINE_END] = lineEnd;
    }

    private void removeFrom(FieldName name, int from) {
        for (int i = indexOf(name, from); i >= 0; i = indexOf(name, i)) remove(i);
    }

    private boolean listHolds(int from, int to, String token) {
        int start = from;
        while (start < to) {
            int end = start;
            while (end < to && text.bytes[end] != ',') end++;
            if (memberIs(start, end, token)) return true;
            start = end + 1;
        }
        return false;
    }

    private boolean memberIs(int from, int to, String token) {
        while (from < to && isBlank(text.bytes[from])) from++;
        while (from < to && isBlank(text.bytes[to - 1])) to--;
        if (to - from != token.length()) return false;
        for (int i = 0; i < token.length(); i++) {
            if (Octets.lower(text.bytes[from + i]) != Octets.lower((byte) token.charAt(i))) return false;
        }
        return true;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    /** The fields as HTTP/1.1 lines, for a failed test and for the debugger. */
    @Override
    public String toString() {
        StringBuilder out = new StringBuilder(string(startLine, startLineEnd));
        for (int i = 0; i < count; i++) out.append(name(i)).append(": ").append(value(i)).append("\r\n");
        return out.toString();
    }
}
