package mesh.proxy.http2;

import java.util.Arrays;

/**
 * Unpacks header blocks (RFC 7541) straight into the text of a head: each field as a line there, and then to the {@link HeadReader}, which
 * decides whether it stays. Every block must be read to its end, whatever becomes of its head, or the two sides' tables part.
 */
final class HpackDecoder {

    /** What we let a peer remember; the default, so that it need not be told. */
    private static final int TABLE_BYTES = 4096;
    private static final int MALFORMED = -1;

    private final DynamicTable table = new DynamicTable(TABLE_BYTES);

    private byte[] block;
    private int at;
    private int end;

    /** @return false when the block cannot be understood, and so no later one either */
    boolean decode(byte[] from, int length, HeadReader head) {
        block = from;
        at = 0;
        end = length;
        boolean fieldSeen = false;
        while (at < end) {
            int first = block[at];
            if ((first & 0xe0) == 0x20) {
                // Section 4.2: only before the first field.
                int size = integer(5);
                if (fieldSeen || size == MALFORMED || size > TABLE_BYTES) return false;
                table.resize(size);
                continue;
            }
            fieldSeen = true;
            boolean understood = first < 0 ? indexed(head)
                : (first & 0x40) != 0 ? literal(6, true, head)
                : literal(4, false, head.sensitive((first & 0x10) != 0));
            if (!understood) return false;
        }
        return true;
    }

    private boolean indexed(HeadReader head) {
        int index = integer(7);
        if (!isKnown(index)) return false;
        // A small block can name a large field many times over.
        if (!head.isFull()) {
            int line = head.begin();
            head.put(nameOf(index));
            int nameEnd = head.separate();
            head.put(index <= StaticTable.SIZE ? StaticTable.value(index) : table.value(index - StaticTable.SIZE - 1));
            head.end(line, nameEnd);
        }
        return true;
    }

    private boolean literal(int prefix, boolean remember, HeadReader head) {
        int index = integer(prefix);
        if (index == MALFORMED || index != 0 && !isKnown(index)) return false;
        int line = head.begin();
        byte[] name = index == 0 ? null : nameOf(index);
        if (name != null) head.put(name);
        else if (!string(head)) return false;
        int nameEnd = head.separate();
        if (!string(head)) return false;
        if (remember) {
            byte[] text = head.text();
            byte[] newName = name != null ? name : Arrays.copyOfRange(text, line, nameEnd);
            table.add(newName, Arrays.copyOfRange(text, nameEnd + HeadReader.SEPARATOR, head.position()));
        }
        head.end(line, nameEnd);
        return true;
    }

    private boolean isKnown(int index) {
        return index > 0 && index <= StaticTable.SIZE + table.count();
    }

    private byte[] nameOf(int index) {
        return index <= StaticTable.SIZE ? StaticTable.name(index) : table.name(index - StaticTable.SIZE - 1);
    }

    /** Section 5.2. */
    private boolean string(HeadReader head) {
        if (at == end) return false;
        boolean huffman = block[at] < 0;
        int length = integer(7);
        if (length == MALFORMED || length > end - at) return false;
        byte[] text = head.room(huffman ? Huffman.mostBytes(length) : length);
        int from = head.position();
        int to = from + length;
        if (huffman) to = Huffman.decode(block, at, at + length, text, from);
        else System.arraycopy(block, at, text, from, length);
        at += length;
        if (to < 0) return false;
        head.position(to);
        return true;
    }

    /** Section 5.1; no number that means anything here has more than 21 bits. */
    private int integer(int prefix) {
        int mask = (1 << prefix) - 1;
        int n = block[at++] & mask;
        if (n < mask) return n;
        for (int shift = 0; shift < 21; shift += 7) {
            if (at == end) return MALFORMED;
            int b = block[at++];
            n += (b & 0x7f) << shift;
            if (b >= 0) return n;
        }
        return MALFORMED;
    }
}
