package mesh.proxy.http;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes of a head, in an array that grows and is used again for the next head. Only ever appended to. */
final class HeadText {

    private static final int INITIAL_BYTES = 1024;
    /** Above this the array of an idle connection is given back. */
    private static final int KEPT_BYTES = 8 * 1024;

    byte[] bytes = new byte[INITIAL_BYTES];
    int length;

    void clear() {
        if (bytes.length > KEPT_BYTES) bytes = new byte[INITIAL_BYTES];
        length = 0;
    }

    String string(int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    void append(ByteBuf in, int n) {
        reserve(n);
        in.readBytes(bytes, length, n);
        length += n;
    }

    void append(byte[] from) {
        append(from, 0, from.length);
    }

    void append(byte[] from, int start, int end) {
        reserve(end - start);
        System.arraycopy(from, start, bytes, length, end - start);
        length += end - start;
    }

    /** Appends a part of the text itself. */
    void append(int from, int to) {
        reserve(to - from);
        System.arraycopy(bytes, from, bytes, length, to - from);
        length += to - from;
    }

    /** Appends characters one byte each; the caller answers for what they are. */
    void append(CharSequence characters) {
        int n = characters.length();
        reserve(n);
        for (int i = 0; i < n; i++) bytes[length++] = (byte) characters.charAt(i);
    }

    void append(char a, char b) {
        reserve(2);
        bytes[length++] = (byte) a;
        bytes[length++] = (byte) b;
    }

    /**
     * Appends a field's value. One that came out of a head is clean; one that is made up here must be too, or it would split the message.
     *
     * @throws IllegalArgumentException for a control character, or one above 0xff; the text is as it was
     */
    void appendValue(CharSequence value) {
        int n = value.length();
        for (int i = 0; i < n; i++) {
            char c = value.charAt(i);
            if (Octets.isFieldValue(c)) continue;
            throw new IllegalArgumentException(
                "field value: character 0x%02x at %d (expected: no control characters, at most 0xff)".formatted((int) c, i));
        }
        append(value);
    }

    void reserve(int more) {
        if (length + more > bytes.length) bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
}
