package mesh.control.journal;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * How a record stands in a file: a mark, its length, a checksum of length and content (CRC-32C), the content. The mark is what the search
 * for good records after damage looks for.
 */
final class Frame {

    static final int OVERHEAD = 12;

    private static final int MARK = 0x4d524543; // "MREC"

    private Frame() {}

    static byte[] of(byte[] content) {
        return ByteBuffer.allocate(OVERHEAD + content.length)
            .putInt(MARK).putInt(content.length).putInt(checksum(content, 0, content.length)).put(content)
            .array();
    }

    /** The content's length when a whole and good record begins there; -1 otherwise. */
    static int lengthAt(byte[] file, int offset) {
        if (file.length - offset < OVERHEAD) {
            return -1;
        }
        ByteBuffer head = ByteBuffer.wrap(file, offset, OVERHEAD);
        if (head.getInt() != MARK) {
            return -1;
        }
        int length = head.getInt();
        boolean whole = length >= 0 && length <= file.length - offset - OVERHEAD;
        return whole && head.getInt() == checksum(file, offset + OVERHEAD, length) ? length : -1;
    }

    /** Where the next good record begins, at or after the offset; -1 when there is none. */
    static int nextGood(byte[] file, int offset) {
        for (int i = offset; i <= file.length - OVERHEAD; i++) {
            if (lengthAt(file, i) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private static int checksum(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(4).putInt(0, length));
        crc.update(bytes, offset, length);
        return (int) crc.getValue();
    }
}
